package bridge

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"

	"schalter/bridge/openinghours"
)

// lines are what people write to the bridge, and what looks like it.
var lines = []string{
	"!zu", "!weiter fund Velo gefunden", "!dazu @nora:server.ch", "!baustein neu gruss fr: Bonjour {name}", "!baustein weg gruss fr",
	"!seite https://www.aarau.ch/ü?x=1#y Umzug melden", "!seite https://a@b.example", "!page http://[::1]:8080/", "!seite \u202ehttps://x",
	"!sperren 2h Beschimpfungen", "!sperren aus", "!block 99999w", "!notitz geheim", "// geheim", "/ geheim", "\u200b//geheim", " \t\n!zu",
	"\u2060! zu", "！zu", "／／ geheim", "!", "!!", "/", "", "!hilfe !hilfe", "!sprache fr", "Guten Tag!", "1/2 Stunde", "<b>!</b>zu", "&#33;zu",
	"!stunden hunde Mo-Fr 08:00-11:30; PH off", `!bereich neu bau "Bau" fr:"Permis" @nora:server.ch zeiten 24/7 schalter Mo-Fr 09:00-11:00`,
	`!bereich hunde name "`, "!bereich hunde weg", "!ausnahme 24.12.2026 bis 2027-01-02 zu „Festtage“ alle", "!team hunde kapazität 3 @nora:server.ch",
}

// Whatever stands in a message: what begins with «!» or «/», seen by eye, is for the bridge or internal and
// never goes out; commands are read without panic, and what is not understood has words.
func FuzzCommandInARoom(f *testing.F) {
	for _, line := range lines {
		f.Add(line, "")
		f.Add("Guten Tag", line)
	}
	words, err := newTexts("de-CH", time.UTC)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, formatted string) {
		ev := Event{Kind: ClerkText, Text: text, HTML: formatted}
		kept := isNote(ev) || isCommand(ev)
		seen := strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
		if !kept && (strings.HasPrefix(seen, "!") || strings.HasPrefix(seen, "/")) {
			t.Fatalf("%q goes out", text)
		}
		var misread *commandError
		for p, v := range vocabularies {
			verb, rest, err := v.read(text)
			if err != nil && (!errors.As(err, &misread) || words.say(misread.key, misread.data) == misread.key) {
				t.Fatalf("%s: %q: %v is no answer", p, text, err)
			}
			if err == nil && (verb == "" || len(rest) > len(text)) {
				t.Fatalf("%s: %q gave %q %q", p, text, verb, rest)
			}
			if _, err := words.help(p, rest, nil); err != nil && !errors.As(err, &misread) {
				t.Fatal(err)
			}
		}
		_, rest := firstWord(text)
		if _, name, lang, kept, edits, err := readCanned(rest); edits && err == nil {
			if !cannedName.MatchString(name) || begins(kept, "", "!/") || len([]rune(kept)) > mostCanned || lang == "" && kept != "" {
				t.Fatalf("%q keeps %q %q %q", text, name, lang, kept)
			}
		}
		if u, err := pageURL(rest); err == nil && (u.User != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || len(u.String()) > MaxPageURL) {
			t.Fatalf("%q shows %s", text, u)
		} else if err != nil && !errors.As(err, &misread) {
			t.Fatal(err)
		}
		if lasts, reason, err := readBlock(rest); err == nil && (lasts < shortestBlock || lasts > longestBlock || len([]rune(reason)) > MaxReason) {
			t.Fatalf("%q blocks for %s: %q", text, lasts, reason)
		}
	})
}

// A line about areas is either refused with words, or says the same when it is written out and read again.
func FuzzAreaCommand(f *testing.F) {
	for _, line := range lines {
		if after, is := strings.CutPrefix(line, "!bereich"); is {
			f.Add(after)
		}
	}
	areas := []ServiceArea{{ID: "hunde", Name: map[string]string{"de": "Hundekontrolle"}}}
	f.Fuzz(func(t *testing.T, rest string) {
		var c, again command
		var misread *commandError
		err := c.readArea(rest, areas, nil)
		if err != nil {
			if !errors.As(err, &misread) {
				t.Fatal(err)
			}
			return
		}
		line := c.printArea()
		if err := again.readArea(line, areas, nil); err != nil {
			t.Fatalf("%q, written %q: %v", rest, line, err)
		}
		if got := again.printArea(); got != line {
			t.Fatalf("%q, written %q, then %q", rest, line, got)
		}
	})
}

// printArea writes what readArea has read.
func (c command) printArea() string {
	quoted := func() string {
		var out strings.Builder
		for _, lang := range Languages {
			if name := c.names[lang]; name != "" {
				out.WriteString(" " + lang + `:«` + name + `»`)
			}
		}
		return out.String()
	}
	switch c.areaOrder {
	case newArea:
		line := "neu " + string(c.area) + quoted()
		for _, user := range c.users {
			line += " " + string(user)
		}
		line += " zeiten " + c.spec
		if c.counterSpec != "" {
			line += " schalter " + c.counterSpec
		}
		return line
	case nameArea:
		return string(c.area) + " name" + quoted()
	case tellArea:
		return string(c.area) + " text" + quoted()
	case removeArea:
		return string(c.area) + " weg"
	}
	return string(c.area)
}

// However long a line is, it is read at once: an event holds 64 KiB.
func TestLongLinesAreReadAtOnce(t *testing.T) {
	t.Parallel()
	areas := []ServiceArea{{ID: "hunde", Name: map[string]string{"de": "Hundekontrolle"}}}
	today := openinghours.Date{Year: 2026, Month: 7, Day: 1}
	start := time.Now()
	for _, command := range []string{"!ausnahme ", "!ausnahme heute zu ", "!bereich neu ", "!bereich hunde name ", "!stunden hunde ", "!team hunde + ", "!ja ", "!"} {
		for _, part := range []string{`"`, `"x" `, `fr:"x" `, "a ", "@a:b ", "08:00-09:00,", "..", "{", "zeiten ", "Mo-Fr 08:00-11:30; ", "\u200b"} {
			_, _ = parseCommand(command+strings.Repeat(part, 65536/len(part)), today, areas)
		}
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("88 long lines took %s", took)
	}
}
