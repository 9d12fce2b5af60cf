package form

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Reason says what is wrong with an answer.
type Reason string

// The reasons. Limit of a Wrong goes with short, long, least, most, early and late.
const (
	Required Reason = "required"
	Type     Reason = "type"
	Format   Reason = "format"
	Short    Reason = "short"
	Long     Reason = "long"
	Least    Reason = "least"
	Most     Reason = "most"
	Early    Reason = "early"
	Late     Reason = "late"
	Offered  Reason = "option"
	Unknown  Reason = "unknown"
)

// Wrong is an answer that can't be taken. Field names it; a part of an address as "home/town".
type Wrong struct {
	Field  string
	Reason Reason
	Limit  string
}

// Answers are a form's, as they were found good.
type Answers struct {
	form   *Form
	values map[string]any
}

// Judge reads answers: a JSON object of values by the fields' names. Blanks around texts are dropped, and what
// was left empty; what can't be seen is, too. today counts for the bounds of dates. Either nothing is wrong, or
// Answers is empty. An error is only for what is no JSON object.
func (f *Form) Judge(answers []byte, today time.Time) (Answers, []Wrong, error) {
	said, err := jsonschema.UnmarshalJSON(bytes.NewReader(answers))
	if err != nil {
		return Answers{}, nil, errors.New("answers are not JSON")
	}
	values, ok := said.(map[string]any)
	if !ok {
		return Answers{}, nil, errors.New("answers are no JSON object")
	}
	if wrong := f.numbers(values); len(wrong) > 0 {
		return Answers{}, f.sorted(wrong), nil
	}
	f.tidy(values)
	wrong := f.bounds(values, today)
	if err := f.schema.Validate(values); err != nil {
		var invalid *jsonschema.ValidationError
		if !errors.As(err, &invalid) {
			return Answers{}, nil, errors.New("answers can't be validated")
		}
		wrong = append(wrong, wrongs(invalid)...)
	}
	if len(wrong) > 0 {
		return Answers{}, f.sorted(wrong), nil
	}
	return Answers{f, values}, nil, nil
}

// plainNumber is what people write. What it does not match can cost a lot to calculate with: 1e999999999.
var plainNumber = regexp.MustCompile(`^-?[0-9]{1,15}(\.[0-9]{1,9})?$`)

// numbers refuses those that nobody writes, wherever they stand.
func (f *Form) numbers(values map[string]any) []Wrong {
	var wrong []Wrong
	for name, value := range values {
		if !plain(value) {
			reason := Unknown
			if slices.ContainsFunc(f.fields, func(one field) bool { return one.Name == name }) {
				reason = Type
			}
			wrong = append(wrong, Wrong{name, reason, ""})
		}
	}
	return wrong
}

func plain(value any) bool {
	switch value := value.(type) {
	case json.Number:
		return plainNumber.MatchString(value.String())
	case []any:
		return !slices.ContainsFunc(value, func(one any) bool { return !plain(one) })
	case map[string]any:
		for _, one := range value {
			if !plain(one) {
				return false
			}
		}
	}
	return true
}

// tidy cleans what was typed, and drops what was left empty.
func (f *Form) tidy(values map[string]any) {
	for _, field := range f.fields {
		switch value := values[field.Name].(type) {
		case string:
			if value = clean(value, field.Kind == Multiline); value == "" {
				delete(values, field.Name)
			} else {
				values[field.Name] = value
			}
		case []any:
			if len(value) == 0 {
				delete(values, field.Name)
			}
		case map[string]any:
			for part, text := range value {
				if text, ok := text.(string); ok {
					if value[part] = clean(text, false); value[part] == "" {
						delete(value, part)
					}
				}
			}
			if len(value) == 0 && !field.Required { // else each part is told to be missing
				delete(values, field.Name)
			}
		case bool:
			if !value && field.Required {
				delete(values, field.Name) // a box that must be ticked
			}
		}
	}
}

func clean(text string, lines bool) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case lines && r == '\n':
			return r
		case unicode.IsSpace(r):
			return ' '
		case hidden(r):
			return -1
		}
		return r
	}, text))
}

// bounds looks at dates, whose bounds JSON Schema has no words for.
func (f *Form) bounds(values map[string]any, today time.Time) []Wrong {
	var wrong []Wrong
	for _, field := range f.fields {
		said, ok := values[field.Name].(string)
		if !ok || field.Kind != Date || len(said) != len(isoDate) {
			continue
		}
		if earliest := field.earliest.at(today); earliest != "" && said < earliest {
			wrong = append(wrong, Wrong{field.Name, Early, earliest})
		}
		if latest := field.latest.at(today); latest != "" && said > latest {
			wrong = append(wrong, Wrong{field.Name, Late, latest})
		}
	}
	return wrong
}

// wrongs are what a validation has found.
func wrongs(e *jsonschema.ValidationError) []Wrong {
	var out []Wrong
	for _, cause := range e.Causes {
		out = append(out, wrongs(cause)...)
	}
	at := strings.Join(e.InstanceLocation, "/")
	if len(e.InstanceLocation) > 1 {
		if _, err := strconv.Atoi(e.InstanceLocation[1]); err == nil {
			at = e.InstanceLocation[0] // one of several choices
		}
	}
	one := func(reason Reason, limit string) { out = append(out, Wrong{at, reason, limit}) }
	below := func(names []string, reason Reason) {
		for _, name := range names {
			out = append(out, Wrong{strings.TrimPrefix(at+"/"+name, "/"), reason, ""})
		}
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		below(k.Missing, Required)
	case *kind.AdditionalProperties:
		below(k.Properties, Unknown)
	case *kind.Type:
		one(Type, "")
	case *kind.MinLength:
		one(Short, strconv.Itoa(k.Want))
	case *kind.MaxLength:
		one(Long, strconv.Itoa(k.Want))
	case *kind.Minimum:
		one(Least, decimal(k.Want.FloatString(12)))
	case *kind.Maximum:
		one(Most, decimal(k.Want.FloatString(12)))
	case *kind.Enum, *kind.UniqueItems:
		one(Offered, "")
	case *kind.Schema, *kind.Group:
	default:
		one(Format, "")
	}
	return out
}

func decimal(s string) string { return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") }

// sorted are in the order of the fields, one for each; what names none comes last.
func (f *Form) sorted(wrong []Wrong) []Wrong {
	place := func(w Wrong) int {
		name, part, _ := strings.Cut(w.Field, "/")
		i := slices.IndexFunc(f.fields, func(one field) bool { return one.Name == name })
		if i < 0 {
			i = len(f.fields)
		}
		return i*(len(AddressParts)+1) + slices.Index(AddressParts, part)
	}
	slices.SortStableFunc(wrong, func(x, y Wrong) int {
		if d := place(x) - place(y); d != 0 {
			return d
		}
		return strings.Compare(x.Field, y.Field)
	})
	return slices.CompactFunc(wrong, func(x, y Wrong) bool { return x.Field == y.Field })
}

// Files are the messages whose files were given as answers, by the fields' names.
func (a Answers) Files() map[string]string {
	out := map[string]string{}
	for _, f := range a.form.fields {
		if id, ok := a.values[f.Name].(string); ok && f.Kind == File {
			out[f.Name] = id
		}
	}
	return out
}

// MarshalJSON writes the answers in the order of the fields: the same ones are always written the same.
func (a Answers) MarshalJSON() ([]byte, error) {
	out := bytes.NewBufferString("{")
	put := func(name string, value any) error {
		raw, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.WriteString(strconv.Quote(name) + ":")
		out.Write(raw)
		return nil
	}
	for _, f := range a.form.fields {
		value, given := a.values[f.Name]
		if !given {
			continue
		}
		if err := put(f.Name, value); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// Words are what answers are shown with.
type Words struct {
	// Language of titles.
	Language string
	Yes, No  string
	// Date writes a day, File what is to be said of a file that a message brought.
	Date func(time.Time) string
	File func(message string) string
}

// Row is a question with its answer, to be shown.
type Row struct{ Title, Text string }

// Rows are the questions that were answered, in order. A Text has several lines only of a field that takes them.
func (a Answers) Rows(words Words) []Row {
	var out []Row
	for _, f := range a.form.fields {
		if value, given := a.values[f.Name]; given {
			out = append(out, Row{in(f.title, words.Language), f.text(value, words)})
		}
	}
	return out
}

func (f field) text(value any, words Words) string {
	switch value := value.(type) {
	case bool:
		if value {
			return words.Yes
		}
		return words.No
	case json.Number:
		return value.String()
	case []any:
		var out []string
		for _, one := range value {
			out = append(out, f.chosen(one, words.Language))
		}
		return strings.Join(out, ", ")
	case map[string]any:
		part := func(name string) string { said, _ := value[name].(string); return said }
		return strings.TrimSpace(part("street")+" "+part("number")) + ", " + part("postcode") + " " + part("town")
	}
	said, _ := value.(string)
	switch f.Kind {
	case Choice:
		return f.chosen(value, words.Language)
	case Date:
		if at, err := time.Parse(isoDate, said); err == nil {
			return words.Date(at)
		}
	case File:
		return words.File(said)
	}
	return said
}

func (f field) chosen(value any, language string) string {
	for _, o := range f.options {
		if o.value == value {
			return in(o.title, language)
		}
	}
	return ""
}
