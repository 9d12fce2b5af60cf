package bridge

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write guide.md anew")

// guide.md is what clerks are sent: the table of commands and the template, as they are.
func TestGuideIsInStep(t *testing.T) {
	t.Parallel()
	words, err := newTexts("de-CH", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	text, err := guideText(words)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("guide.md", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile("guide.md")
	if err != nil || string(kept) != text {
		t.Errorf("guide.md is not in step: go generate ./bridge (%v)", err)
	}
	// What it says in whole sentences is in the table, where it is said.
	for _, m := range codeMark.FindAllStringSubmatch(text, -1) {
		word, is := strings.CutPrefix(m[1], "!")
		if !is {
			continue
		}
		word, _ = firstWord(word)
		if !slices.ContainsFunc(spellings, func(s spelling) bool {
			return s.de == word && (slices.Contains(s.in, inRoom) || slices.Contains(s.in, inLobby))
		}) {
			t.Errorf("the guide names !%s, which nobody obeys", word)
		}
	}
	for _, s := range spellings {
		if (slices.Contains(s.in, inRoom) || slices.Contains(s.in, inLobby)) && !strings.Contains(text, "!"+s.de) {
			t.Errorf("the guide does not name !%s", s.de)
		}
	}
	if strings.Contains(text, "ß") || strings.Contains(text, "brief_") || strings.Count(text, "\n") > 80 {
		t.Errorf("%d lines", strings.Count(text, "\n"))
	}
	formatted := guideHTML(text)
	for _, tag := range []string{"h3", "h4", "ul", "li", "p", "code"} {
		if open, closed := strings.Count(formatted, "<"+tag+">"), strings.Count(formatted, "</"+tag+">"); open != closed || open == 0 {
			t.Errorf("%d <%s>, %d ends", open, tag, closed)
		}
	}
	if strings.ContainsAny(formatted, "#`") {
		t.Error("marks are left in the formatted guide")
	}
}
