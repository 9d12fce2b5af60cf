package bridge_test

import (
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

// The pinned notice tells the state of the area: posted once, ever, edited at most every 20 s, and
// the topic, whose changes stand in the timeline, set at most every ten minutes.
func TestBoardOfTheLobby(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := &office{city: newCity(t, url, "09.00.00", func(o *bridge.Options) { o.Boards = 5 * time.Millisecond })}
		lobby := w.lobby(hunde)
		w.sync()                                            // who reads /sync keeps the boards
		const first = "📌 offen bis 11.30 Uhr · im Dienst: " // her name comes with the first response of /sync
		w.await("board", func() bool { return len(w.hs.mentioned(lobby, first)) == 1 })
		w.awaitCalls("PinBoard", lobby, 1)
		var board bridge.Board
		look := func() bridge.Board {
			board = must(w.db.Board(t.Context(), hunde))
			return board
		}
		event := bridge.EventID(w.hs.did("PinBoard", lobby)[0].entry)
		if look(); board.Event != event || !strings.HasPrefix(board.Topic, "offen bis 11.30 Uhr · im Dienst: ") {
			t.Errorf("pinned %s: %+v", event, board)
		}
		// A burst of changes is one edit.
		begun := w.clock()
		for range 5 {
			w.pass(4 * time.Second)
			w.opened("Grüezi")
		}
		w.passUntil("edit", 20*time.Second, func() bool { return strings.Contains(look().Shown, "5 warten") })
		w.shows(event, "5 warten, 0 laufen")
		if n, most := len(w.hs.editsOf(event)), int(w.clock().Sub(begun)/(20*time.Second))+1; n > most {
			t.Errorf("%d edits in %s", n, w.clock().Sub(begun))
		}
		w.restart()
		w.sync()
		w.inLobby(hunde, keller, "!pause")
		w.passUntil("nobody is there", 20*time.Second, func() bool {
			return strings.Contains(look().Shown, "nicht besetzt · im Dienst: niemand")
		})
		w.shows(event, "im Dienst: niemand")
		if n := len(w.hs.mentioned(lobby, "📌")); n != 1 {
			t.Errorf("%d boards", n)
		}
		topics := len(w.hs.did("PinBoard", lobby))
		if most := int(w.clock().Sub(at("09.00.00"))/(10*time.Minute)) + 1; topics > most {
			t.Errorf("the topic was set %d times", topics)
		}
		w.pass(10 * time.Minute)
		w.awaitCalls("PinBoard", lobby, topics+1)
	})
}
