package bridge

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// README's tables name every command, in the place where it is given, and no other.
func TestTheReadmeListsEveryCommand(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[place]map[string]bool{inRoom: {}, inLobby: {}, inAdmin: {}}
	titles := map[string][]place{
		"in a chat's room": {inRoom}, "in the lobby, and in a chat's room": {inLobby, inRoom}, "in the lobby": {inLobby}, "in the admin room": {inAdmin},
	}
	var at []place
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			at = nil
			continue
		}
		if title, is := titles[strings.TrimSpace(cells[1])]; is {
			at = title
		}
		for _, m := range regexp.MustCompile("!([a-zäöü]+)").FindAllStringSubmatch(cells[1], -1) {
			for _, p := range at {
				listed[p][m[1]] = true
				if _, known := vocabularies[p][m[1]]; !known {
					t.Errorf("README lists !%s in the %s, where nobody obeys it", m[1], p)
				}
			}
		}
	}
	for _, s := range spellings {
		for _, p := range s.in {
			for _, word := range []string{s.de, s.en} {
				if !listed[p][word] {
					t.Errorf("README does not list !%s in the %s", word, p)
				}
			}
		}
	}
}

// The help fits a phone, and each command's own help begins with the command.
func TestTheHelpFitsAPhone(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"de-CH", "fr-CH", "it-CH", "en"} {
		words, err := newTexts(lang, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []place{inRoom, inLobby, inAdmin} {
			text, err := words.help(p, "", map[string]string{"Areas": "hunde"})
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(text, "\n")
			if len(lines) > 20 || len(lines) < 5 {
				t.Errorf("%s, %s: %d lines", lang, p, len(lines))
			}
			for _, line := range lines {
				if utf8.RuneCountInString(line) > 48 {
					t.Errorf("%s, %s: %q is too long for a phone", lang, p, line)
				}
			}
			for _, s := range spellings {
				if !slices.Contains(s.in, p) {
					continue
				}
				for _, word := range s.words() {
					about, err := words.help(p, word, nil)
					if err != nil || !strings.Contains(about, "!"+s.word(words.lang)) || strings.Contains(about, "detail_") {
						t.Errorf("%s, %s: help about %s: %q %v", lang, p, word, about, err)
					}
				}
			}
			if _, err := words.help(p, "!nothing", nil); err == nil {
				t.Errorf("%s: help about nothing", p)
			}
		}
	}
}

// One word is one command in each place.
func TestCommandsDoNotCollide(t *testing.T) {
	t.Parallel()
	for p, v := range vocabularies {
		words := 0
		for _, s := range spellings {
			if slices.Contains(s.in, p) {
				words += len(slices.Compact(slices.Sorted(slices.Values(s.words()))))
			}
		}
		if words != len(v) {
			t.Errorf("%s: %d words for %d", p, words, len(v))
		}
	}
	for v := range roomOrders {
		if !slices.ContainsFunc(spellings, func(s spelling) bool { return s.verb == v && slices.Contains(s.in, inRoom) }) {
			t.Errorf("%s can't be said in a room", v)
		}
	}
	for _, s := range vocabularies[inRoom] {
		if roomOrders[s.verb] == nil {
			t.Errorf("nothing carries out !%s", s.de)
		}
	}
}
