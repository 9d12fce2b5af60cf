package bridge_test

import (
	"slices"
	"testing"

	"schalter/bridge"
)

// One after the other: the chat is offered to whoever had none for the longest time, then to the next
// one, and the leads are told; who left it unanswered is who was asked.
func TestOfferedInTurn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, func(a *bridge.ServiceArea) {
			a.Routing, a.Overflow, a.Leads = "round_robin", bridge.Overflow{}, []bridge.UserID{keller}
		})
		lobby := w.lobby(hunde)
		told := func(text string, want ...bridge.UserID) {
			t.Helper()
			w.await(text, func() bool { return len(w.hs.mentioned(lobby, text)) == 1 })
			if got := w.hs.mentioned(lobby, text); !slices.Equal(got[0], want) {
				t.Errorf("%s mentions %v, want %v", text, got[0], want)
			}
		}
		first, notice := w.posted("1")
		told("🟡 #1 ", keller)
		w.press(hunde, keller, notice)
		w.sync()
		w.hs.say(clerkText(first.Room, keller, "!zu"))
		w.sync()
		w.posted("2")
		told("🟡 #2 ", huber) // although keller is free again
		w.jump("09.03.00")
		told("⏰ #2 ", keller)
		w.jump("09.10.00")
		told("🚨 #2 ", keller)
		must(0, w.db.Update(t.Context(), func(tx bridge.Tx) error {
			for user, want := range map[bridge.UserID]int{huber: 1, keller: 0} {
				p, err := tx.Pause(user)
				if err != nil {
					return err
				}
				if p.Unanswered != want {
					t.Errorf("%s has left %d unanswered, want %d", user, p.Unanswered, want)
				}
			}
			took, err := tx.LastTook(at("08.00.00"))
			if len(took) != 1 || !took[keller].Equal(at("09.00.00")) {
				t.Errorf("last took %v", took)
			}
			if later, err := tx.LastTook(at("09.00.00")); err != nil || len(later) != 0 {
				t.Errorf("since then %v %v", later, err)
			}
			return err
		}))
		if n := len(w.hs.mentioned(lobby, "#2 · Anna")); n != 3 {
			t.Errorf("%d messages about one chat", n)
		}
	})
}
