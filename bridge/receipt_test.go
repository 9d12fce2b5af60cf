package bridge_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"schalter/bridge"
)

// reads has users say that they have read a room up to an event, as /sync would.
func (w *world) reads(room bridge.RoomID, event bridge.EventID, users ...bridge.UserID) {
	w.t.Helper()
	lease, _, err := w.b.TakeSync(context.Background())
	if err != nil {
		w.t.Fatalf("take sync: %v", err)
	}
	batch := bridge.Batch{Lease: lease, Next: lease.Since}
	for _, u := range users {
		batch.Receipts = append(batch.Receipts, bridge.Receipt{Room: room, Event: event, User: u})
	}
	if err := w.b.FromMatrix(context.Background(), batch); err != nil {
		w.t.Fatalf("sync: %v", err)
	}
}

func (w *world) wantRead(id bridge.ConversationID, want int64) {
	w.t.Helper()
	if got := w.look(id).ReadSeq; got != want {
		w.t.Errorf("read up to %d, want %d", got, want)
	}
}

func TestClerksReadingReachesTheCitizen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("eins")
	w.say(c.ID, "zwei")
	w.delivered(c.ID)
	w.sync()
	topic := w.hs.say(bridge.Event{Room: c.Room, Sender: w.hs.BotID(), Kind: bridge.Other})
	w.sync()
	w.say(c.ID, "drei")
	w.delivered(c.ID)
	third := w.history(c.ID)[2].Event

	w.reads(c.Room, topic, meier, nobody, "")
	w.reads("!nowhere", topic, keller)
	w.reads(c.Room, "$never\x00taken", keller)
	w.wantRead(c.ID, 0)
	// The answer of the homeserver has come, the echo has not: nobody can say where it stands.
	w.reads(c.Room, third, keller)
	w.wantRead(c.ID, 0)
	w.stop() // nobody else tells the browsers anything from here on
	before := w.told.times(c.ID)
	w.reads(c.Room, topic, keller)
	w.wantRead(c.ID, 2)
	if w.told.times(c.ID) != before+1 {
		t.Error("browsers were not told once")
	}
	w.sync()
	w.reads(c.Room, third, meier, keller)
	w.wantRead(c.ID, 3)
	w.reads(c.Room, topic, keller) // it never falls
	w.wantRead(c.ID, 3)
	if w.told.times(c.ID) > before+3 {
		t.Error("browsers were told of what they know")
	}
	w.crash()
	w.run()
	w.wantRead(c.ID, 3)
}

func TestWhoWritesHasReadWhatStandsBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("eins")
	w.hs.say(clerkText(c.Room, keller, "Antwort"))
	w.say(c.ID, "zwei")
	w.await("delivered", func() bool { return w.look(c.ID).DeliveredSeq == 2 })
	w.sync() // the answer stands before the second message, which is delivered by now
	w.wantRead(c.ID, 1)
	w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.ClerkJoined})
	w.hs.say(clerkText(c.Room, meier, "falsche Stelle"))
	w.sync()
	w.wantRead(c.ID, 1)
	w.hs.say(clerkText(c.Room, keller, "noch eine"))
	w.sync()
	w.wantRead(c.ID, 2)
}

// read is what the citizen's browser tells.
func (w *world) read(id bridge.ConversationID, seq int64) {
	w.t.Helper()
	if err := w.b.ReadByCitizen(context.Background(), w.look(id), seq); err != nil {
		w.t.Fatalf("read: %v", err)
	}
}

func TestCitizensReadingMovesTheGhostsReceipt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	w.read(c.ID, 1) // nobody has answered: there is nothing to stand at
	w.await("nothing left to do", func() bool {
		pending, err := w.db.Pending(context.Background(), "receipt:"+string(c.ID), bridge.MoveReceipt)
		return err == nil && !pending
	})
	var answers []bridge.EventID
	for n := range 3 {
		answers = append(answers, w.hs.say(clerkText(c.Room, keller, strconv.Itoa(n))))
	}
	w.sync()
	w.read(c.ID, 3)
	if got := w.awaitCalls("MoveReceipt", c.Room, 1); got.event != answers[1] || got.as != c.Ghost {
		t.Errorf("the receipt went as %s to %s, want %s", got.as, got.event, answers[1])
	}
	w.read(c.ID, 3)
	w.read(c.ID, 2)
	w.read(c.ID, 1<<50) // more than there is counts as all there is
	if got := w.awaitCalls("MoveReceipt", c.Room, 2); got.event != answers[2] {
		t.Errorf("the receipt went to %s, want %s", got.event, answers[2])
	}
	if got := w.look(c.ID).CitizenReadSeq; got != 4 {
		t.Errorf("read up to %d, want 4", got)
	}
	w.settled()
	if calls := w.hs.did("MoveReceipt", ""); len(calls) != 2 {
		t.Errorf("%d receipts, want 2", len(calls))
	}
}

// What is read while the receipt is under way is told after it, and however often only once more.
func TestReceiptsAreCoalesced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	for n := range 5 {
		w.hs.say(clerkText(c.Room, keller, strconv.Itoa(n)))
	}
	w.sync()
	hold := make(chan struct{})
	w.hs.script("MoveReceipt", fate{hold: hold})
	w.read(c.ID, 2)
	w.awaitBegun("MoveReceipt", c.Room, 1)
	for seq := int64(3); seq <= 6; seq++ {
		w.read(c.ID, seq)
	}
	w.say(c.ID, "steht-nicht-im-Weg")
	w.arrived(c.ID)
	close(hold)
	h := w.history(c.ID)
	if got := w.awaitCalls("MoveReceipt", c.Room, 2); got.event != h[5].Event {
		t.Errorf("the receipt went to %s, want %s", got.event, h[5].Event)
	}
	w.settled()
	if calls := w.hs.did("MoveReceipt", ""); len(calls) != 2 {
		t.Errorf("%d receipts, want 2", len(calls))
	}
}

// A receipt that goes unanswered is repeated, also by the next process; one that is refused is left.
func TestReceiptsAfterFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	w.hs.say(clerkText(c.Room, keller, "eins"))
	w.hs.say(clerkText(c.Room, keller, "zwei"))
	w.sync()
	w.hs.script("MoveReceipt", fate{err: bridge.ErrUnanswered, acts: true}, fate{hold: make(chan struct{})})
	w.read(c.ID, 2)
	w.passUntil("the second try", time.Second, func() bool { return len(w.hs.did("MoveReceipt", c.Room)) == 2 })
	w.crash()
	w.hs.script("MoveReceipt", fate{}, fate{err: bridge.ErrForbidden})
	w.run()
	w.passUntilCalled("MoveReceipt", c.Room, 3, time.Second)
	w.read(c.ID, 3)
	w.passUntilCalled("MoveReceipt", c.Room, 4, time.Second)
	w.await("given up", func() bool {
		pending, err := w.db.Pending(context.Background(), "receipt:"+string(c.ID), bridge.MoveReceipt)
		return err == nil && !pending
	})
}
