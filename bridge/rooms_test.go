package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"schalter/bridge"
)

func TestTakenAliasRenumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	taken := fate{err: fmt.Errorf("room in use: %w", bridge.ErrAliasTaken)}
	w.hs.script("OpenRoom", taken, taken)
	c := w.open(hunde, "1")
	for n := range 2 {
		w.awaitCalls("OpenRoom", "", n+1)
		w.await("renumbered", func() bool { return w.look(c.ID).Number == c.Number+int64(n)+1 })
		// The pause before the next attempt begins somewhat after the new number is there.
		w.passUntil("next attempt", time.Second, func() bool {
			return len(w.hs.did("OpenRoom", "")) > n+1
		})
	}
	c = w.delivered(c.ID)
	calls := w.hs.did("OpenRoom", "")
	if calls[0].number+2 != calls[2].number || c.Number != calls[2].number {
		t.Errorf("opened as %+v, conversation has %d", calls, c.Number)
	}
	w.wantSaid(c.Room, "1")
	if next := w.opened("1"); next.Number <= c.Number {
		t.Errorf("number %d after %d", next.Number, c.Number)
	}
}

// createRoom was answered late, or twice: the second room for a conversation is left.
func TestSecondRoomIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("1")
	w.hs.say(bridge.Event{Room: "!second", Sender: w.hs.BotID(), Kind: bridge.RoomCreated, Owner: bridge.RoomOwner{Conversation: c.ID}})
	w.hs.say(bridge.Event{Room: c.Room, Sender: w.hs.BotID(), Kind: bridge.RoomCreated, Owner: bridge.RoomOwner{Conversation: c.ID}})
	w.hs.say(bridge.Event{Room: "!foreign", Sender: w.hs.BotID(), Kind: bridge.RoomCreated, Owner: bridge.RoomOwner{Conversation: "of another database"}})
	w.hs.say(bridge.Event{Room: "!lobby2", Sender: w.hs.BotID(), Kind: bridge.RoomCreated, Owner: bridge.RoomOwner{Area: hunde, Part: bridge.Lobby}})
	w.sync()
	w.awaitCalls("LeaveRoom", "!second", 1)
	w.awaitCalls("LeaveRoom", "!lobby2", 1)
	w.settled()
	if got := w.hs.did("LeaveRoom", ""); len(got) != 2 {
		t.Errorf("left %+v", got)
	}
	if got := w.look(c.ID); got.Room != c.Room {
		t.Errorf("served by %s, before by %s", got.Room, c.Room)
	}
}

// A room that looked like the second one serves after all: the alias decides, when the owner's
// room is completed. It is not left.
func TestRoomThatServesAfterAllIsNotLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hs.script("OpenRoom", lostAfter, notSent)
	c := w.open(hunde, "1")
	w.awaitCalls("OpenRoom", "", 1)
	owner := bridge.RoomOwner{Conversation: c.ID}
	w.hs.mu.Lock() // /sync shows another room of the same owner first
	last := len(w.hs.timeline) - 1
	right := w.hs.timeline[last]
	w.hs.timeline[last] = bridge.Event{ID: "$other", Room: "!other", Sender: w.hs.BotID(), Kind: bridge.RoomCreated, Owner: owner}
	w.hs.timeline = append(w.hs.timeline, right)
	w.hs.mu.Unlock()
	w.sync()
	if got := w.look(c.ID).Room; got != "!other" {
		t.Fatalf("adopted %s", got)
	}
	w.passUntilCalled("OpenRoom", "!other", 1, 100*time.Millisecond)
	if got := w.hs.did("LeaveRoom", ""); len(got) != 0 {
		t.Fatalf("left before the owner's room is complete: %+v", got)
	}
	w.hs.script("OpenRoom", fate{err: fmt.Errorf("alias leads elsewhere: %w", bridge.ErrRoomBroken)})
	w.passUntilDelivered(c.ID, time.Second)
	if got := w.look(c.ID).Room; got != right.Room {
		t.Errorf("served by %s, want %s", got, right.Room)
	}
	w.passUntilCalled("LeaveRoom", "!other", 1, time.Second)
	w.settled()
	if got := w.hs.did("LeaveRoom", right.Room); len(got) != 0 {
		t.Error("the room that serves was left")
	}
}

// The room came to exist and the answer was lost; /sync shows it before the repeat.
func TestRoomIsAdoptedFromSync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hs.script("OpenRoom", lostAfter)
	c := w.open(hunde, "1")
	w.awaitCalls("OpenRoom", "", 1)
	w.sync()
	room := w.look(c.ID).Room
	if room == "" {
		t.Fatal("room not adopted")
	}
	w.passUntil("repeat", 100*time.Millisecond, func() bool {
		return len(w.hs.did("OpenRoom", room)) == 1
	})
	if again := w.hs.did("OpenRoom", room)[0]; !again.retry {
		t.Error("the repeat does not know that it is one")
	}
	c = w.delivered(c.ID)
	if c.Room != room {
		t.Errorf("served by %s, adopted %s", c.Room, room)
	}
	w.wantSaid(room, "1")
}

func TestRoomIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.hs.made()
	w.hs.script("OpenRoom", lostAfter, lostBefore, notSent, lostAfter)
	c := w.open(hunde, "1")
	w.passUntilDelivered(c.ID, time.Second)
	if made := w.hs.made() - before; made != 1 {
		t.Errorf("%d rooms for one conversation", made)
	}
	w.wantSaid(w.look(c.ID).Room, "1")
}

func TestBrokenRoomIsAbandoned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	broken := fmt.Errorf("no power levels: %w", bridge.ErrRoomBroken)
	w.hs.script("OpenRoom", lostAfter)
	c := w.open(hunde, "1")
	w.awaitCalls("OpenRoom", "", 1)
	w.sync()
	half := w.look(c.ID).Room
	w.say(c.ID, "2") // said while the half room seemed to serve
	w.hs.script("OpenRoom", fate{err: broken})
	w.passUntil("repeat", 100*time.Millisecond, func() bool {
		return len(w.hs.did("OpenRoom", half)) == 1
	})
	w.hs.mu.Lock()
	clear(w.hs.aliases) // the adapter has taken the alias off the broken room
	w.hs.mu.Unlock()
	w.passUntilDelivered(c.ID, time.Second)
	c = w.look(c.ID)
	if c.Room == half || c.Room == "" {
		t.Errorf("served by %q, broken is %q", c.Room, half)
	}
	w.wantSaid(c.Room, "1", "2")
	w.passUntilCalled("LeaveRoom", half, 1, time.Second) // only when the other is complete
	if got := w.hs.did("LeaveRoom", c.Room); len(got) != 0 {
		t.Error("the room that serves was left")
	}
}

// A citizen writes while the homeserver is away: nothing is lost, and it is said.
func TestConversationsWaitForTheirArea(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hs.mu.Lock()
	w.hs.fate = func(call) fate { return notSent }
	w.hs.mu.Unlock()
	c := w.open(hunde, "1")
	w.say(c.ID, "2")
	w.await("said to be delayed", w.b.Delayed)
	if s, err := w.b.Look(context.Background(), c.ID); err != nil || !s.Delayed || s.Position != 1 || s.Conversation.DeliveredSeq != 0 {
		t.Errorf("snapshot %+v %v", s, err)
	}
	w.hs.mu.Lock()
	w.hs.fate = nil
	w.hs.mu.Unlock()
	w.passUntilDelivered(c.ID, time.Second)
	if w.b.Delayed() {
		t.Error("still said to be delayed")
	}
	w.wantSaid(w.look(c.ID).Room, "1", "2")
}

func TestUnknownAreaOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.b.Open(context.Background(), bridge.Opening{Area: "nirgends", Language: "de"})
	if !errors.Is(err, bridge.ErrUnknownArea) {
		t.Errorf("error %v", err)
	}
}
