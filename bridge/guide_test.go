package bridge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

// guides are how often the guide stands in a clerk's own room.
func (w *office) guides(user bridge.UserID) int {
	w.t.Helper()
	w.hs.mu.Lock()
	room := w.hs.aliases["direct "+string(user)]
	w.hs.mu.Unlock()
	return len(slices.DeleteFunc(w.hs.said(room), func(s string) bool { return room == "" || !strings.HasPrefix(s, "# Am Schalter") }))
}

// Every clerk gets the guide once, whatever happens; an account that comes to exist later gets it at
// the next start; who asks, gets it again.
func TestNewClerksGetTheGuide(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		hunter := bridge.UserID("@hunter:example.org")
		w := newOffice(t, url, "09.00.00", func(o *bridge.Options) {
			o.Guide = true
			o.Areas[0].Clerks = []bridge.UserID{keller, huber}
		})
		for _, user := range []bridge.UserID{keller, huber, meier} {
			w.await("the guide", func() bool { return w.guides(user) == 1 })
		}
		admin := w.room
		w.hs.script("Invite", fate{err: bridge.ErrForbidden})
		w.hs.say(clerkText(admin, chief, "!team hunde + "+string(hunter)))
		w.sync()
		w.await("refused", func() bool { return len(w.hs.did("OpenDirect", "")) == 4 && len(w.hs.did("Invite", "")) == 4 })
		w.leave()
		w.start()
		w.await("the guide", func() bool { return w.guides(hunter) == 1 })
		w.hs.say(clerkText(admin, chief, "!team fund + "+string(keller)))
		asked := w.hs.say(clerkText(w.lobby(hunde), huber, "!hilfe alles"))
		w.sync()
		w.await("the sign", func() bool { return len(w.hs.reactions(asked)) == 1 })
		w.await("the guide again", func() bool { return w.guides(huber) == 2 })
		w.leave()
		for user, want := range map[bridge.UserID]int{keller: 1, huber: 2, meier: 1, hunter: 1} {
			if got := w.guides(user); got != want {
				t.Errorf("%s has it %d times, want %d", user, got, want)
			}
		}
		if n := w.hs.made(); n != 1+2*2+4 {
			t.Errorf("%d rooms", n)
		}
		for _, c := range w.hs.did("Invite", "") {
			if !slices.Contains([]bridge.UserID{keller, huber, meier, hunter}, c.as) {
				t.Errorf("invited %s", c.as)
			}
		}
		w.start()
	})
}

// A room's alias that somebody else has, or that a lost room keeps, does not keep the guide from a clerk.
func TestGuideRoomGetsAnotherAlias(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newOffice(t, url, "09.00.00", func(o *bridge.Options) { o.Guide = true })
		for _, user := range []bridge.UserID{keller, meier} {
			w.await("the guide", func() bool { return w.guides(user) == 1 })
		}
		taken := fate{err: fmt.Errorf("room in use: %w", bridge.ErrAliasTaken)}
		w.hs.script("OpenDirect", taken, taken)
		w.hs.say(clerkText(w.room, chief, "!team hunde + "+string(huber)))
		w.sync()
		w.passUntil("the guide", time.Second, func() bool { return w.guides(huber) == 1 })
		w.stop()
		var aliases []string
		for _, c := range w.hs.did("OpenDirect", "") {
			if c.as == huber {
				aliases = append(aliases, c.alias)
			}
		}
		if len(aliases) < 3 || aliases[2] != aliases[0]+"_3" || strings.Contains(aliases[0], "huber") {
			t.Errorf("asked for %q", aliases)
		}
	})
}
