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

	"github.com/santhosh-tekuri/jsonschema/v6"
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

// options reads the values of a choice.
func (r *reader) options(path string, raw json.RawMessage) []option {
	var all []json.RawMessage
	if json.Unmarshal(raw, &all) != nil || len(all) < 1 || len(all) > MaxOptions {
		r.refuse(path, fmt.Sprintf("must be a list of 1 to %d values", MaxOptions))
		return nil
	}
	var out []option
	for i, raw := range all {
		at := fmt.Sprintf("%s[%d]", path, i)
		var o option
		r.object(at, raw, map[string]take{"const": func(path string, raw json.RawMessage) { r.text(path, raw, &o.value, MaxTitle) }}, &o.texts)
		r.titled(at, o.texts)
		if o.value == "" {
			r.refuse(at+".const", "is missing")
		}
		if slices.ContainsFunc(out, func(other option) bool { return other.value == o.value }) {
			r.refuse(at+".const", "is there twice")
		}
		out = append(out, o)
	}
	return out
}

// field reads what is asked for.
func (r *reader) field(path, name string, raw json.RawMessage, required bool) field {
	f := field{Field: Field{Name: name, Required: required}}
	if !fieldName.MatchString(name) {
		r.refuse(path, "must be 1 to 40 lower-case letters, digits, hyphens and underscores, a letter first")
	}
	var kind, format, extra string
	var items []option
	used := map[string]bool{}
	note := func(key string, f take) take {
		return func(path string, raw json.RawMessage) { used[key] = true; f(path, raw) }
	}
	r.object(path, raw, map[string]take{
		"type":           func(path string, raw json.RawMessage) { r.text(path, raw, &kind, 20) },
		"x-kind":         func(path string, raw json.RawMessage) { r.text(path, raw, &extra, 20) },
		"format":         func(path string, raw json.RawMessage) { r.text(path, raw, &format, 20) },
		"oneOf":          note("oneOf", func(path string, raw json.RawMessage) { f.options = r.options(path, raw) }),
		"items":          note("items", func(path string, raw json.RawMessage) { items = r.items(path, raw) }),
		"minLength":      note("minLength", func(path string, raw json.RawMessage) { r.length(path, raw, &f.MinLength) }),
		"maxLength":      note("maxLength", func(path string, raw json.RawMessage) { r.length(path, raw, &f.MaxLength) }),
		"pattern":        note("pattern", func(path string, raw json.RawMessage) { f.Pattern = r.pattern(path, raw) }),
		"minimum":        note("minimum", func(path string, raw json.RawMessage) { r.number(path, raw, &f.Minimum) }),
		"maximum":        note("maximum", func(path string, raw json.RawMessage) { r.number(path, raw, &f.Maximum) }),
		"multipleOf":     note("multipleOf", func(path string, raw json.RawMessage) { r.number(path, raw, &f.Step) }),
		"x-earliest":     note("x-earliest", func(path string, raw json.RawMessage) { r.day(path, raw, &f.earliest) }),
		"x-latest":       note("x-latest", func(path string, raw json.RawMessage) { r.day(path, raw, &f.latest) }),
		"x-autocomplete": note("x-autocomplete", func(path string, raw json.RawMessage) { f.Autocomplete = r.autocomplete(path, raw) }),
	}, &f.texts)
	r.titled(path, f.texts)

	f.Kind = kindOf(kind, format, extra, used["oneOf"])
	if f.Kind == "" {
		r.refuse(join(path, "type"), "is, with format and x-kind, none of the kinds of fields")
		return f
	}
	for _, key := range slices.Sorted(maps.Keys(used)) {
		if !slices.Contains(keysOf[f.Kind], key) {
			r.refuse(join(path, key), "does not go with a field of kind "+string(f.Kind))
		}
	}
	if f.Kind == Choices {
		if f.options = items; !used["items"] {
			r.refuse(join(path, "items"), "is missing")
		}
	}
	f.complete(kind)
	if f.MaxLength > 0 && f.MinLength > f.MaxLength {
		r.refuse(join(path, "minLength"), "is more than maxLength")
	}
	if f.Step != nil && *f.Step <= 0 {
		r.refuse(join(path, "multipleOf"), "must be more than 0")
	}
	if f.Minimum != nil && f.Maximum != nil && *f.Minimum > *f.Maximum {
		r.refuse(join(path, "minimum"), "is more than maximum")
	}
	return f
}

// kindOf is the kind of field that three keywords make; "" for none.
func kindOf(kind, format, extra string, choice bool) Kind {
	switch [3]string{kind, format, extra} {
	case [3]string{"string"}:
		if choice {
			return Choice
		}
		return Text
	case [3]string{"string", "", "multiline"}:
		return Multiline
	case [3]string{"string", "", "phone"}:
		return Phone
	case [3]string{"string", "", "file"}:
		return File
	case [3]string{"string", "email"}:
		return Email
	case [3]string{"string", "date"}:
		return Date
	case [3]string{"object", "", "address"}:
		return Address
	case [3]string{"array"}:
		return Choices
	case [3]string{"boolean"}:
		return Checkbox
	case [3]string{"number"}, [3]string{"integer"}:
		return Number
	}
	return ""
}

// keysOf are the keywords that go with a kind of field, beside the texts.
var keysOf = map[Kind][]string{
	Text:      {"minLength", "maxLength", "pattern", "x-autocomplete"},
	Multiline: {"minLength", "maxLength"},
	Email:     {"maxLength", "x-autocomplete"},
	Phone:     {"minLength", "maxLength", "pattern", "x-autocomplete"},
	Choice:    {"oneOf"},
	Choices:   {"items"},
	Date:      {"x-earliest", "x-latest", "x-autocomplete"},
	Number:    {"minimum", "maximum", "multipleOf"},
}

// complete gives what was not said.
func (f *field) complete(kind string) {
	switch f.Kind {
	case Text, Phone:
		f.MaxLength = orElse(f.MaxLength, MaxLine)
	case Email:
		f.MaxLength = orElse(f.MaxLength, 254)
	case Multiline:
		f.MaxLength = orElse(f.MaxLength, MaxLength)
	case Number:
		f.whole = kind == "integer"
		if one := 1.0; f.whole && f.Step == nil {
			f.Step = &one
		}
	}
}

func orElse(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

func (r *reader) items(path string, raw json.RawMessage) []option {
	var out []option
	var none texts
	r.object(path, raw, map[string]take{
		"type":  func(path string, raw json.RawMessage) { r.exactly(path, raw, `"string"`) },
		"oneOf": func(path string, raw json.RawMessage) { out = r.options(path, raw) },
	}, &none)
	if len(out) == 0 {
		r.refuse(join(path, "oneOf"), "is missing")
	}
	return out
}

// pattern must be understood here and in browsers, and mean the same there, where it is for the whole text.
func (r *reader) pattern(path string, raw json.RawMessage) string {
	said := ""
	if !r.text(path, raw, &said, 200) {
		return ""
	}
	if _, err := regexp.Compile(said); err != nil {
		r.refuse(path, "is no regular expression that is understood here")
	} else if !strings.HasPrefix(said, "^") || !strings.HasSuffix(said, "$") || strings.HasSuffix(said, `\$`) {
		r.refuse(path, "must begin with ^ and end with $, for it is held against the whole text")
	}
	return said
}

func (r *reader) autocomplete(path string, raw json.RawMessage) string {
	said := ""
	if r.text(path, raw, &said, 80) && !autocomplete.MatchString(said) {
		r.refuse(path, "is no name of the HTML standard, such as family-name")
	}
	return said
}

// compile makes the JSON Schema that answers are held against.
func compile(fields []field) (*jsonschema.Schema, error) {
	properties, required := map[string]any{}, []any{}
	for _, f := range fields {
		properties[f.Name] = f.schema()
		if f.Required {
			required = append(required, f.Name)
		}
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	err := c.AddResource("form.json", map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "required": required})
	if err != nil {
		return nil, err
	}
	return c.Compile("form.json")
}

func (f field) schema() map[string]any {
	line := func(most int) map[string]any {
		return map[string]any{"type": "string", "minLength": number(max(1, f.MinLength)), "maxLength": number(most)}
	}
	var values []any
	for _, o := range f.options {
		values = append(values, o.value)
	}
	switch f.Kind {
	case Choice:
		return map[string]any{"type": "string", "enum": values}
	case Choices:
		return map[string]any{"type": "array", "items": map[string]any{"type": "string", "enum": values}, "uniqueItems": true, "minItems": number(1)}
	case Checkbox:
		if f.Required {
			return map[string]any{"type": "boolean", "const": true}
		}
		return map[string]any{"type": "boolean"}
	case Address:
		parts := map[string]any{}
		for _, p := range AddressParts {
			parts[p] = line(MaxLine)
		}
		return map[string]any{"type": "object", "additionalProperties": false, "properties": parts, "required": []any{"street", "postcode", "town"}}
	case Number:
		out := map[string]any{"type": "number"}
		if f.whole {
			out["type"] = "integer"
		}
		for key, n := range map[string]*float64{"minimum": f.Minimum, "maximum": f.Maximum, "multipleOf": f.Step} {
			if n != nil {
				out[key] = *n
			}
		}
		return out
	case Date:
		out := line(10)
		out["format"] = "date"
		return out
	case File:
		return line(64)
	}
	out := line(f.MaxLength)
	if f.Kind == Email {
		out["format"] = "email"
	}
	if f.Pattern != "" {
		out["pattern"] = "^(?:" + f.Pattern + ")$" // as browsers take it
	}
	return out
}

// number is one as the compiler takes it.
func number(n int) json.Number { return json.Number(fmt.Sprint(n)) }
