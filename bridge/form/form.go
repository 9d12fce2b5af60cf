// Package form reads the forms that clerks send into a chat, and judges what citizens answer. A form is a
// JSON Schema (draft 2020-12) of one flat object, of which it uses what a form of a city's counter needs:
//
//	type: object                 title, description, required, properties
//	  type: string               minLength, maxLength, pattern; format: email or date; oneOf of const and title: a choice
//	  type: array                items with such a oneOf: several choices
//	  type: boolean              a box to tick; required means that it must be ticked
//	  type: number, integer      minimum, maximum, multipleOf
//	  x-kind                     what JSON Schema has no word for: multiline, phone, file; address (of type object)
//	  x-title, x-description     the texts by language; title and description themselves are German
//	  x-autocomplete             what browsers know by that name of the HTML standard
//	  x-earliest, x-latest       bounds of a date: 2026-01-31, today, today+30, today-365 (days)
//
// Answers are validated by the JSON Schema itself, completed by what holds for every form: nothing but its
// fields, no text without a bound.
package form

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Kind says how a field is filled in, and what its answer is: a string where nothing else is said.
type Kind string

// The kinds of fields.
const (
	Text      Kind = "text"
	Multiline Kind = "multiline"
	Email     Kind = "email"
	Phone     Kind = "phone"
	Choice    Kind = "choice"
	// Choices are answered by an array of strings, an Address by an object of strings, a Checkbox by true or
	// false, a Number by a number, a File by the ID of the message that brought it.
	Choices  Kind = "choices"
	Date     Kind = "date"
	Address  Kind = "address"
	Checkbox Kind = "checkbox"
	Number   Kind = "number"
	File     Kind = "file"
)

// Bounds of a form.
const (
	MaxFields  = 40
	MaxOptions = 60
	// MaxTitle and MaxText are the longest title and description, in characters.
	MaxTitle = 120
	MaxText  = 600
	// MaxLength is the longest answer in one field, in characters; a line has MaxLine if nothing is said.
	MaxLength = 2000
	MaxLine   = 200
)

// AddressParts are the parts of an address, in order; the number may be left out.
var AddressParts = []string{"street", "number", "postcode", "town"}

// Option is one of the values of a choice.
type Option struct {
	Value string `json:"value"`
	Title string `json:"title"`
}

// Field is what is asked for, in one language. What does not apply is zero.
type Field struct {
	Name     string `json:"name"`
	Kind     Kind   `json:"kind"`
	Title    string `json:"title"`
	Help     string `json:"help,omitempty"`
	Required bool   `json:"required,omitempty"`
	// Options of a choice.
	Options []Option `json:"options,omitempty"`
	// Minimum, Maximum and Step of a number.
	Minimum *float64 `json:"minimum,omitempty"`
	Maximum *float64 `json:"maximum,omitempty"`
	Step    *float64 `json:"step,omitempty"`
	// Earliest and Latest of a date, as in 2026-01-31.
	Earliest string `json:"earliest,omitempty"`
	Latest   string `json:"latest,omitempty"`
	// MinLength and MaxLength in characters; Pattern matches the whole text.
	MinLength int    `json:"min_length,omitempty"`
	MaxLength int    `json:"max_length,omitempty"`
	Pattern   string `json:"pattern,omitempty"`
	// Autocomplete is a name of the HTML standard.
	Autocomplete string `json:"autocomplete,omitempty"`
}

// Form is a form that was read. It is never changed, and safe for concurrent use.
type Form struct {
	source []byte
	texts  texts
	fields []field
	schema *jsonschema.Schema
}

// texts are a title and a description by language; "de" is the schema's own.
type texts struct{ title, help map[string]string }

// field is a Field with its texts in all languages.
type field struct {
	Field
	texts
	options []option
	// whole: only whole numbers.
	whole            bool
	earliest, latest day
}

type option struct {
	value string
	texts
}

// Source is what the form was read from.
func (f *Form) Source() []byte { return f.source }

// Title in a language, or in German where there is none.
func (f *Form) Title(language string) string { return in(f.texts.title, language) }

// Intro is the description in a language, or in German; may be empty.
func (f *Form) Intro(language string) string { return in(f.texts.help, language) }

// Speaks reports whether the form has texts in a language.
func (f *Form) Speaks(language string) bool { return f.texts.title[language] != "" }

// Fields are what is asked for, in a language, or in German where there is none; today counts for the bounds
// of dates.
func (f *Form) Fields(language string, today time.Time) []Field {
	out := make([]Field, len(f.fields))
	for i, one := range f.fields {
		out[i] = one.Field
		out[i].Title, out[i].Help = in(one.title, language), in(one.help, language)
		out[i].Earliest, out[i].Latest = one.earliest.at(today), one.latest.at(today)
		for _, o := range one.options {
			out[i].Options = append(out[i].Options, Option{o.value, in(o.title, language)})
		}
	}
	return out
}

func in(texts map[string]string, language string) string {
	if t := texts[language]; t != "" {
		return t
	}
	return texts["de"]
}

// day is a bound of a date: a certain one, or so many days from today. The zero value is none.
type day struct {
	fixed    string
	relative bool
	days     int
}

const isoDate = "2006-01-02"

var dayForm = regexp.MustCompile(`^today(?:([+-])([0-9]{1,5}))?$`)

func parseDay(text string) (day, error) {
	if m := dayForm.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[2]) // "" is none, and else it is digits
		if m[1] == "-" {
			n = -n
		}
		return day{relative: true, days: n}, nil
	}
	if _, err := time.Parse(isoDate, text); err != nil {
		return day{}, fmt.Errorf("is no day like 2026-01-31, today, today+30 or today-365")
	}
	return day{fixed: text}, nil
}

// at is the day as it is written, on a day; "" for none.
func (d day) at(today time.Time) string {
	if !d.relative {
		return d.fixed
	}
	return today.AddDate(0, 0, d.days).Format(isoDate)
}

// Problem is what is wrong with a form: where, as in properties.name.type, and why.
type Problem struct{ Path, Reason string }

// Problems are all that is wrong with a form.
type Problems []Problem

func (p Problems) Error() string {
	var out []string
	for _, one := range p {
		out = append(out, one.Path+": "+one.Reason)
	}
	return strings.Join(out, "; ")
}
