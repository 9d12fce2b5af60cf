package bridge_test

import (
	"context"
	"strconv"
	"testing"

	"schalter/bridge"
)

// batch reads what is new in the timeline as one response that tells these names.
func (w *world) batch(names map[bridge.UserID]string) {
	w.t.Helper()
	lease, _, err := w.b.TakeSync(context.Background())
	if err != nil {
		w.t.Fatalf("batch: %v", err)
	}
	since, _ := strconv.Atoi(lease.Since)
	events := w.hs.since(since)
	err = w.b.FromMatrix(context.Background(), bridge.Batch{
		Lease: lease, Next: strconv.Itoa(since + len(events)), Events: events, Names: names,
	})
	if err != nil {
		w.t.Fatalf("batch: %v", err)
	}
}

func TestClerksAreCalledAsTheyAreNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	w.sync()
	say := func(text string, names map[bridge.UserID]string) {
		w.hs.say(clerkText(c.Room, keller, text))
		w.batch(names)
	}
	say("1", map[bridge.UserID]string{keller: "Frau Keller"})
	say("2", nil)
	say("3", map[bridge.UserID]string{keller: "Frau Keller-Meier"})
	say("4", nil)
	w.crash()
	w.run()
	say("5", nil)
	say("6", map[bridge.UserID]string{keller: "Frau Keller"})
	want := []string{"", "Frau Keller", "Frau Keller", "Frau Keller-Meier", "Frau Keller-Meier", "Frau Keller-Meier", "Frau Keller"}
	for n, m := range w.history(c.ID) {
		if m.Sender != want[n] {
			t.Errorf("message %q of %q, want %q", m.Text, m.Sender, want[n])
		}
	}
}

// A message that came alone is handed on with what was committed; one of several is not, because
// the others may have changed it.
func TestMessagesAreHandedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	w.onItsBoard(c) // so that no echo comes with what follows
	w.sync()
	w.hs.say(clerkText(c.Room, keller, "allein"))
	w.sync()
	w.hs.say(clerkText(c.Room, keller, "zu zweit"))
	w.hs.say(clerkText(c.Room, keller, "zu zweit"))
	w.sync()
	w.hs.say(clerkText(c.Room, nobody, "ungehört"))
	w.sync()
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	if got := w.told.messages; len(got) != 1 || got[0].Text != "allein" || got[0].Seq != 2 || got[0].Conversation != c.ID {
		t.Errorf("handed on: %+v", got)
	}
}
