package bridge_test

import (
	"fmt"
	"testing"
	"time"

	"schalter/bridge"
)

func (w *office) snapshot(id bridge.ConversationID) bridge.Snapshot {
	w.t.Helper()
	return must(w.b.Look(w.t.(*testing.T).Context(), id))
}

// The citizen is told the place and, when enough chats of late tell, how long it takes.
func TestExpectedWait(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, func(a *bridge.ServiceArea) {
			a.Overflow, a.RemindAfter, a.EscalateAfter = bridge.Overflow{}, time.Hour, 2*time.Hour
		})
		if _, known := w.b.ExpectedWait(hunde); known {
			t.Error("a guess before the first chat")
		}
		for n := range 5 {
			c, _ := w.posted(fmt.Sprint(n))
			w.pass(time.Duration(40+10*n) * time.Second)
			w.hs.say(clerkText(c.Room, keller, "Grüezi"))
			w.sync()
			if _, known := w.b.ExpectedWait(hunde); known && n < 4 {
				t.Errorf("a guess after %d chats", n+1)
			}
		}
		first, _ := w.posted("erste")
		second, _ := w.posted("zweite")
		// Half of those before waited for a minute, alone.
		w.await("expected wait", func() bool { s := w.snapshot(second.ID); return s.WaitKnown && s.ExpectedWait == 2*time.Minute })
		if s := w.snapshot(first.ID); s.Position != 1 || s.ExpectedWait != time.Minute {
			t.Errorf("first: %+v", s)
		}
		w.await("for one who comes now", func() bool { d, known := w.b.ExpectedWait(hunde); return known && d == 3*time.Minute })
		if _, known := w.b.ExpectedWait(fund); known {
			t.Error("another area's chats count")
		}
		// The second learns that it is next.
		told := w.told.times(second.ID)
		w.hs.say(clerkText(first.Room, keller, "Grüezi"))
		w.sync()
		w.await("told of the place", func() bool { return w.told.times(second.ID) > told })
		if s := w.snapshot(second.ID); s.Position != 1 {
			t.Errorf("second: %+v", s)
		}
		// Old chats tell nothing.
		w.jump("11.00.00")
		w.await("not known any more", func() bool { _, known := w.b.ExpectedWait(hunde); return !known })
	})
}

// Who waits for long may leave a request instead, and is told so.
func TestRequestIsOffered(t *testing.T) {
	t.Parallel()
	w := newBoard(t, "sqlite:"+t.TempDir()+"/x.db", func(a *bridge.ServiceArea) { a.Overflow, a.OfferRequestAfter = bridge.Overflow{}, 4*time.Minute })
	c, _ := w.posted("Grüezi")
	w.pass(3*time.Minute + 59*time.Second)
	w.settledIn(fund)
	if w.snapshot(c.ID).OfferRequest {
		t.Error("offered at once")
	}
	told := w.told.times(c.ID)
	w.pass(time.Second)
	w.await("told of the offer", func() bool { return w.told.times(c.ID) > told && w.snapshot(c.ID).OfferRequest })
	w.hs.say(clerkText(c.Room, keller, "Grüezi"))
	w.sync()
	if s := w.snapshot(c.ID); s.OfferRequest || s.WaitKnown {
		t.Errorf("taken: %+v", s)
	}
}
