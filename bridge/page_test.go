package bridge_test

import (
	"path/filepath"
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

// Another wording of the command, or its deletion, changes nothing that the citizen sees.
func TestEditsOfPageCommandsStayInside(t *testing.T) {
	t.Parallel()
	w := newBoard(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), nil)
	c, _ := w.posted("Grüezi")
	said := w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.ClerkText, Text: "!seite https://example.org Titel"})
	w.sync()
	w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.ClerkEdit, ReplyTo: said, Text: "geheim, aus Versehen"})
	w.sync()
	w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.Redaction, ReplyTo: said})
	w.sync()
	h := w.history(c.ID)
	if len(h) != 2 || h[1].Card == nil || h[1].Text != "Titel\nhttps://example.org" || strings.Contains(w.public(c.ID), "geheim") {
		t.Errorf("history %+v", h)
	}
}
