package bridge

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"schalter/bridge/openinghours"
)

// Whatever an admin writes, it is a command or an answer that exists in the catalogues.
func FuzzParseCommand(f *testing.F) {
	for _, line := range []string{
		`!ausnahme 2026-07-03 zu "Maienzug"`, `!ausnahme 3.7.2026 8-11.30,14.00-16 „Brücke“ fr:«Pont» hunde`,
		`!ausnahme 24.12.2026 bis 2027-01-02 zu alle`, `!stunden hunde Mo-Fr 08:00-11:30; PH off "nach Vereinbarung"`,
		"!stunden hunde schalter config", "!ja 3", "!zurück", "!", `!ausnahme heute zu "`, "!ausnahme heute..morgen 8-8",
	} {
		f.Add(line)
	}
	zone, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		f.Fatal(err)
	}
	words, err := newTexts("de-CH", zone)
	if err != nil {
		f.Fatal(err)
	}
	areas := []ServiceArea{{ID: "hunde", Name: map[string]string{"de": "Hundekontrolle"}}}
	hours, err := aroundTheClock(zone)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, err := parseCommand(line, openinghours.Date{Year: 2026, Month: 7, Day: 1}, areas)
		var misread *commandError
		switch {
		case errors.As(err, &misread):
			if words.say(misread.key, misread.data) == misread.key {
				t.Errorf("no words for %s", misread.key)
			}
		case err != nil:
			t.Errorf("%q: %v is no answer", line, err)
		case c.verb == addException:
			if _, err := hours.WithExceptions(c.exception); err != nil {
				t.Errorf("%q: %v", line, err)
			}
		}
	})
}

// Every catalogue has the same keys.
func TestCataloguesAreComplete(t *testing.T) {
	t.Parallel()
	keys := map[string]int{}
	for _, name := range []string{"de-CH", "fr-CH", "it-CH", "en"} {
		var words map[string]string
		data, err := catalogues.ReadFile("catalogue/" + name + ".json")
		if err == nil {
			err = json.Unmarshal(data, &words)
		}
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range words {
			keys[k]++
			if v == "" {
				t.Errorf("%s: %s is empty", name, k)
			}
			for _, r := range v {
				if r == 'ß' {
					t.Errorf("%s: %s is not written as in Switzerland", name, k)
				}
			}
		}
	}
	for k, n := range keys {
		if n != 4 {
			t.Errorf("%s is in %d catalogues of 4", k, n)
		}
	}
}
