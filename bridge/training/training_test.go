package training_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"schalter/bridge/training"
)

func scenarios(t *testing.T) map[string]training.Scenario {
	t.Helper()
	all, err := training.Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The scenarios are written in Swiss German standard: no ß, no straight quotation marks, no e-mail
// addresses or numbers that could be somebody's; words to look for are in lower case, or never found.
func TestScenariosAreWell(t *testing.T) {
	all := scenarios(t)
	for _, id := range []string{"einwohnerkontrolle", "einbuergerungen", "hundekontrolle", "fundbuero", training.General} {
		if _, there := all[id]; !there {
			t.Errorf("no scenario for %s", id)
		}
	}
	for id, s := range all {
		texts := append([]string{s.Title, s.Name, s.Opening, s.Remark}, s.Story...)
		for _, r := range s.Reactions {
			texts = append(texts, r.Says)
			for _, w := range r.Words {
				if w != strings.ToLower(w) || len(w) < 2 {
					t.Errorf("%s: %q is never found, or always", id, w)
				}
			}
		}
		for _, c := range s.Checks {
			texts = append(texts, c.Label)
			for _, w := range c.Words {
				if w != strings.ToLower(w) || len(w) < 2 {
					t.Errorf("%s: %q is never found, or always", id, w)
				}
			}
		}
		for _, text := range texts {
			if strings.ContainsAny(text, `ß"@`) || len([]rune(text)) > 300 {
				t.Errorf("%s: %q", id, text)
			}
		}
	}
}

// A conversation as a clerk might lead it.
func TestAConversation(t *testing.T) {
	s := scenarios(t)["fundbuero"]
	var p training.Progress
	says := func(want string) {
		t.Helper()
		text, after, more := s.Says(p)
		if p = after; !more || !strings.Contains(text, want) {
			t.Errorf("says %q, want %q", text, want)
		}
	}
	says("vor unserem Haus steht seit zwei Wochen ein Velo")
	p = s.Hear(p, "Guten Tag. Wie ist die Rahmennummer?")
	says("WTU") // to the number
	p = s.Hear(p, "Danke. Welche FARBE hat es, und wo steht es?")
	says("blaues Damenvelo")
	p = s.Hear(p, "Vielen Dank.")
	says("Bachstrasse") // which was asked for before
	p = s.Hear(p, "Nochmals: die Rahmennummer, bitte?")
	says("gehört es dann mir") // what was said is not said again
	p = s.Hear(p, "Nach einem Jahr.")
	says("Wie lange")
	p = s.Hear(p, "Ein Jahr.")
	says("Meine Nachbarin")
	p = s.Hear(p, "Das darf ich nicht sagen.")
	says("Tipptopp")
	if _, _, more := s.Says(s.Hear(p, "Auf Wiedersehen")); more {
		t.Error("goes on after the end")
	}
	for i := range s.Checks {
		if !p.Done(i) {
			t.Errorf("not met: %s", s.Checks[i].Label)
		}
	}
	if !p.Greeted || p.Noted || !p.Over {
		t.Errorf("%+v", p)
	}
}

// Whatever the clerk writes, the citizen says each thing once and comes to an end.
func TestEveryConversationEnds(t *testing.T) {
	all := scenarios(t)
	rapid.Check(t, func(t *rapid.T) {
		s := all[rapid.SampledFrom([]string{"einwohnerkontrolle", "einbuergerungen", "hundekontrolle", "fundbuero", training.General}).Draw(t, "scenario")]
		words := []string{"", "Grüezi", "…"}
		for _, r := range s.Reactions {
			words = append(words, r.Words...)
		}
		said := map[string]bool{}
		var p training.Progress
		for {
			text, after, more := s.Says(p)
			if !more {
				break
			}
			if said[text] {
				t.Fatalf("says %q again", text)
			}
			said[text] = true
			p = s.Hear(after, strings.Join(rapid.SliceOf(rapid.SampledFrom(words)).Draw(t, "clerk"), " "))
		}
		if !said[s.Opening] || !said[s.Remark] || !said[s.Story[len(s.Story)-1]] || !p.Over {
			t.Fatalf("said %v", said)
		}
	})
}
