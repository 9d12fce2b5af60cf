package form

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const draft = "https://json-schema.org/draft/2020-12/schema"

// Languages are those in which texts can be given beside German.
var Languages = []string{"fr", "it", "en", "de-simple"}

var (
	fieldName    = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)
	autocomplete = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}( [a-z][a-z0-9-]{0,39})?$`)
)

// Parse reads a form from JSON. The order of its properties is the order of its fields.
// Errors: Problems, with all that is wrong.
func Parse(source []byte) (*Form, error) {
	if !utf8.Valid(source) || !json.Valid(source) {
		return nil, Problems{{"", "is not JSON"}}
	}
	r := &reader{}
	f := &Form{source: bytes.Clone(source)}
	var required []string
	var properties []member
	kind := ""
	r.object("", source, map[string]take{
		"$schema": func(path string, raw json.RawMessage) {
			if said := ""; r.text(path, raw, &said, 200) && strings.TrimSuffix(said, "#") != draft {
				r.refuse(path, "must be "+draft)
			}
		},
		"type":                 func(path string, raw json.RawMessage) { r.text(path, raw, &kind, 20) },
		"additionalProperties": func(path string, raw json.RawMessage) { r.exactly(path, raw, "false") },
		"required":             func(path string, raw json.RawMessage) { required = r.list(path, raw) },
		"properties":           func(path string, raw json.RawMessage) { properties = r.members(path, raw) },
	}, &f.texts)
	r.titled("", f.texts)
	if kind != "object" {
		r.refuse("type", "must be object")
	}
	if n := len(properties); n == 0 || n > MaxFields {
		r.refuse("properties", fmt.Sprintf("must have 1 to %d fields", MaxFields))
	}
	for _, p := range properties {
		f.fields = append(f.fields, r.field("properties."+p.key, p.key, p.value, slices.Contains(required, p.key)))
	}
	for i, name := range required {
		if !slices.ContainsFunc(f.fields, func(one field) bool { return one.Name == name }) {
			r.refuse(fmt.Sprintf("required[%d]", i), "names no field")
		}
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	var err error
	if f.schema, err = compile(f.fields); err != nil {
		return nil, Problems{{"", "is no JSON Schema: " + err.Error()}}
	}
	return f, nil
}

// reader collects what is wrong.
type reader struct{ problems Problems }

// take reads the value of a key.
type take func(path string, raw json.RawMessage)

func (r *reader) refuse(path, reason string) {
	r.problems = append(r.problems, Problem{path, reason})
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

type member struct {
	key   string
	value json.RawMessage
}

// members are those of an object, in the order in which they stand.
func (r *reader) members(path string, raw json.RawMessage) []member {
	d := json.NewDecoder(bytes.NewReader(raw))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		r.refuse(path, "must be a section of keys")
		return nil
	}
	var out []member
	for d.More() {
		key, _ := d.Token()
		m := member{key: fmt.Sprint(key)}
		if d.Decode(&m.value) != nil {
			return out // it was found to be JSON
		}
		if slices.ContainsFunc(out, func(o member) bool { return o.key == m.key }) {
			r.refuse(join(path, m.key), "is there twice")
		}
		out = append(out, m)
	}
	return out
}

// object reads an object that has texts and the keys that are known.
func (r *reader) object(path string, raw json.RawMessage, known map[string]take, t *texts) {
	*t = texts{title: map[string]string{}, help: map[string]string{}}
	known = maps.Clone(known)
	for key, into := range map[string]struct {
		texts map[string]string
		most  int
	}{"title": {t.title, MaxTitle}, "description": {t.help, MaxText}} {
		known[key] = func(path string, raw json.RawMessage) {
			if said := ""; r.text(path, raw, &said, into.most) {
				into.texts["de"] = said
			}
		}
		known["x-"+key] = func(path string, raw json.RawMessage) {
			for _, m := range r.members(path, raw) {
				said := ""
				if !slices.Contains(Languages, m.key) {
					r.refuse(join(path, m.key), "must be one of "+strings.Join(Languages, ", "))
				} else if r.text(join(path, m.key), m.value, &said, into.most) {
					into.texts[m.key] = said
				}
			}
		}
	}
	for _, m := range r.members(path, raw) {
		if f, ok := known[m.key]; ok {
			f(join(path, m.key), m.value)
		} else {
			r.refuse(join(path, m.key), "is not understood here")
		}
	}
}

func (r *reader) titled(path string, t texts) {
	if t.title["de"] == "" {
		r.refuse(join(path, "title"), "is missing")
	}
}

// text reads one that can be shown: not empty, of at most so many characters, without what can't be seen.
func (r *reader) text(path string, raw json.RawMessage, into *string, most int) bool {
	var said string
	if json.Unmarshal(raw, &said) != nil || raw[0] != '"' {
		r.refuse(path, "must be a text")
		return false
	}
	switch {
	case strings.TrimSpace(said) == "":
		r.refuse(path, "must not be empty")
	case utf8.RuneCountInString(said) > most:
		r.refuse(path, fmt.Sprintf("is longer than %d characters", most))
	case strings.ContainsFunc(said, hidden):
		r.refuse(path, "has characters that can't be seen")
	default:
		*into = strings.TrimSpace(said)
		return true
	}
	return false
}

// hidden are characters that nobody sees, and those that turn the direction of writing.
func hidden(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

func (r *reader) exactly(path string, raw json.RawMessage, want string) {
	if string(bytes.TrimSpace(raw)) != want {
		r.refuse(path, "must be "+want)
	}
}

func (r *reader) list(path string, raw json.RawMessage) []string {
	var out []string
	if json.Unmarshal(raw, &out) != nil || out == nil {
		r.refuse(path, "must be a list of texts")
	}
	return out
}

func (r *reader) number(path string, raw json.RawMessage, into **float64) {
	var n float64
	if json.Unmarshal(raw, &n) != nil || string(raw) == "null" || math.Abs(n) > 1e12 {
		r.refuse(path, "must be a number")
		return
	}
	*into = &n
}

func (r *reader) length(path string, raw json.RawMessage, into *int) {
	if json.Unmarshal(raw, into) != nil || *into < 1 || *into > MaxLength {
		r.refuse(path, fmt.Sprintf("must be 1 to %d", MaxLength))
	}
}

func (r *reader) day(path string, raw json.RawMessage, into *day) {
	said := ""
	if !r.text(path, raw, &said, 20) {
		return
	}
	d, err := parseDay(said)
	if err != nil {
		r.refuse(path, err.Error())
	}
	*into = d
}
