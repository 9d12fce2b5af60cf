package bridge_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"schalter/bridge"
)

func TestClerksTypingReachesTheCitizen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	w.sync()
	types := func(room bridge.RoomID, users ...bridge.UserID) {
		w.b.ShowTyping(context.Background(), map[bridge.RoomID][]bridge.UserID{room: users})
	}
	want := func(names ...string) {
		t.Helper()
		if got := w.told.typing(c.ID); !slices.Equal(got, names) {
			t.Errorf("browsers were told %q, want %q", got, names)
		}
	}
	want()
	types(c.Room, meier, nobody) // nobody of those who serve the citizen
	types("!nowhere", keller)
	want("")
	types(c.Room, meier, keller)
	types(c.Room)
	want("", "Frau Keller", "")
	types(c.Room, keller)
	w.hs.say(clerkText(c.Room, keller, "Antwort"))
	w.sync() // the text ends it
	want("", "Frau Keller", "", "Frau Keller", "")
	w.stop() // nobody else tells the browsers anything from here on
	before := w.told.times(c.ID)
	types(c.Room, keller)
	if w.told.times(c.ID) != before {
		t.Error("typing has streams read the store")
	}
}

// A batch that holds more shows who is typing after its commit.
func TestTypingComesWithOtherNews(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	w.sync()
	lease, _, err := w.b.TakeSync(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	batch := bridge.Batch{Lease: lease, Next: lease.Since, Typing: map[bridge.RoomID][]bridge.UserID{c.Room: {keller}}}
	if batch.Durable() {
		t.Error("typing alone needs no commit")
	}
	batch.Receipts = []bridge.Receipt{{Room: c.Room, User: keller}}
	if !batch.Durable() || !(bridge.Batch{Events: make([]bridge.Event, 1)}).Durable() || !(bridge.Batch{Names: map[bridge.UserID]string{keller: ""}}).Durable() {
		t.Error("events, names and receipts need a commit")
	}
	if err := w.b.FromMatrix(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
	if got := w.told.typing(c.ID); !slices.Equal(got, []string{"Frau Keller"}) {
		t.Errorf("browsers were told %q", got)
	}
	batch.Lease.Generation-- // another replica reads: nothing of it is shown
	if err := w.b.FromMatrix(context.Background(), batch); err == nil {
		t.Error("a lost lease can commit")
	}
	if got := w.told.typing(c.ID); len(got) != 1 {
		t.Errorf("browsers were told %q", got)
	}
}

func TestCitizensTypingIsToldSparingly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	waiting := w.open(hunde, "Frage")
	for _, c := range []bridge.Conversation{waiting, {ID: waiting.ID, Room: "!room", DeliveredSeq: 1, State: bridge.Closed}, {ID: waiting.ID, Room: "!room"}} {
		w.b.TypingByCitizen(c, true) // no room, or none that may be told
	}
	c := w.delivered(waiting.ID)
	w.b.TypingByCitizen(c, false) // was never begun
	w.b.TypingByCitizen(c, true)
	if got := w.awaitCalls("SetTyping", c.Room, 1); got.as != c.Ghost || got.lasts < 5*time.Second {
		t.Errorf("told as %s for %s", got.as, got.lasts)
	}
	lasts := w.hs.did("SetTyping", c.Room)[0].lasts
	w.b.TypingByCitizen(c, true)
	w.pass(4 * time.Second)
	w.b.TypingByCitizen(c, true)
	w.pass(4 * time.Second)
	w.b.TypingByCitizen(c, true)
	if got := w.awaitCalls("SetTyping", c.Room, 2); got.lasts != lasts {
		t.Errorf("told for %s, want %s", got.lasts, lasts)
	}
	w.b.TypingByCitizen(c, false)
	if got := w.awaitCalls("SetTyping", c.Room, 3); got.lasts != 0 {
		t.Errorf("the end lasts %s", got.lasts)
	}
	w.b.TypingByCitizen(c, false)
	w.pass(time.Hour)
	w.b.TypingByCitizen(c, true)
	w.awaitCalls("SetTyping", c.Room, 4)
	if calls := w.hs.did("SetTyping", ""); len(calls) != 4 {
		t.Errorf("told %d times, want 4", len(calls))
	}
}

// A homeserver that does not answer holds up nobody: what it can't be told is dropped and counted.
func TestTypingNeverBlocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	hold := make(chan struct{})
	defer close(hold)
	w.hs.mu.Lock()
	w.hs.fate = func(c call) fate {
		if c.method == "SetTyping" {
			return fate{hold: hold}
		}
		return fate{}
	}
	w.hs.mu.Unlock()
	for n := range 100 {
		w.b.TypingByCitizen(c, n%2 == 0)
	}
	if w.b.TypingDropped() == 0 {
		t.Error("nothing was dropped")
	}
	w.say(c.ID, "geht-durch")
	w.delivered(c.ID)
	w.hs.mu.Lock()
	w.hs.fate = nil
	w.hs.mu.Unlock()
}

func TestTypingThatFailsIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	w.hs.script("SetTyping", fate{err: bridge.ErrForbidden})
	w.b.TypingByCitizen(c, true)
	w.await("counted", func() bool { return w.b.TypingDropped() == 1 })
	if calls := w.hs.did("SetTyping", ""); len(calls) != 1 {
		t.Errorf("told %d times, want once", len(calls))
	}
}
