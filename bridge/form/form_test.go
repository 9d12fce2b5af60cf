package form_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"schalter/bridge/form"
)

const move = `{
	"$schema": "https://json-schema.org/draft/2020-12/schema",
	"type": "object", "title": "Umzug melden", "x-title": {"fr": "Annoncer un déménagement"}, "description": "Dauert drei Minuten.",
	"required": ["name", "art", "datum", "adresse", "wahr"],
	"properties": {
		"name": {"type": "string", "title": "Name", "x-title": {"fr": "Nom"}, "minLength": 2, "maxLength": 10, "x-autocomplete": "name"},
		"art": {"type": "string", "title": "Was", "oneOf": [{"const": "zuzug", "title": "Zuzug", "x-title": {"fr": "Arrivée"}}, {"const": "wegzug", "title": "Wegzug"}]},
		"datum": {"type": "string", "format": "date", "title": "Wann", "x-earliest": "today-365", "x-latest": "today+30"},
		"adresse": {"type": "object", "x-kind": "address", "title": "Neue Adresse"},
		"personen": {"type": "integer", "title": "Personen", "minimum": 1, "maximum": 20},
		"tiere": {"type": "array", "title": "Tiere", "items": {"type": "string", "oneOf": [{"const": "hund", "title": "Hund"}, {"const": "katze", "title": "Katze"}]}},
		"mail": {"type": "string", "format": "email", "title": "E-Mail"},
		"plz": {"type": "string", "title": "Heimatort", "pattern": "^[0-9]{4}|x$"},
		"beleg": {"type": "string", "x-kind": "file", "title": "Mietvertrag"},
		"mehr": {"type": "string", "x-kind": "multiline", "title": "Bemerkung"},
		"wahr": {"type": "boolean", "title": "Es stimmt"}
	}}`

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func parse(t testing.TB, source string) *form.Form {
	t.Helper()
	f, err := form.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFields(t *testing.T) {
	t.Parallel()
	f := parse(t, move)
	if got := f.Title("fr") + "|" + f.Title("it") + "|" + f.Intro("fr"); got != "Annoncer un déménagement|Umzug melden|Dauert drei Minuten." {
		t.Errorf("texts %s", got)
	}
	got, err := json.Marshal(f.Fields("fr", today)[:5])
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"name":"name","kind":"text","title":"Nom","required":true,"min_length":2,"max_length":10,"autocomplete":"name"},` +
		`{"name":"art","kind":"choice","title":"Was","required":true,"options":[{"value":"zuzug","title":"Arrivée"},{"value":"wegzug","title":"Wegzug"}]},` +
		`{"name":"datum","kind":"date","title":"Wann","required":true,"earliest":"2025-11-23","latest":"2026-12-23"},` +
		`{"name":"adresse","kind":"address","title":"Neue Adresse","required":true},` +
		`{"name":"personen","kind":"number","title":"Personen","minimum":1,"maximum":20,"step":1}]`
	if string(got) != want {
		t.Errorf("fields %s\nwant   %s", got, want)
	}
	var kinds []form.Kind
	for _, one := range f.Fields("de", today)[5:] {
		kinds = append(kinds, one.Kind)
	}
	if !slices.Equal(kinds, []form.Kind{form.Choices, form.Email, form.Text, form.File, form.Multiline, form.Checkbox}) {
		t.Errorf("kinds %v", kinds)
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	f := parse(t, move)
	good := map[string]any{
		"name": " Anna\u202e ", "art": "zuzug", "datum": "2026-12-01", "wahr": true,
		"adresse": map[string]any{"street": "Rathausgasse", "number": "1", "postcode": "5000", "town": "Aarau"},
	}
	type wrongs = []form.Wrong
	for name, tc := range map[string]struct {
		change map[string]any
		want   wrongs
	}{
		"nothing":          {nil, nil},
		"empty is none":    {map[string]any{"mail": " ", "tiere": []string{}, "mehr": "\n"}, nil},
		"all":              {map[string]any{"personen": 3, "tiere": []string{"hund", "katze"}, "mail": "a@example.org", "plz": "5000", "beleg": "M1", "mehr": "a\r\nb"}, nil},
		"missing":          {map[string]any{"name": "", "wahr": false}, wrongs{{"name", form.Required, ""}, {"wahr", form.Required, ""}}},
		"short":            {map[string]any{"name": "A"}, wrongs{{"name", form.Short, "2"}}},
		"long":             {map[string]any{"name": "Annemarie Müller"}, wrongs{{"name", form.Long, "10"}}},
		"kind of value":    {map[string]any{"name": 3, "personen": "3"}, wrongs{{"name", form.Type, ""}, {"personen", form.Type, ""}}},
		"not offered":      {map[string]any{"art": "tausch", "tiere": []string{"hund", "drache"}}, wrongs{{"art", form.Offered, ""}, {"tiere", form.Offered, ""}}},
		"twice":            {map[string]any{"tiere": []string{"hund", "hund"}}, wrongs{{"tiere", form.Offered, ""}}},
		"early":            {map[string]any{"datum": "2025-11-22"}, wrongs{{"datum", form.Early, "2025-11-23"}}},
		"late":             {map[string]any{"datum": "2026-12-24"}, wrongs{{"datum", form.Late, "2026-12-23"}}},
		"no day":           {map[string]any{"datum": "2026-02-30"}, wrongs{{"datum", form.Format, ""}}},
		"range":            {map[string]any{"personen": 0}, wrongs{{"personen", form.Least, "1"}}},
		"above":            {map[string]any{"personen": 21}, wrongs{{"personen", form.Most, "20"}}},
		"half a person":    {map[string]any{"personen": 1.5}, wrongs{{"personen", form.Type, ""}}},
		"endless number":   {map[string]any{"personen": json.RawMessage("1e999999999")}, wrongs{{"personen", form.Type, ""}}},
		"no address":       {map[string]any{"mail": "anna"}, wrongs{{"mail", form.Format, ""}}},
		"pattern is whole": {map[string]any{"plz": "50001"}, wrongs{{"plz", form.Format, ""}}},
		"part of address":  {map[string]any{"adresse": map[string]any{"street": "Gasse", "town": " "}}, wrongs{{"adresse/postcode", form.Required, ""}, {"adresse/town", form.Required, ""}}},
		"no address at all": {map[string]any{"adresse": map[string]any{"street": ""}}, wrongs{
			{"adresse/street", form.Required, ""}, {"adresse/postcode", form.Required, ""}, {"adresse/town", form.Required, ""}}},
		"unknown": {map[string]any{"zzz": 1}, wrongs{{"zzz", form.Unknown, ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := map[string]any{}
			for _, from := range []map[string]any{good, tc.change} {
				for key, value := range from {
					said[key] = value
				}
			}
			raw, err := json.Marshal(said)
			if err != nil {
				t.Fatal(err)
			}
			_, got, err := f.Judge(raw, today)
			if err != nil || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("wrong %v %v, want %v", got, err, tc.want)
			}
		})
	}
	for _, raw := range []string{"", "[]", "null", `"x"`, "{"} {
		if _, _, err := f.Judge([]byte(raw), today); err == nil {
			t.Errorf("%q was taken", raw)
		}
	}
}

func TestAnswersAreShown(t *testing.T) {
	t.Parallel()
	f := parse(t, move)
	a, wrong, err := f.Judge([]byte(`{"wahr": true, "tiere": ["katze", "hund"], "art": "zuzug", "datum": "2026-12-01", "name": "  Anna\tMeier ", "mail": "",
		"personen": 2, "beleg": "M1", "mehr": "eins\nzwei", "adresse": {"town": "Aarau", "street": "Rathausgasse", "postcode": "5000"}}`), today)
	if err != nil || wrong != nil {
		t.Fatal(wrong, err)
	}
	raw, err := json.Marshal(a)
	want := `{"name":"Anna Meier","art":"zuzug","datum":"2026-12-01","adresse":{"postcode":"5000","street":"Rathausgasse","town":"Aarau"},"personen":2,` +
		`"tiere":["katze","hund"],"beleg":"M1","mehr":"eins\nzwei","wahr":true}`
	if err != nil || string(raw) != want {
		t.Errorf("answers %s %v\nwant    %s", raw, err, want)
	}
	if files := a.Files(); !reflect.DeepEqual(files, map[string]string{"beleg": "M1"}) {
		t.Errorf("files %v", files)
	}
	got := a.Rows(form.Words{Language: "fr", Yes: "oui", No: "non", Date: func(at time.Time) string { return at.Format("2.1.2006") }, File: func(id string) string { return "file " + id }})
	if want := []form.Row{
		{"Nom", "Anna Meier"}, {"Was", "Arrivée"}, {"Wann", "1.12.2026"}, {"Neue Adresse", "Rathausgasse, 5000 Aarau"}, {"Personen", "2"},
		{"Tiere", "Katze, Hund"}, {"Mietvertrag", "file M1"}, {"Bemerkung", "eins\nzwei"}, {"Es stimmt", "oui"},
	}; !slices.Equal(got, want) {
		t.Errorf("rows %q\nwant %q", got, want)
	}
}

func TestWhatIsNoForm(t *testing.T) {
	t.Parallel()
	field := func(f string) string {
		return `{"type": "object", "title": "T", "properties": {"f": {"title": "F", ` + f + `}}}`
	}
	for source, path := range map[string]string{
		`[]`: "",
		`{"type": "object", "properties": {"f": {"type": "string", "title": "F"}}}`:                                  "title",
		`{"type": "array", "title": "T", "properties": {"f": {"type": "string", "title": "F"}}}`:                     "type",
		`{"type": "object", "title": "T", "properties": {}}`:                                                         "properties",
		`{"type": "object", "title": "T", "required": ["g"], "properties": {"f": {"type": "string", "title": "F"}}}`: "required[0]",
		`{"type": "object", "title": "T", "properties": {"F F": {"type": "string", "title": "F"}}}`:                  "properties.F F",
		`{"type": "object", "title": "T", "properties": {"f": {"type": "string"}}}`:                                  "properties.f.title",
		field(`"type": "string", "minlength": 3`):                                                                    "properties.f.minlength",
		field(`"type": "string", "x-title": {"rm": "F"}`):                                                            "properties.f.x-title.rm",
		field(`"type": "string", "description": ""`):                                                                 "properties.f.description",
		field(`"type": "null"`):                                                                          "properties.f.type",
		field(`"type": "string", "minLength": 9, "maxLength": 3`):                                        "properties.f.minLength",
		field(`"type": "string", "maxLength": 9000`):                                                     "properties.f.maxLength",
		field(`"type": "string", "pattern": "("`):                                                        "properties.f.pattern",
		field(`"type": "string", "pattern": "[0-9]+"`):                                                   "properties.f.pattern",
		field(`"type": "string", "minimum": 3`):                                                          "properties.f.minimum",
		field(`"type": "number", "minimum": 3, "maximum": 2`):                                            "properties.f.minimum",
		field(`"type": "number", "multipleOf": 0`):                                                       "properties.f.multipleOf",
		field(`"type": "string", "format": "date", "x-earliest": "heute"`):                               "properties.f.x-earliest",
		field(`"type": "string", "oneOf": []`):                                                           "properties.f.oneOf",
		field(`"type": "string", "oneOf": [{"const": "a", "title": "A"}, {"const": "a", "title": "B"}]`): "properties.f.oneOf[1].const",
		field(`"type": "string", "oneOf": [{"const": "a"}]`):                                             "properties.f.oneOf[0].title",
		field(`"type": "array"`):                                                                         "properties.f.items",
		field(`"type": "string", "x-autocomplete": "<b>"`):                                               "properties.f.x-autocomplete",
	} {
		_, err := form.Parse([]byte(source))
		var problems form.Problems
		if !errors.As(err, &problems) || !slices.ContainsFunc(problems, func(p form.Problem) bool { return p.Path == path && p.Reason != "" }) {
			t.Errorf("%s\nis refused with %v, want %q", source, err, path)
		}
	}
}

// Whatever stands in a config: it is refused with the place, or it is a form that can be shown.
func FuzzParse(f *testing.F) {
	f.Add(move)
	f.Add(`{"type":"object","title":"ß\u202eö👩‍👩‍👧","properties":{"f":{"type":"string","title":"ل","pattern":"^(a+)+$"}}}`)
	f.Add(`{"type":"object","title":"T","properties":{"f":{"type":"string","title":"F"},"f":{"type":"boolean","title":"F"}}}`)
	f.Fuzz(func(t *testing.T, source string) {
		read, err := form.Parse([]byte(source))
		var problems form.Problems
		if err != nil {
			if !errors.As(err, &problems) || len(problems) == 0 {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		for _, one := range read.Fields("fr", today) {
			if one.Title == "" || one.Kind == "" || strings.ContainsFunc(one.Title+one.Help, unicode.IsControl) {
				t.Errorf("field %+v", one)
			}
		}
		if _, _, err := read.Judge([]byte("{}"), today); err != nil {
			t.Errorf("no answers: %v", err)
		}
	})
}

// Whatever is answered: it is refused at a field, or what is shown of it can be seen, and judging it again
// changes nothing.
func FuzzJudge(f *testing.F) {
	read := parse(f, strings.Replace(move, `"required": ["name", "art", "datum", "adresse", "wahr"],`, "", 1))
	for _, seed := range []string{
		`{"name":"Zoë","mehr":"a\u0000b\u202egpj.exe\n\n👩‍👩‍👧"}`, `{"adresse":{"street":"ل","number":"1"}}`, `{"personen":1e5,"tiere":["hund",3]}`,
		`{"name":"` + strings.Repeat("ä", 300) + `"}`, `{"adresse":{"street":"a","town":"b","postcode":"c","x":{"y":[1e99999]}}}`, `{"tiere":[["hund"]],"wahr":null}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		a, wrong, err := read.Judge([]byte(said), today)
		if err != nil {
			return
		}
		for _, w := range wrong {
			if w.Field == "" && w.Reason != form.Unknown || w.Reason == "" { // a key can be empty
				t.Errorf("wrong %+v", w)
			}
		}
		if wrong != nil {
			return
		}
		once, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range a.Rows(form.Words{Date: time.Time.String, File: func(id string) string { return id }, Yes: "ja", No: "nein"}) {
			shown := strings.ReplaceAll(row.Text, "\n", "")
			if shown == "" || !utf8.ValidString(shown) || strings.ContainsFunc(shown, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
				t.Errorf("shown as %q", row)
			}
		}
		b, wrong, err := read.Judge(once, today)
		twice, _ := json.Marshal(b)
		if err != nil || wrong != nil || string(once) != string(twice) {
			t.Errorf("%s\nagain %s %v %v", once, twice, wrong, err)
		}
	})
}
