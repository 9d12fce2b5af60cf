package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"schalter/bridge"
)

// Fates of a call.
var (
	notSent    = fate{err: fmt.Errorf("connection refused: %w", bridge.ErrNotSent)}
	lostBefore = fate{err: fmt.Errorf("timeout: %w", bridge.ErrUnanswered)}
	lostAfter  = fate{err: fmt.Errorf("timeout: %w", bridge.ErrUnanswered), acts: true}
	unknown    = fate{err: errors.New("something that wraps nothing"), acts: true}
	refused    = fate{err: fmt.Errorf("too large: %w", bridge.ErrRefused)}
	forbidden  = fate{err: fmt.Errorf("not in the room: %w", bridge.ErrForbidden)}
)

// retryAfter is what a homeserver answers that wants to be left alone for a while.
type retryAfter time.Duration

func (r retryAfter) Error() string             { return "slow down" }
func (r retryAfter) Unwrap() error             { return bridge.ErrNotSent }
func (r retryAfter) RetryAfter() time.Duration { return time.Duration(r) }

func TestMessagesReachTheRoomInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.open(hunde, "1")
	for n := 2; n <= 20; n++ {
		w.say(c.ID, fmt.Sprint(n))
	}
	c = w.delivered(c.ID)
	want := []string{}
	for n := 1; n <= 20; n++ {
		want = append(want, fmt.Sprint(n))
	}
	w.wantSaid(c.Room, want...)
	w.sync() // the echoes come after the answers
	w.wantSaid(c.Room, want...)
	events := map[bridge.EventID]bool{}
	for i, m := range w.history(c.ID) {
		if m.Seq != int64(i+1) || m.Text != want[i] || m.Event == "" || events[m.Event] {
			t.Errorf("message %d: %+v", i+1, m)
		}
		events[m.Event] = true
	}
	for _, call := range w.hs.did("Send", c.Room) {
		if call.as != c.Ghost {
			t.Errorf("sent as %s, want %s", call.as, c.Ghost)
		}
	}
}

func TestNotSentIsRepeatedAfterItsPause(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("1")
	w.hs.script("Send", notSent, notSent)
	m := w.say(c.ID, "2")
	for n, pause := range []time.Duration{500 * time.Millisecond, time.Second} {
		w.awaitCalls("Send", c.Room, 2+n)
		e := w.inPhase(m.ID, bridge.Ready)
		if got := e.DueAt.Sub(w.clock()); got != pause || e.Attempts != n+1 {
			t.Errorf("pause %d: %s after %d attempts, want %s", n+1, got, e.Attempts, pause)
		}
		w.pass(pause - time.Millisecond)
		w.settled()
		if calls := len(w.hs.did("Send", c.Room)); calls != 2+n {
			t.Fatalf("repeated before its pause: %d calls", calls)
		}
		w.pass(time.Millisecond)
	}
	w.delivered(c.ID)
	w.wantSaid(c.Room, "1", "2")
	if got := len(w.hs.did("SendBarrier", "")); got != 0 {
		t.Errorf("%d barriers for what was certainly not sent", got)
	}
}

func TestPauseThatTheHomeserverAsksFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("1")
	w.hs.script("Send", fate{err: retryAfter(time.Minute)})
	m := w.say(c.ID, "2")
	w.awaitCalls("Send", c.Room, 2)
	if e := w.inPhase(m.ID, bridge.Ready); e.DueAt.Sub(w.clock()) != time.Minute {
		t.Errorf("due in %s, want a minute", e.DueAt.Sub(w.clock()))
	}
}

func TestPauseIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("1")
	const times = 12
	for range times {
		w.hs.script("Send", notSent)
	}
	m := w.say(c.ID, "2")
	for n := 1; n <= times; n++ {
		w.await("attempt settled", func() bool {
			e, _ := w.entry(m.ID)
			return e.Attempts == n && e.Phase == bridge.Ready
		})
		if e, _ := w.entry(m.ID); e.DueAt.Sub(w.clock()) > 16*time.Second {
			t.Fatalf("pause %d: %s", n, e.DueAt.Sub(w.clock()))
		}
		w.pass(16 * time.Second)
	}
	w.delivered(c.ID)
}

func TestUnansweredIsNotRepeatedBeforeTheBarriersEcho(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hs.forgets = true // a repeat of what was taken would show
	c := w.opened("1")
	w.hs.script("Send", lostBefore)
	m := w.say(c.ID, "2")
	w.say(c.ID, "3")
	w.inPhase(m.ID, bridge.Unsure)
	w.pass(2*time.Second - time.Millisecond)
	w.settled()
	if got := len(w.hs.did("SendBarrier", "")); got != 0 {
		t.Fatal("barrier before the echo had its time")
	}
	w.pass(time.Millisecond)
	first := w.awaitCalls("SendBarrier", c.Room, 1)
	if first.as != c.Ghost || first.entry != string(m.ID) {
		t.Errorf("barrier %+v", first)
	}
	w.pass(25 * time.Second) // Patience.Barrier
	second := w.awaitCalls("SendBarrier", c.Room, 2)
	if second.nonce == first.nonce {
		t.Error("two barriers with one nonce")
	}
	w.inPhase(m.ID, bridge.Barred)
	w.settled()
	if got := len(w.hs.did("Send", c.Room)); got != 2 {
		t.Fatalf("%d sends before the barrier's echo, want 2", got)
	}
	w.sync()
	w.delivered(c.ID)
	w.wantSaid(c.Room, "1", "2", "3")
	sends := w.hs.did("Send", c.Room)
	if sends[1].entry != sends[2].entry || sends[2].entry != string(m.ID) {
		t.Errorf("repeated with another transaction ID: %+v", sends)
	}
}

func TestEchoConfirmsWhatWasNotAnswered(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fate{"unanswered": lostAfter, "unknown error": unknown} {
		for _, barred := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", barred ", barred), func(t *testing.T) {
				w := newWorld(t)
				w.hs.forgets = true
				c := w.opened("1")
				w.hs.script("Send", f)
				m := w.say(c.ID, "2")
				w.say(c.ID, "3")
				w.inPhase(m.ID, bridge.Unsure)
				if barred {
					w.pass(2 * time.Second)
					w.awaitCalls("SendBarrier", c.Room, 1)
				}
				w.sync()
				c = w.delivered(c.ID)
				w.wantSaid(c.Room, "1", "2", "3")
				if got := len(w.hs.did("Send", c.Room)); got != 3 {
					t.Errorf("%d sends for 3 messages", got)
				}
				if h := w.history(c.ID); h[1].Event == "" || h[1].Failed {
					t.Errorf("message %+v", h[1])
				}
			})
		}
	}
}

// The echo overtakes the answer to the send: the second to come does nothing.
func TestEchoBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hs.forgets = true
	c := w.opened("1")
	answer := make(chan struct{})
	w.hs.script("Send", fate{hold: answer})
	m := w.say(c.ID, "2")
	w.awaitBegun("Send", c.Room, 2)
	w.hs.say(bridge.Event{Room: c.Room, Sender: c.Ghost, Kind: bridge.Echo, Marker: string(m.ID)})
	w.sync()
	w.delivered(c.ID)
	w.say(c.ID, "3")
	w.delivered(c.ID) // the held call does not stop the next
	close(answer)
	w.await("held call answered", func() bool { return len(w.hs.said(c.Room)) == 3 })
	w.sync()
	w.settled()
	if got := len(w.hs.did("Send", c.Room)); got != 3 {
		t.Errorf("%d sends, want 3", got)
	}
	if h := w.history(c.ID); len(h) != 3 || w.look(c.ID).DeliveredSeq != 3 {
		t.Errorf("history %+v", h)
	}
}

func TestRefusedIsSetAsideAndTheNextGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("1")
	w.hs.script("Send", refused)
	w.say(c.ID, "2")
	w.say(c.ID, "3")
	c = w.delivered(c.ID)
	w.wantSaid(c.Room, "1", "3")
	if h := w.history(c.ID); !h[1].Failed || h[1].Event != "" || h[0].Failed || h[2].Failed {
		t.Errorf("history %+v", h)
	}
	if got, err := w.db.CountSetAside(context.Background()); err != nil || got["refused_by_homeserver"] != 1 {
		t.Errorf("set aside: %v %v", got, err)
	}
}

func TestForbiddenMendsTheRoomAndRepeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("1")
	w.hs.script("Send", forbidden)
	w.hs.drifted(c.Room, bridge.MemberDrifted)
	m := w.say(c.ID, "2")
	mending := w.awaitCalls("OpenRoom", c.Room, 1) // with a room: not the first opening
	if !mending.retry {
		t.Error("the room is not looked at as one that may be there")
	}
	w.inPhase(m.ID, bridge.Ready)
	w.pass(time.Second)
	w.delivered(c.ID)
	w.wantSaid(c.Room, "1", "2")
}

func TestForbiddenBarrierMendsTheRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("1")
	w.hs.script("Send", lostBefore)
	w.hs.script("SendBarrier", forbidden)
	w.hs.drifted(c.Room, bridge.MemberDrifted)
	m := w.say(c.ID, "2")
	w.inPhase(m.ID, bridge.Unsure)
	w.pass(2 * time.Second)
	w.awaitCalls("OpenRoom", c.Room, 1)
	w.inPhase(m.ID, bridge.Barred)
	w.passUntilCalled("SendBarrier", c.Room, 2, time.Second) // its pause begins after the mending
	w.sync()
	w.delivered(c.ID)
	w.wantSaid(c.Room, "1", "2")
}

func TestUnansweredNoticeIsFollowedUpByTheBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hs.forgets = true
	rooms, err := w.db.AreaRooms(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	lobby := rooms[1].Lobby // of "hunde"
	w.hs.script("Notice", lostAfter)
	c := w.opened("1")
	w.awaitCalls("Notice", lobby, 1)
	w.passUntil("barrier", 500*time.Millisecond, func() bool {
		return len(w.hs.did("SendBarrier", lobby)) > 0
	})
	if b := w.hs.did("SendBarrier", lobby)[0]; b.as != w.hs.BotID() {
		t.Errorf("barrier as %s", b.as)
	}
	w.sync()
	if got := w.look(c.ID).Notice; got == "" {
		t.Error("the notice's echo did not confirm it")
	}
	if got := len(w.hs.said(lobby)); got != 1 {
		t.Errorf("%d notices in the lobby", got)
	}
}

func TestBrowsersAreToldOfDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.open(hunde, "1")
	w.delivered(c.ID)
	w.await("told of opening and delivery", func() bool { return w.told.times(c.ID) >= 2 })
}
