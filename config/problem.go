package config

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	// File as it was named to Load or Parse; empty for a Config that was made by code.
	File string
	// Line counts from 1; 0 when there is no text. For a missing key it is the line of the
	// section that should have it.
	Line int
	// Key is the path of the key, e.g. "service_areas[1].hours"; empty when the text as a whole is
	// meant.
	Key string
	// Reason says what is wrong, and never repeats a secret.
	Reason string
}

func (p Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		fmt.Fprintf(&b, "%s:%d: ", p.File, p.Line)
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Reason)
	return b.String()
}

// Problems are all things that are wrong, in the order of the rules; one line each.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// source knows where in the text each key stands.
type source struct {
	name  string
	lines map[string]int
}

// line of a key, or of the nearest section around it that stands in the text.
func (s source) line(key string) int {
	for {
		if n, ok := s.lines[key]; ok {
			return n
		}
		cut := strings.LastIndexAny(key, ".[")
		if cut < 0 {
			return min(1, len(s.lines))
		}
		key = key[:cut]
	}
}

func (s source) problem(key, format string, args ...any) Problem {
	return Problem{File: s.name, Line: s.line(key), Key: key, Reason: fmt.Sprintf(format, args...)}
}
