package bridge_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

// desk is a city in which a clerk serves a citizen.
type desk struct {
	*city
	c bridge.Conversation
}

func newDesk(t *testing.T, url string) *desk {
	t.Helper()
	w := &desk{city: newCity(t, url, "09.00.00", func(o *bridge.Options) { o.Admins = []bridge.UserID{chief} })}
	w.c = w.opened("Grüezi")
	w.writes(keller, "Guten-Tag")
	w.await("the room of an active chat", func() bool { return strings.HasPrefix(w.hs.plan(w.c.Room).Name, "🟢") })
	w.idle()
	return w
}

// writes puts a text of somebody's into the conversation's room, and reads it.
func (w *desk) writes(who bridge.UserID, text string) {
	w.t.Helper()
	w.does(bridge.Event{Sender: who, Kind: bridge.ClerkText, Text: text})
}

func (w *desk) does(ev bridge.Event) {
	w.t.Helper()
	ev.Room = w.c.Room
	w.hs.say(ev)
	w.sync()
}

func (w *desk) now() bridge.Conversation { return w.look(w.c.ID) }

// isTold waits until the bot has said something in the room whose beginning is known, n times.
func (w *desk) isTold(n int, beginning string) {
	w.t.Helper()
	w.await("told: "+beginning, func() bool {
		said := slices.DeleteFunc(w.hs.said(w.c.Room), func(s string) bool { return !strings.HasPrefix(s, beginning) })
		return len(said) == n
	})
}

// shows waits until the room's name bears a sign.
func (w *desk) shows(sign string, listed bool) {
	w.t.Helper()
	w.await("the room shows "+sign, func() bool {
		p := w.hs.plan(w.c.Room)
		return strings.HasPrefix(p.Name, sign) && p.Unlisted == !listed
	})
}

func newSQLite(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "x.db") }

func TestCitizenClosesAndReopens(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newDesk(t, url)
		for range 2 {
			if err := w.b.Close(t.Context(), w.c.ID); err != nil {
				t.Fatal(err)
			}
		}
		w.isTold(1, "⚪ Der Bürger oder die Bürgerin hat den Chat beendet und kann ihn bis 10.00 Uhr wieder aufnehmen.")
		w.shows("⚪", false)
		if c := w.now(); c.State != bridge.Closed || c.Life.ClosedBy != bridge.ByCitizen || !c.Life.ReopenUntil.Equal(at("10.00.00")) {
			t.Errorf("%+v", c)
		}

		w.jump("09.59.59")
		w.say(w.c.ID, "Noch-etwas")
		w.delivered(w.c.ID)
		w.isTold(1, "🟢 Der Bürger oder die Bürgerin nimmt den Chat wieder auf.")
		w.shows("🟢", true)
		if c := w.now(); c.State != bridge.Active || c.Clerk != "Frau Keller" || c.Life.ClosedBy != "" {
			t.Errorf("reopened: %+v", c)
		}
		if n := len(w.hs.said(w.lobby(hunde))); n != 1 {
			t.Errorf("the lobby was told %d times of a chat that has its clerk", n)
		}

		// With the clerk gone it waits again, and is offered anew.
		if err := w.b.Close(t.Context(), w.c.ID); err != nil {
			t.Fatal(err)
		}
		w.does(bridge.Event{Sender: keller, Kind: bridge.ClerkLeft})
		w.say(w.c.ID, "Und-noch-etwas")
		w.shows("🟡", true)
		if c := w.now(); c.State != bridge.Waiting || c.Clerk != "" {
			t.Errorf("reopened without a clerk: %+v", c)
		}
		w.await("the lobby's board", func() bool { return len(w.hs.said(w.lobby(hunde))) == 2 })
	})
}

func TestConversationIsOver(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newCity(t, url, "09.00.00", nil)
		opening := bridge.Opening{Area: hunde, Language: "de", Key: "a key of the browser's", Message: &bridge.CitizenMessage{ClientID: "1", Text: "Grüezi"}}
		o, err := w.b.Open(t.Context(), opening)
		if err != nil {
			t.Fatal(err)
		}
		id := o.Conversation.ID
		if err := w.b.Close(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		w.jump("09.59.59")
		if c, err := w.b.Authorize(t.Context(), id, o.Token); err != nil || c.State != bridge.Closed {
			t.Errorf("the history before the end: %v", err)
		}
		w.jump("10.00.00")
		if _, err := w.b.Authorize(t.Context(), id, o.Token); !errors.Is(err, bridge.ErrOver) {
			t.Errorf("the token after the end: %v", err)
		}
		if _, err := w.b.Authorize(t.Context(), id, "another"); !errors.Is(err, bridge.ErrUnauthorized) {
			t.Errorf("another token: %v", err)
		}
		if _, err := w.b.Reopen(t.Context(), id); !errors.Is(err, bridge.ErrConversationClosed) {
			t.Errorf("reopened: %v", err)
		}
		if _, err := w.b.FromCitizen(t.Context(), id, bridge.CitizenMessage{ClientID: "2", Text: "zu spät"}); !errors.Is(err, bridge.ErrConversationClosed) {
			t.Errorf("a message: %v", err)
		}
		if _, err := w.b.Open(t.Context(), opening); !errors.Is(err, bridge.ErrOver) {
			t.Errorf("the same opening again: %v", err)
		}
	})
}

func TestCommandsInARoom(t *testing.T) {
	t.Parallel()
	w := newDesk(t, newSQLite(t))
	w.writes(keller, "!zuu")
	w.isTold(1, "«!zuu» kenne ich nicht. «!hilfe» zeigt, was möglich ist. An den Bürger oder die Bürgerin ging nichts.")
	w.writes(keller, "  !hilfe")
	w.isTold(1, "!nehmen – den Chat nehmen")
	w.writes(meier, "!zu")  // serves another area
	w.writes(nobody, "!zu") // serves none
	w.writes(keller, "!auf")
	w.isTold(1, "Der Chat ist nicht geschlossen.")
	if w.now().State != bridge.Active {
		t.Fatal("somebody who has no say closed the chat")
	}

	w.writes(keller, "!zu "+strings.Repeat("x", bridge.MaxReason+1))
	w.isTold(1, "Der Grund darf höchstens 200 Zeichen lang sein.")
	w.writes(keller, "!ZU  falsche\nStelle")
	w.isTold(1, "⚪ Frau Keller hat den Chat geschlossen: falsche Stelle\nBis 10.00 Uhr kann er")
	if c := w.now(); c.State != bridge.Closed || c.Life.ClosedBy != bridge.ByClerk || c.Life.Reason != "falsche Stelle" {
		t.Errorf("%+v", c)
	}
	w.writes(keller, "Noch etwas vergessen")
	w.isTold(1, "Der Chat ist geschlossen, die Nachricht ging nicht an den Bürger oder die Bürgerin. Mit !auf wird er wieder geöffnet (bis 10.00 Uhr).")
	w.writes(keller, "!close")
	w.isTold(1, "The chat is closed already.")
	w.writes(chief, "!auf") // an admin; the clerk stays the one who serves
	w.isTold(1, "chief hat den Chat wieder geöffnet.")
	if c := w.now(); c.State != bridge.Active || c.Clerk != "Frau Keller" {
		t.Errorf("%+v", c)
	}
	w.writes(keller, "!zu")
	w.isTold(1, "⚪ Frau Keller hat den Chat geschlossen\n")
	w.jump("10.00.00")
	w.writes(keller, "!auf")
	w.isTold(1, "Der Chat ist geschlossen und lässt sich nicht mehr öffnen.")

	var texts []string
	for _, m := range w.history(w.c.ID) {
		texts = append(texts, m.Text)
	}
	if want := []string{"Grüezi", "Guten-Tag"}; !slices.Equal(texts, want) {
		t.Errorf("the citizen reads %q, want %q", texts, want)
	}
}

// Reopening counts as starting: nobody does so outside hours.
func TestReopenOutsideHours(t *testing.T) {
	t.Parallel()
	w := newDesk(t, newSQLite(t))
	w.jump("11.45.01")
	w.await("closed by the hours", func() bool { return w.now().State == bridge.Closed })
	if c := w.now(); c.Life.ClosedBy != bridge.ByHours || !c.Life.ReopenUntil.Equal(at("15.00.00")) {
		t.Errorf("%+v", c.Life)
	}
	var closed *bridge.ClosedError
	if _, err := w.b.FromCitizen(t.Context(), w.c.ID, bridge.CitizenMessage{ClientID: "2", Text: "Noch etwas"}); !errors.As(err, &closed) || !closed.OpensAt.Equal(at("14.00.00")) {
		t.Errorf("a message in the break: %v", err)
	}
	w.writes(keller, "!auf")
	w.isTold(1, "Ausserhalb der Öffnungszeiten lässt sich kein Chat öffnen. Wieder offen: 14.00 Uhr.")
	if c := w.now(); c.State != bridge.Closed {
		t.Errorf("%+v", c)
	}
	w.jump("14.00.00")
	w.writes(keller, "!auf")
	if c := w.now(); c.State != bridge.Active || c.Clerk != "Frau Keller" {
		t.Errorf("%+v", c)
	}
}

// A request goes on in a conversation; when that is over, in another one.
func TestRequestOutlivesItsConversation(t *testing.T) {
	t.Parallel()
	w := newCity(t, newSQLite(t), "09.00.00", nil)
	left := must(w.b.LeaveRequest(t.Context(), bridge.NewRequest{Area: hunde, Language: "de", Text: "Wann?"}))
	opening := bridge.Opening{Area: hunde, Language: "de", Request: left.Token}
	first := must(w.b.Open(t.Context(), opening)).Conversation
	if err := w.b.Close(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if again := must(w.b.Open(t.Context(), opening)); again.Conversation.ID != first.ID || again.Conversation.State != bridge.Waiting {
		t.Errorf("not reopened: %+v", again)
	}
	if err := w.b.Close(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	second := must(w.b.Open(t.Context(), opening)).Conversation
	if second.ID == first.ID || len(w.history(second.ID)) != 1 {
		t.Errorf("not another conversation: %+v", second)
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newCity(t, url, "09.00.00", nil)
		opening := bridge.Opening{Area: hunde, Language: "de", Key: "a key of the browser's", Message: &bridge.CitizenMessage{ClientID: "1", Text: "Grüezi"}}
		o := must(w.b.Open(t.Context(), opening))
		id := o.Conversation.ID
		room := w.delivered(id).Room
		for range 2 {
			if err := w.b.Forget(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		w.await("told once", func() bool {
			said := w.hs.said(room)
			return len(said) == 2 && strings.HasSuffix(said[1], "von seinem oder ihrem Gerät gelöscht. Er kann nicht wieder aufgenommen werden.")
		})
		if _, err := w.b.Authorize(t.Context(), id, o.Token); !errors.Is(err, bridge.ErrUnauthorized) {
			t.Errorf("the token: %v", err)
		}
		if _, err := w.b.Open(t.Context(), opening); !errors.Is(err, bridge.ErrOver) {
			t.Errorf("the opening again: %v", err)
		}
		if _, err := w.b.Reopen(t.Context(), id); !errors.Is(err, bridge.ErrConversationClosed) {
			t.Errorf("reopened: %v", err)
		}
		if c := w.look(id); c.State != bridge.Closed || !c.Life.DueAt.Equal(at("10.00.00")) || len(w.history(id)) != 1 {
			t.Errorf("the clerks' side: %+v", c)
		}
	})
}

func TestRating(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newDesk(t, url)
		good := bridge.Rating{Score: 4, Comment: "Danke,\nrasch"}
		if err := w.b.Rate(t.Context(), w.c.ID, good); !errors.Is(err, bridge.ErrNotClosed) {
			t.Errorf("before the end: %v", err)
		}
		w.writes(keller, "!zu")
		for _, r := range []bridge.Rating{{Score: 0}, {Score: 6}, {Score: 3, Comment: strings.Repeat("x", bridge.MaxComment+1)}, {Score: 3, Comment: "\x00"}} {
			var wrong *bridge.InvalidError
			if err := w.b.Rate(t.Context(), w.c.ID, r); !errors.As(err, &wrong) {
				t.Errorf("%+v: %v", r, err)
			}
		}
		for range 2 { // the answer to the first one was lost
			if err := w.b.Rate(t.Context(), w.c.ID, good); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.b.Rate(t.Context(), w.c.ID, bridge.Rating{Score: 1}); !errors.Is(err, bridge.ErrRated) {
			t.Errorf("another one: %v", err)
		}
		w.isTold(1, "⭐ Bewertung: 4 von 5\n«Danke,\nrasch»")
		w.looked()
		w.isTold(1, "⭐")
	})
}
