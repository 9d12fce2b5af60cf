package bridge

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strconv"
	"time"

	"schalter/bridge/openinghours"
)

//go:embed protocol.tmpl
var protocolTemplate string

// protocolLine is an entry as the page shows it.
type protocolLine struct {
	ProtocolEntry
	// Day is set where a new one begins.
	Day, Time string
	// Kind is what the entry is, if it is no plain message.
	Kind string
}

// page is the protocol as a page that needs nothing beside itself: to be read, printed and filed.
func (p Protocol) page(words *texts) ([]byte, error) {
	t, err := template.New("protocol").Funcs(template.FuncMap{
		"say": func(key string) string { return words.say(key, nil) },
		"when": func(at time.Time) string {
			return dateText(openinghours.DateOf(at.In(words.zone))) + ", " + words.clock(at)
		},
		"size": func(n int64) string { return fileSize(n) },
	}).Parse(protocolTemplate)
	if err != nil {
		return nil, fmt.Errorf("read page: %w", err)
	}
	var lines []protocolLine
	day := ""
	for _, e := range p.Entries {
		l := protocolLine{ProtocolEntry: e, Time: words.clock(e.At)}
		if d := dateText(openinghours.DateOf(e.At.In(words.zone))); d != day {
			day, l.Day = d, d
		}
		switch {
		case e.Deleted != nil:
			l.Kind = words.say("protocol_deleted", nil)
		case e.From == fromNote:
			l.Kind = words.say("protocol_note", nil)
		case e.Undelivered:
			l.Kind = words.say("protocol_undelivered", nil)
		case e.Edited != nil:
			l.Kind = words.say("protocol_edited", nil)
		}
		lines = append(lines, l)
	}
	var out bytes.Buffer
	err = t.Execute(&out, struct {
		Protocol
		Lang  string
		Lines []protocolLine
		// Spoken is the name of the citizen's language.
		Spoken string
	}{p, words.lang, lines, words.say("language_"+p.Language, nil)})
	if err != nil {
		return nil, fmt.Errorf("write page: %w", err)
	}
	return out.Bytes(), nil
}

// fileSize is a size as people read it; "" for what is not known.
func fileSize(n int64) string {
	switch {
	case n <= 0:
		return ""
	case n < 1<<10:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1<<20:
		return strconv.FormatInt((n+1<<9)>>10, 10) + " KB"
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}
