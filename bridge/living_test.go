package bridge_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

// newQuietDesk is a desk that warns after 20 minutes of silence and closes after 30.
func newQuietDesk(t *testing.T, url string) *desk {
	t.Helper()
	w := &desk{city: newCity(t, url, "09.00.00", func(o *bridge.Options) {
		o.Areas[0].IdleWarning, o.Areas[0].IdleClose = 20*time.Minute, 30*time.Minute
	})}
	w.c = w.opened("Grüezi")
	return w
}

func (w *desk) idleEnds() string {
	s, err := w.b.Look(w.t.(*testing.T).Context(), w.c.ID)
	if err != nil {
		w.t.Fatalf("look: %v", err)
	}
	if s.IdleEndsAt.IsZero() {
		return ""
	}
	return s.IdleEndsAt.In(zurich).Format("15.04.05")
}

func (w *desk) isWarned(until string) {
	w.t.Helper()
	w.await("warned until "+until, func() bool { return w.idleEnds() == until })
}

// looked waits until the core has looked at everything that is due: at another conversation, too,
// which falls due last.
func (w *desk) looked() {
	w.t.Helper()
	ctx := w.t.(*testing.T).Context()
	o, err := w.b.Open(ctx, bridge.Opening{Area: fund, Language: "de"})
	if err == nil {
		err = w.db.Update(ctx, func(tx bridge.Tx) error {
			c, err := tx.LockConversation(o.Conversation.ID)
			if err != nil {
				return err
			}
			c.State, c.Life.DueAt = bridge.Closed, w.clock()
			return tx.SaveConversation(c)
		})
	}
	if err != nil {
		w.t.Fatalf("another conversation: %v", err)
	}
	w.await("a look at what is due", func() bool { return w.look(o.Conversation.ID).Life.Stage == bridge.RoomLeft })
}

func TestSilentCitizenIsWarnedAndClosed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newQuietDesk(t, url)
		w.writes(keller, "Guten-Tag")
		w.jump("09.19.59")
		w.looked()
		if ends := w.idleEnds(); ends != "" {
			t.Errorf("warned too early, until %s", ends)
		}
		w.jump("09.20.00")
		w.isWarned("09.30.00")
		if n := w.told.times(w.c.ID); n == 0 {
			t.Error("browsers were not told")
		}

		// Whatever the citizen does extends it, as often as they like.
		w.jump("09.29.00")
		if err := w.b.Stay(t.Context(), w.c.ID); err != nil {
			t.Fatal(err)
		}
		w.isWarned("")
		w.jump("09.48.59")
		w.looked()
		w.isWarned("")
		w.jump("09.49.00")
		w.isWarned("09.59.00")
		w.say(w.c.ID, "Moment")
		w.delivered(w.c.ID)
		w.isWarned("")
		w.writes(keller, "Gerne")

		w.jump("10.09.00")
		w.isWarned("10.19.00")
		w.idle()
		w.crash() // durable
		w.start()
		w.jump("10.18.59")
		w.looked()
		if s := w.now().State; s != bridge.Active {
			t.Fatalf("%s too early", s)
		}
		w.jump("10.19.00")
		w.isTold(1, "⚪ Der Chat wurde geschlossen, weil seit 9.49 Uhr nichts mehr geschrieben wurde. Der Bürger oder die Bürgerin war gewarnt und kann ihn bis 11.19 Uhr wieder aufnehmen.")
		if c := w.now(); c.State != bridge.Closed || c.Life.ClosedBy != bridge.ByIdle {
			t.Errorf("%+v", c)
		}
		w.isWarned("")
	})
}

// A machine that slept through everything still warns first.
func TestSleepThroughSilence(t *testing.T) {
	t.Parallel()
	w := newQuietDesk(t, newSQLite(t))
	w.writes(keller, "Guten-Tag")
	w.jump("10.00.00")
	w.isWarned("10.10.00")
	if s := w.now().State; s != bridge.Active {
		t.Errorf("%s", s)
	}
}

// A citizen who waits is never put out: the clerk is reminded, once for each silence.
func TestClerkIsReminded(t *testing.T) {
	t.Parallel()
	w := newQuietDesk(t, newSQLite(t))
	w.jump("09.40.00") // nobody has come yet; that is not the clerk's fault
	w.looked()
	w.isTold(0, "⏰")
	w.does(bridge.Event{Sender: keller, Kind: bridge.ClerkJoined})
	w.jump("09.59.59")
	w.looked()
	w.isTold(0, "⏰")
	w.jump("10.00.00")
	w.isTold(1, "⏰ Der Bürger oder die Bürgerin wartet seit 9.40 Uhr auf eine Antwort.")
	w.jump("11.00.00")
	w.looked()
	w.isTold(1, "⏰")
	w.say(w.c.ID, "Hallo")
	w.delivered(w.c.ID)
	w.jump("11.19.30")
	w.looked()
	w.isTold(1, "⏰")
	w.jump("11.20.00")
	w.isTold(2, "⏰")
	if c := w.now(); c.State != bridge.Active || w.idleEnds() != "" {
		t.Errorf("%+v", c)
	}
}

// Who opened a chat and never wrote is not waiting for anybody.
func TestOpenedAndNeverWritten(t *testing.T) {
	t.Parallel()
	w := newQuietDesk(t, newSQLite(t))
	w.c = must(w.b.Open(t.Context(), bridge.Opening{Area: hunde, Language: "de"})).Conversation
	w.jump("09.20.00")
	w.isWarned("09.30.00")
	w.jump("09.30.00")
	w.await("closed", func() bool { return w.now().State == bridge.Closed })
}

func TestEverybodyLeavesTheRoom(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newDesk(t, url)
		room := w.c.Room
		if err := w.b.Close(t.Context(), w.c.ID); err != nil {
			t.Fatal(err)
		}
		w.shows("⚪", false)
		w.jump("09.59.59")
		w.looked()
		if n := len(w.hs.did("EmptyRoom", room)); n != 0 {
			t.Error("emptied too early")
		}
		w.idle()
		w.crash()
		asked := false
		w.hs.mu.Lock()
		w.hs.fate = func(c call) fate {
			if c.method != "EmptyRoom" || c.room != room || asked {
				return fate{}
			}
			asked = true
			return fate{err: fmt.Errorf("away: %w", bridge.ErrUnanswered)}
		}
		w.hs.mu.Unlock()
		w.start()
		w.jump("10.00.00")
		w.passUntilCalled("EmptyRoom", room, 2, time.Second)
		w.jump("12.00.00")
		w.looked()
		if n := len(w.hs.did("EmptyRoom", room)); n != 2 {
			t.Errorf("emptied %d times", n)
		}
		if got := w.history(w.c.ID); len(got) != 2 { // the record stays
			t.Errorf("%d messages", len(got))
		}
	})
}

// The ghost does not go before what the citizen has written is in the room.
func TestRoomWaitsForMessages(t *testing.T) {
	t.Parallel()
	w := newDesk(t, newSQLite(t))
	w.hs.script("Send", fate{err: fmt.Errorf("full: %w", bridge.ErrNotSent)}, fate{err: fmt.Errorf("full: %w", bridge.ErrNotSent)})
	w.say(w.c.ID, "noch-schnell")
	if err := w.b.Close(t.Context(), w.c.ID); err != nil {
		t.Fatal(err)
	}
	w.jump("10.00.00")
	w.passUntilDelivered(w.c.ID, 100*time.Millisecond)
	w.passUntilCalled("EmptyRoom", w.c.Room, 1, time.Second)
	w.hs.mu.Lock()
	defer w.hs.mu.Unlock()
	sends := 0
	for _, c := range w.hs.calls {
		if c.method == "Send" && c.room == w.c.Room {
			sends++
		}
		if c.method == "EmptyRoom" && sends < 4 { // the first message, and three attempts
			t.Errorf("emptied after %d sends", sends)
		}
	}
}

// A homeserver that never lets us leave is not asked for ever.
func TestLeavingEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Grüezi")
	w.hs.mu.Lock()
	w.hs.fate = func(c call) fate {
		if c.method == "LeaveRoom" {
			return fate{err: fmt.Errorf("no: %w", bridge.ErrRefused)}
		}
		return fate{}
	}
	w.hs.mu.Unlock()
	second := bridge.RoomID("!second:example.org")
	if err := w.b.FoundRoom(t.Context(), bridge.RoomOwner{Conversation: c.ID}, second); err != nil {
		t.Fatal(err)
	}
	w.passUntil("given up", 10*time.Second, func() bool {
		f, err := w.db.Figures(t.Context())
		return err == nil && f.SetAside["refused_by_homeserver"] == 1
	})
	if n := len(w.hs.did("LeaveRoom", second)); n != 20 {
		t.Errorf("asked %d times", n)
	}
	if !strings.HasPrefix(string(c.Room), "!") {
		t.Error("the room that serves is gone")
	}
}
