package bridge_test

import (
	"errors"
	"testing"
	"time"

	"schalter/bridge"
)

// Only who serves the conversation is shown, and the homeserver is asked now and then.
func TestClerkPicture(t *testing.T) {
	w := newDesk(t, newSQLite(t))
	has := func(want string) {
		t.Helper()
		p, err := w.b.ClerkPicture(t.Context(), w.now())
		if string(p.Data) != want || (want == "") != errors.Is(err, bridge.ErrNotFound) {
			t.Errorf("picture %q %v, want %q", p.Data, err, want)
		}
	}
	asked := func(n int) {
		t.Helper()
		if got := w.hs.did("Picture", ""); len(got) != n {
			t.Errorf("asked %+v", got)
		}
	}
	w.hs.script("Picture", lostBefore)
	has("")
	has("")
	asked(1)
	w.pass(time.Minute)
	has(string(keller))
	has(string(keller))
	asked(2)
	w.pass(10 * time.Minute)
	w.hs.script("Picture", fate{err: bridge.ErrNotFound})
	has("")
	w.pass(9 * time.Minute)
	has("")
	asked(3)

	c := w.now()
	for name, change := range map[string]func(*bridge.Conversation){
		"who has left": func(c *bridge.Conversation) { c.ClerkID = "" },
		"nobody's":     func(c *bridge.Conversation) { c.ClerkID = nobody },
		"closed":       func(c *bridge.Conversation) { c.State = bridge.Closed },
	} {
		other := c
		change(&other)
		if _, err := w.b.ClerkPicture(t.Context(), other); !errors.Is(err, bridge.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	asked(3)
}
