package form

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

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
