package bridge_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"schalter/bridge"
)

var worlds atomic.Int64

// Whatever the homeserver loses and whenever the bridge dies: each message that a citizen was told
// is stored stands in the room exactly once, in order.
//
// A homeserver that forgets transaction IDs acts at once or never; one that acts late remembers
// them. No rule could hold against one that does both.
func TestDeliveryExactlyOnceInOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorldIn(t, filepath.Join(dir, fmt.Sprint(worlds.Add(1), ".db")))
		defer w.crash()
		w.hs.forgets = rapid.Bool().Draw(t, "forgets")
		fates := []fate{{}, {}, notSent, lostBefore, lostAfter, unknown}
		if !w.hs.forgets {
			fates = append(fates, fate{err: bridge.ErrUnanswered, later: true})
		}
		draw := rapid.SampledFrom(fates)
		said := map[bridge.ConversationID][]string{}
		var open []bridge.ConversationID
		steps := rapid.IntRange(5, 25).Draw(t, "steps")
		for step := range steps {
			text := fmt.Sprint("message-", step)
			switch rapid.SampledFrom([]string{"open", "say", "say", "say", "fate", "fate", "pass", "sync", "late", "crash", "end"}).Draw(t, "step") {
			case "open":
				if len(open) < 3 {
					c := w.open(hunde, text)
					open = append(open, c.ID)
					said[c.ID] = []string{text}
				}
			case "say":
				if len(open) > 0 {
					id := rapid.SampledFrom(open).Draw(t, "conversation")
					w.say(id, text)
					said[id] = append(said[id], text)
				}
			case "fate":
				method := rapid.SampledFrom([]string{"Send", "Send", "Send", "SendBarrier", "OpenRoom", "Notice"}).Draw(t, "method")
				f := draw.Draw(t, "fate")
				if f.later && method == "OpenRoom" {
					f = lostAfter // a room that comes late is another story
				}
				w.hs.script(method, f)
			case "pass":
				w.pass(time.Duration(rapid.IntRange(100, 6000).Draw(t, "ms")) * time.Millisecond)
			case "sync":
				if err := w.trySync(rapid.IntRange(1, 5).Draw(t, "events")); err != nil {
					t.Fatalf("sync: %v", err)
				}
			case "late":
				w.hs.actLate()
			case "crash":
				w.crash()
				w.run()
			case "end":
				w.leave()
				w.run()
			}
			if rapid.IntRange(0, 3).Draw(t, "hurry") > 0 {
				w.await("outbox at rest", func() bool { return !slices.ContainsFunc(open, w.busy) })
			}
		}
		w.hs.heal()
		w.await("everything delivered", func() bool {
			w.pass(time.Second)
			w.sync()
			return !slices.ContainsFunc(open, func(id bridge.ConversationID) bool {
				c := w.look(id)
				return c.DeliveredSeq < c.LastSeq || c.Notice == ""
			})
		})
		w.hs.actLate() // what is still on its way must not make a second event
		for _, id := range open {
			w.wantSaid(w.look(id).Room, said[id]...)
			events := map[bridge.EventID]bool{}
			for _, m := range w.history(id) {
				if m.Event == "" || events[m.Event] || m.Failed {
					t.Errorf("message %+v", m)
				}
				events[m.Event] = true
			}
		}
		if got := w.hs.announced(""); got != len(open) {
			t.Errorf("%d notices for %d conversations", got, len(open))
		}
	})
}

// busy reports whether the outbox has something to do for a conversation now.
func (w *world) busy(id bridge.ConversationID) bool {
	w.t.Helper()
	if c := w.look(id); c.DeliveredSeq == c.LastSeq {
		return false
	}
	var e bridge.Entry
	err := w.db.Update(context.Background(), func(tx bridge.Tx) (err error) {
		e, err = tx.InFlight("conversation:" + string(id))
		return err
	})
	return err != nil || e.Phase == bridge.Trying || !e.DueAt.After(w.clock())
}

// heal ends all faults; what acts late does so now.
func (h *homeserver) heal() {
	h.mu.Lock()
	clear(h.scripts)
	h.mu.Unlock()
}

// announced counts the notices of waiting chats, in one room if it is not empty.
func (h *homeserver) announced(room bridge.RoomID) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, ev := range h.timeline {
		if strings.HasPrefix(h.texts[ev.ID], "🟡") && (room == "" || ev.Room == room) {
			n++
		}
	}
	return n
}
