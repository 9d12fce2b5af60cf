package bridge_test

import (
	"errors"
	"strings"
	"testing"

	"schalter/bridge"
)

// The citizen is asked which page they are on, shows it, goes on to another, and takes it back; the room's one
// line follows. Nothing of a query is ever taken.
func TestLocationIsAskedFor(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, nil)
		c, _ := w.posted("Grüezi")
		if got := w.order(c, meier, "!wo"); got != "" {
			t.Errorf("a stranger is answered %q", got)
		}
		w.hs.say(clerkText(c.Room, keller, "!wo"))
		w.sync()
		var m bridge.Message
		w.await("the notice is in the room", func() bool {
			h := w.history(c.ID)
			m = h[len(h)-1]
			return m.Card != nil && m.Event != ""
		})
		if m.Card.Kind != bridge.LocationCard || m.Card.Location.Shared || !strings.HasPrefix(m.Text, "Dürfen wir sehen") {
			t.Errorf("asked %+v %+v", m, m.Card)
		}
		if said := w.hs.said(c.Room); !strings.Contains(strings.Join(said, "\n"), "noch keine Antwort") {
			t.Errorf("the room holds %q", said)
		}
		show := func(title, page string) (bridge.Message, error) {
			return w.b.ShowLocation(t.Context(), c.ID, m.ID, title, page)
		}
		for _, bad := range []struct{ title, page, field string }{
			{"x", "", "path"}, {"x", "umzug", "path"}, {"x", "/umzug?wer=anna", "path"}, {"x", "/umzug#anna", "path"},
			{"x", "https://anna@www.aarau.test/", "path"}, {"x", "javascript:alert(1)", "path"}, {"x", "/" + strings.Repeat("x", 1000), "path"},
			{"x", "/\x00", "path"}, {strings.Repeat("x", 201), "/", "title"}, {"\xff", "/", "title"},
		} {
			var invalid *bridge.InvalidError
			if _, err := show(bad.title, bad.page); !errors.As(err, &invalid) || invalid.Field != bad.field {
				t.Errorf("%q %q: %v", bad.title, bad.page, err)
			}
		}
		if _, err := w.b.ShowLocation(t.Context(), c.ID, w.history(c.ID)[0].ID, "x", "/"); !errors.Is(err, bridge.ErrUnknownMessage) {
			t.Errorf("unasked: %v", err)
		}
		got, err := show("Umzug\u202e  melden", "https://www.aarau.test/umzug/ä")
		if err != nil || !got.Card.Location.Shared || got.Card.Location.Title != "Umzug melden" || got.Card.Location.URL != "https://www.aarau.test/umzug/%C3%A4" {
			t.Fatalf("%+v %v", got.Card, err)
		}
		w.shows(m.Event, "auf: Umzug melden · https://www.aarau.test/umzug/%C3%A4")
		if again, err := show("Umzug melden", "https://www.aarau.test/umzug/ä"); err != nil || again.Revision != got.Revision {
			t.Errorf("the same page again: %d, %d %v", got.Revision, again.Revision, err)
		}
		if _, err := show("", "https://www.aarau.test/"); err != nil {
			t.Fatal(err)
		}
		w.shows(m.Event, "auf: https://www.aarau.test/")
		if got := w.order(c, keller, "!where"); !strings.Contains(got, "https://www.aarau.test/") || len(w.history(c.ID)) != 2 {
			t.Errorf("asked again: %q, %d messages", got, len(w.history(c.ID)))
		}
		if got, err = w.b.HideLocation(t.Context(), c.ID, m.ID); err != nil || got.Card.Location.Shared || got.Card.Location.URL != "" {
			t.Errorf("taken back: %+v %v", got.Card, err)
		}
		w.shows(m.Event, "nicht mehr")
		// In a chat that has ended nothing more is shown, but can still be taken back.
		if _, err := show("x", "/umzug"); err != nil {
			t.Fatal(err)
		}
		w.order(c, keller, "!zu")
		if _, err := show("x", "/hund"); !errors.Is(err, bridge.ErrConversationClosed) {
			t.Errorf("in a closed chat: %v", err)
		}
		if _, err := w.b.HideLocation(t.Context(), c.ID, m.ID); err != nil {
			t.Error(err)
		}
		// Who takes the question back, takes the answer away with it.
		w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.Redaction, ReplyTo: m.Event})
		w.sync()
		if got := must(w.db.Message(t.Context(), m.ID)); !got.Deleted() || got.Card != nil {
			t.Errorf("%+v", got)
		}
		if _, err := show("x", "/"); !errors.Is(err, bridge.ErrUnknownMessage) {
			t.Errorf("after it was taken back: %v", err)
		}
	})
}
