package bridge_test

import (
	"testing"
	"time"

	"schalter/bridge"
)

// A bridge dies while the homeserver works on a send. Its successor can't know what came of it.
func TestCrashWithASendInFlight(t *testing.T) {
	t.Parallel()
	for name, acts := range map[string]bool{"homeserver acts": true, "homeserver does not act": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hs.forgets = true
			c := w.opened("1")
			never := make(chan struct{})
			f := fate{hold: never, err: bridge.ErrUnanswered}
			w.hs.script("Send", f)
			m := w.say(c.ID, "2")
			w.awaitBegun("Send", c.Room, 2)
			w.inPhase(m.ID, bridge.Trying)
			w.crash()
			if acts {
				w.hs.acted(c, m)
			}
			w.run()
			w.say(c.ID, "3")
			// The successor doesn't know, so it asks: no send before the barrier's echo.
			b := w.awaitCalls("SendBarrier", c.Room, 1)
			if b.entry != string(m.ID) || len(w.hs.did("Send", c.Room)) != 2 {
				t.Errorf("barrier %+v after %d sends", b, len(w.hs.did("Send", c.Room)))
			}
			w.sync()
			w.delivered(c.ID)
			w.wantSaid(c.Room, "1", "2", "3")
		})
	}
}

// acted puts the event of a message into the timeline, whose sender never heard of it.
func (h *homeserver) acted(c bridge.Conversation, m bridge.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := h.add(bridge.Event{Room: c.Room, Sender: c.Ghost, Kind: bridge.Echo, Marker: string(m.ID)})
	h.texts[id] = m.Text
}

// A bridge dies after the barrier was committed, before or after it was sent.
func TestCrashBehindABarrier(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]bool{"sent": true, "not sent": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.opened("1")
			w.hs.script("Send", lostBefore)
			barrier := fate{err: bridge.ErrUnanswered, acts: sent}
			w.hs.script("SendBarrier", barrier)
			m := w.say(c.ID, "2")
			w.inPhase(m.ID, bridge.Unsure)
			w.pass(2 * time.Second)
			w.awaitCalls("SendBarrier", c.Room, 1)
			w.crash()
			w.run()
			w.inPhase(m.ID, bridge.Barred)
			if !sent {
				w.sync()
				w.inPhase(m.ID, bridge.Barred)
				w.passUntilCalled("SendBarrier", c.Room, 2, time.Second) // then another is sent
			}
			w.drained()
			w.wantSaid(c.Room, "1", "2")
		})
	}
}

// What a citizen was told is stored is delivered by the next process, also after an orderly end.
func TestStoredMessagesOutliveTheProcess(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*world){"crash": (*world).crash, "orderly end": (*world).leave} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.opened("1")
			w.hs.script("Send", notSent)
			m := w.say(c.ID, "2")
			w.inPhase(m.ID, bridge.Ready)
			for _, text := range []string{"3", "4", "5"} {
				w.say(c.ID, text)
			}
			end(w)
			w.run()
			w.passUntilDelivered(c.ID, time.Second)
			w.wantSaid(c.Room, "1", "2", "3", "4", "5")
		})
	}
}

// An orderly end waits for the call in flight and writes down what came of it.
func TestOrderlyEndWaitsForTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hs.forgets = true
	c := w.opened("1")
	w.hs.script("Send", fate{err: bridge.ErrNotSent, hold: make(chan struct{})}) // ends with the context
	m := w.say(c.ID, "2")
	w.awaitBegun("Send", c.Room, 2)
	w.leave()
	w.run()
	e := w.inPhase(m.ID, bridge.Unsure)
	if e.Attempts != 1 {
		t.Errorf("the attempt was not written down: %+v", e)
	}
	w.passUntilCalled("SendBarrier", c.Room, 1, 100*time.Millisecond) // counted from the start
	w.sync()
	w.delivered(c.ID)
	w.wantSaid(c.Room, "1", "2")
}

// The database goes away between the homeserver's act and the record of it.
func TestHomeserverHasActedAndTheDatabaseIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hs.forgets = true
	c := w.opened("1")
	answer := make(chan struct{})
	w.hs.script("Send", fate{hold: answer})
	w.say(c.ID, "2")
	w.say(c.ID, "3")
	w.awaitBegun("Send", c.Room, 2)
	_ = w.db.Close()
	close(answer)
	w.await("acted", func() bool { return len(w.hs.said(c.Room)) == 2 })
	w.stop()
	w.run()
	w.sync()
	w.delivered(c.ID)
	w.wantSaid(c.Room, "1", "2", "3")
}
