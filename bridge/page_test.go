package bridge_test

import (
	"strings"
	"testing"

	"schalter/bridge"
)

func TestPagesAreShownByName(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, func(a *bridge.ServiceArea) {
			a.Pages = []bridge.Page{{Key: "marke", URL: "https://www.aarau.test/hund#marke", Title: map[string]string{"de": "Hundemarke", "fr": "Médaille"}}}
		})
		c, _ := w.posted("Grüezi")
		for _, step := range []struct {
			who        bridge.UserID
			line, want string
		}{
			{keller, "!seite", "!seite marke – Hundemarke · https://www.aarau.test/hund#marke"},
			{keller, "!seite katze", "Ein Kürzel «katze» gibt es nicht. Es gibt: marke."},
			{keller, "!seite http://www.aarau.test/", "keine Adresse, die ich zeigen kann"},
			{keller, "!seite javascript:alert(1)", "keine Adresse, die ich zeigen kann"},
			{keller, "!seite https://www.aarau.test@example.org/", "keine Adresse, die ich zeigen kann"},
			{keller, "!seite https://", "keine Adresse, die ich zeigen kann"},
			{keller, "!seite https://example.org/" + strings.Repeat("x", 1000), "keine Adresse, die ich zeigen kann"},
			{keller, "!seite https://example.org " + strings.Repeat("x", 121), "höchstens 120 Zeichen"},
			{meier, "!seite marke", ""},
			{keller, "!seite MARKE", "➡️ Hundemarke\nhttps://www.aarau.test/hund#marke"},
			{keller, "!page https://example.org/ü?a=<b>  Ein  Titel", "➡️ Ein Titel\nhttps://example.org/"},
			{keller, "!seite http://localhost:8080/", "➡️ localhost\nhttp://localhost:8080/"},
		} {
			if got := w.order(c, step.who, step.line); !strings.Contains(got, step.want) || step.want == "" && got != "" {
				t.Errorf("%s %s\ngot  %s\nwant %s", step.who, step.line, got, step.want)
			}
		}
		h := w.history(c.ID)
		if len(h) != 4 {
			t.Fatalf("history %+v", h)
		}
		if card := h[1].Card; card == nil || *card != (bridge.Card{Kind: bridge.PageCard, Title: "Hundemarke", URL: "https://www.aarau.test/hund#marke"}) || h[1].Sender != "Frau Keller" {
			t.Errorf("%+v %+v", h[1], card)
		}
		if h[0].Card != nil || h[2].Card == nil || h[2].Card.Title != "Ein Titel" || h[2].Card.URL != "https://example.org/%C3%BC?a=<b>" {
			t.Errorf("%+v", h[2].Card)
		}
		// Whoever shows a page to a chat that waits takes it; what is closed is shown nothing.
		if c = w.look(c.ID); c.State != bridge.Active || c.ClerkID != keller {
			t.Errorf("%+v", c)
		}
		w.order(c, keller, "!zu")
		if got := w.order(c, keller, "!seite marke"); !strings.Contains(got, "geschlossen") {
			t.Error(got)
		}
	})
}

// Another wording of the command changes nothing that the citizen sees; its deletion takes the page back, as that
// of a canned reply does, and the room is told so, once.
func TestPageIsTakenBack(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, func(a *bridge.ServiceArea) {
			a.Canned = map[string]map[string]string{"gruss": {"de": "Freundliche Grüsse\nIhr Stadtbüro"}}
		})
		c, _ := w.posted("Grüezi")
		page := w.hs.say(clerkText(c.Room, keller, "!seite https://example.org Titel"))
		canned := w.hs.say(clerkText(c.Room, keller, "!baustein gruss"))
		w.sync()
		for _, said := range []bridge.EventID{page, canned} {
			w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.ClerkEdit, ReplyTo: said, Text: "geheim, aus Versehen"})
		}
		w.sync()
		h := w.history(c.ID)
		if len(h) != 3 || h[1].Card == nil || h[1].Text != "Titel\nhttps://example.org" || h[2].Text != "Freundliche Grüsse\nIhr Stadtbüro" || strings.Contains(w.public(c.ID), "geheim") {
			t.Fatalf("history %+v", h)
		}
		for _, said := range []bridge.EventID{page, canned, page} {
			w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.Redaction, ReplyTo: said})
		}
		w.sync()
		if h = w.history(c.ID); !h[1].Deleted() || h[1].Card != nil || !h[2].Deleted() || h[2].Text != "" {
			t.Errorf("history %+v", h)
		}
		w.settled()
		told := strings.Join(w.hs.said(c.Room), "\n")
		for _, want := range []string{"nicht mehr: Titel", "nicht mehr: Freundliche Grüsse"} {
			if strings.Count(told, want) != 1 {
				t.Errorf("%q stands %d times in the room:\n%s", want, strings.Count(told, want), told)
			}
		}
	})
}
