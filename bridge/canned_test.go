package bridge_test

import (
	"strings"
	"testing"

	"schalter/bridge"
)

func TestCannedReplies(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, func(a *bridge.ServiceArea) {
			a.Canned = map[string]map[string]string{
				"marke": {"de": "Guten Tag {name}, zu #{nummer}: {bereich}, {person}.", "fr": "Bonjour {name}"},
			}
		})
		c, _ := w.posted("Grüezi")
		w.hs.say(clerkText(c.Room, keller, "!baustein Marke"))
		w.sync()
		h := w.history(c.ID)
		if len(h) != 2 || h[1].Text != "Guten Tag Anna, zu #1: Hundekontrolle, Frau Keller." || h[1].Sender != "Frau Keller" || h[1].Direction != bridge.FromClerkDirection {
			t.Fatalf("history %+v", h)
		}
		if got := w.look(c.ID); got.State != bridge.Active || got.ClerkID != keller || got.LastSeq != 2 {
			t.Errorf("conversation %+v", got)
		}
		w.await("the room shows it", func() bool {
			return strings.Contains(strings.Join(w.hs.said(c.Room), "\n"), "➡️ Guten Tag Anna, zu #1")
		})
		for line, want := range map[string]string{
			"!baustein":        "!baustein marke – Guten Tag {name}",
			"!baustein katzen": "Einen Baustein «katzen» gibt es nicht. Es gibt: marke",
		} {
			if got := w.order(c, keller, line); !strings.Contains(got, want) {
				t.Errorf("%s: %s", line, got)
			}
		}
		w.hs.say(clerkText(c.Room, meier, "!baustein marke")) // of another area
		w.sync()
		o := must(w.b.Open(t.Context(), bridge.Opening{Area: hunde, Language: "fr", Message: &bridge.CitizenMessage{ClientID: "1", Text: "Bonjour"}}))
		fr := w.delivered(o.Conversation.ID)
		w.hs.say(clerkText(fr.Room, huber, "!baustein marke"))
		w.sync()
		if h := w.history(fr.ID); len(h) != 2 || !strings.HasPrefix(h[1].Text, "Bonjour ") {
			t.Errorf("in French: %+v", h)
		}
		if h := w.history(c.ID); len(h) != 2 {
			t.Errorf("history %+v", h)
		}
	})
}
