package config_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"schalter/bridge/form"
	"schalter/config"
)

// The example's forms are read, in the order in which they are written and in every language.
func TestForms(t *testing.T) {
	for area, want := range map[int]string{
		0: "umzug: art name geburtsdatum datum neue_adresse alte_adresse personen telefon richtig",
		2: "hund: name adresse hund rasse geboren geschlecht chip seit arbeit",
		3: "fund: was beschreibung wann wo kontakt",
	} {
		f := config.Example().ServiceAreas[area].Forms[0]
		read, err := f.Read()
		if err != nil {
			t.Fatal(err)
		}
		got := f.Key + ":"
		for _, field := range read.Fields("de", time.Time{}) {
			got += " " + field.Name
		}
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
		for _, language := range []string{"fr", "it", "en"} {
			if read.Title(language) == read.Title("de") {
				t.Errorf("%s has no title in %s", f.Key, language)
			}
			for i, field := range read.Fields(language, time.Time{}) {
				if german := read.Fields("de", time.Time{})[i]; field.Title == german.Title && field.Title != "Adresse" || german.Help != "" && field.Help == german.Help {
					t.Errorf("%s.%s is not in %s", f.Key, field.Name, language)
				}
			}
		}
	}
}

// What is wrong with a form is named with its line and its place.
func TestWrongForms(t *testing.T) {
	text := string(config.ExampleYAML())
	for _, tc := range []struct{ old, new, key string }{
		{"- key: umzug\n        schema:", "- key: Umzug\n        schema:", "forms[0].key"},
		{"x-kind: phone", "x-kind: fax", "forms[0].schema.properties.telefon.type"},
		{"minimum: 1\n", "minimun: 1\n", "forms[0].schema.properties.personen.minimun"},
		{"{const: umzug, title:", "{const: zuzug, title:", "forms[0].schema.properties.art.oneOf[1].const"},
		{"required: [art,", "required: [arten,", "forms[0].schema.required[0]"},
		{"# mietvertrag:", "mietvertrag:", "forms[0].schema.properties.mietvertrag"},
		{"x-earliest: today-365\n", "x-earliest: gestern\n", "forms[0].schema.properties.datum.x-earliest"},
	} {
		at := strings.Index(text, tc.old)
		if at < 0 {
			t.Fatalf("%q is not in the example", tc.old)
		}
		_, err := config.Parse("x.yaml", []byte(strings.Replace(text, tc.old, tc.new, 1)))
		problems, _ := err.(config.Problems) //nolint:errorlint // Parse says so
		line := strings.Count(text[:at], "\n")
		if !slices.ContainsFunc(problems, func(p config.Problem) bool {
			return p.Key == "service_areas[0]."+tc.key && p.Line > 0 && p.Line >= line-3 && p.Line <= line+6 && p.Reason != ""
		}) {
			t.Errorf("%s near line %d: %v", tc.key, line, err)
		}
	}
	// Where files are taken, one can be asked for.
	text = strings.Replace(strings.Replace(text, "# mietvertrag:", "mietvertrag:", 1), "enabled: false\n      max_bytes", "enabled: true\n      max_bytes", 1)
	c, err := config.Parse("x.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if read, err := c.ServiceAreas[0].Forms[0].Read(); err != nil || read.Fields("de", time.Time{})[8].Kind != form.File {
		t.Errorf("%v", err)
	}
}
