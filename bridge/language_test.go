package bridge_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"schalter/bridge"
)

// A citizen goes on in another language: the clerks are told once, later texts carry it, earlier ones keep theirs,
// and what the desk sends is in the new one.
func TestLanguageIsSet(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, func(a *bridge.ServiceArea) {
			a.Canned = map[string]map[string]string{"gruss": {"de": "Freundliche Grüsse", "fr": "Meilleures salutations"}}
		})
		c, _ := w.posted("Grüezi")
		for _, language := range []string{"fr", "fr"} {
			if err := w.b.SetLanguage(t.Context(), c.ID, language); err != nil {
				t.Fatal(err)
			}
		}
		w.hs.say(clerkText(c.Room, keller, "!baustein gruss"))
		w.sync()
		if h := w.history(c.ID); len(h) != 2 || h[0].Language != "de" || h[1].Language != "fr" || h[1].Text != "Meilleures salutations" {
			t.Errorf("history %+v", h)
		}
		w.settled()
		told := slices.DeleteFunc(w.hs.said(c.Room), func(text string) bool { return !strings.Contains(text, "🌐") })
		if len(told) != 1 || !strings.HasSuffix(told[0], "Französisch") {
			t.Errorf("the room was told %q", told)
		}
		var invalid *bridge.InvalidError
		if err := w.b.SetLanguage(t.Context(), c.ID, "rm"); !errors.As(err, &invalid) || invalid.Field != "language" || w.look(c.ID).Language != "fr" {
			t.Errorf("a language that is not offered: %v", err)
		}
	})
}
