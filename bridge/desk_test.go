package bridge_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

// newBoard is an office whose Hundekontrolle has two clerks and overflows to the Fundbüro.
func newBoard(t *testing.T, url string, change func(*bridge.ServiceArea)) *office {
	t.Helper()
	w := &office{city: newCity(t, url, "09.00.00", func(o *bridge.Options) {
		o.Areas[0].Clerks = []bridge.UserID{keller, huber}
		o.Areas[0].Overflow = bridge.Overflow{To: fund, After: 5 * time.Minute}
		o.Areas[0].RemindAfter, o.Areas[0].EscalateAfter = 3*time.Minute, 10*time.Minute
		if change != nil {
			change(&o.Areas[0])
		}
	})}
	return w
}

// posted is a chat whose notice stands in the lobby.
func (w *office) posted(text string) (bridge.Conversation, bridge.EventID) {
	w.t.Helper()
	c := w.opened(text)
	w.await("notice", func() bool { c = w.look(c.ID); return c.Notice != "" })
	w.idle()
	return c, c.Notice
}

// press has somebody put a ✅ under an event of a lobby.
func (w *office) press(area bridge.ServiceAreaID, who bridge.UserID, under bridge.EventID) {
	w.hs.say(bridge.Event{Room: w.lobby(area), Sender: who, Kind: bridge.ClerkReaction, ReplyTo: under, Key: "✅"})
}

// shows waits until an event was edited to a text that contains want.
func (w *office) shows(event bridge.EventID, want string) {
	w.t.Helper()
	w.await("the notice shows "+want, func() bool {
		e := w.hs.editsOf(event)
		return len(e) > 0 && strings.Contains(e[len(e)-1].text, want)
	})
}

func (h *homeserver) editsOf(event bridge.EventID) []edit {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.edits), func(e edit) bool { return e.target != event })
}

// mentioned returns whom a message of a room mentions that contains a text.
func (h *homeserver) mentioned(room bridge.RoomID, text string) [][]bridge.UserID {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out [][]bridge.UserID
	for _, ev := range h.timeline {
		if ev.Room == room && strings.Contains(h.texts[ev.ID], text) {
			out = append(out, h.mentions[ev.ID])
		}
	}
	return out
}

func TestTakenByTheButton(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, nil)
		c, notice := w.posted("Grüezi")
		if got := w.hs.mentioned(w.lobby(hunde), "🟡 #1 · Anna · Deutsch · wartet seit 9.00 Uhr · ✅ nehmen · https://matrix.to/#/%23schalter_1:example.org"); len(got) != 1 || !slices.Equal(got[0], []bridge.UserID{keller, huber}) {
			t.Errorf("mentions %v in %q", got, w.hs.said(w.lobby(hunde)))
		}
		w.await("the button", func() bool { return len(w.hs.reactions(notice)) == 1 })
		w.press(hunde, meier, notice) // of another area
		w.press(hunde, nobody, notice)
		w.press(fund, meier, notice) // in another lobby
		w.sync()
		if got := w.look(c.ID); got.State != bridge.Waiting {
			t.Fatalf("taken by a stranger: %+v", got)
		}
		w.press(hunde, huber, notice)
		w.press(hunde, keller, notice)
		w.sync()
		if got := w.look(c.ID); got.State != bridge.Active || got.ClerkID != huber || got.Clerk != "huber" {
			t.Errorf("taken: %+v", got)
		}
		w.shows(notice, "🟢 #1 · Anna · Deutsch · bei huber seit 9.00 Uhr")
		w.await("the other is told", func() bool { return slices.Contains(w.hs.said(w.lobby(hunde)), "#1 hat schon huber genommen.") })
		w.awaitCalls("Invite", c.Room, 1)
		if got := w.hs.did("Invite", c.Room)[0].as; got != huber {
			t.Errorf("invited %s", got)
		}
		w.hs.say(clerkText(c.Room, huber, "!zu"))
		w.sync()
		w.shows(notice, "⚪ #1 · Anna · Deutsch · beendet")
		w.press(hunde, keller, notice)
		w.sync()
		w.await("told that it is over", func() bool { return slices.Contains(w.hs.said(w.lobby(hunde)), "#1 ist schon beendet.") })
		if n := len(w.hs.editsOf(notice)); n != 2 {
			t.Errorf("%d edits", n)
		}
	})
}

func TestFirstNoticeOfTheRoom(t *testing.T) {
	t.Parallel()
	w := newBoard(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), nil)
	for language, said := range map[string]string{"fr": "Französisch", bridge.PlainGerman: "Leichte Sprache"} {
		o := must(w.b.Open(t.Context(), bridge.Opening{
			Area: hunde, Language: language, Name: "Luc", PageURL: "https://www.aarau.ch/verwaltung/hunde/", Message: &bridge.CitizenMessage{ClientID: "1", Text: "Bonjour"},
		}))
		c := w.delivered(o.Conversation.ID)
		w.await("first notice", func() bool { return len(w.hs.mentioned(c.Room, firstNotice)) == 1 })
		want := fmt.Sprintf("#%d · Luc · Hundekontrolle · %s · von aarau.ch/verwaltung/hunde · wartet seit 9.00 Uhr\n⚠️ Identität nicht geprüft", c.Number, said)
		if got := w.hs.mentioned(c.Room, want); len(got) != 1 {
			t.Errorf("the notice lacks what is known: %s", want)
		}
	}
}

// Nobody to offer it to: it is offered as soon as somebody has room, by a message that notifies, once.
func TestCalledWhenThereIsRoom(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, func(a *bridge.ServiceArea) {
			a.Clerks, a.Capacity, a.Overflow = []bridge.UserID{keller}, 1, bridge.Overflow{}
		})
		first, notice := w.posted("1")
		second, _ := w.posted("2")
		third, _ := w.posted("3")
		lobby := w.lobby(hunde)
		if got := w.hs.mentioned(lobby, "🟡 #2"); len(got) != 1 || len(got[0]) != 0 {
			t.Errorf("offered beyond the capacity: %v", got)
		}
		w.press(hunde, keller, notice)
		w.sync()
		w.settledIn(fund)
		if got := w.hs.mentioned(lobby, "🔔"); len(got) != 0 {
			t.Errorf("called while she is busy: %v", got)
		}
		w.hs.say(clerkText(first.Room, keller, "!zu"))
		w.sync()
		w.await("called", func() bool { return len(w.hs.mentioned(lobby, "🔔 #2")) == 1 })
		if got := w.hs.mentioned(lobby, "🔔 #2"); !slices.Equal(got[0], []bridge.UserID{keller}) {
			t.Errorf("called %v", got)
		}
		w.hs.say(clerkText(second.Room, keller, "Grüezi"))
		w.sync()
		w.hs.say(clerkText(second.Room, keller, "!zu"))
		w.sync()
		w.await("called", func() bool { return len(w.hs.mentioned(lobby, "🔔 #3")) == 1 })
		if n := len(w.hs.mentioned(lobby, "🔔")); n != 2 {
			t.Errorf("%d calls for two chats", n)
		}
		_ = third
	})
}

// A chat that waits: the lobby is reminded, the other area is asked, the lead is told; each once.
func TestWaitingTooLong(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, func(a *bridge.ServiceArea) { a.Leads = []bridge.UserID{huber} })
		c, notice := w.posted("Grüezi")
		lobby := w.lobby(hunde)
		w.jump("09.03.00")
		w.await("reminder", func() bool { return len(w.hs.mentioned(lobby, "⏰ #1 · Anna · wartet seit 3 Min.")) == 1 })
		w.jump("09.05.00")
		w.await("overflow", func() bool { return len(w.hs.mentioned(w.lobby(fund), "🟡 #1")) == 1 })
		if got := w.hs.mentioned(w.lobby(fund), "🟡 #1"); !slices.Equal(got[0], []bridge.UserID{meier}) {
			t.Errorf("overflow mentions %v", got)
		}
		w.idle()
		w.crash()
		w.mu.Lock()
		w.now = at("09.10.00")
		w.mu.Unlock()
		w.start() // timers survive
		w.await("escalation", func() bool { return len(w.hs.mentioned(lobby, "🚨 #1")) == 1 })
		if got := w.hs.mentioned(lobby, "🚨 #1"); !slices.Equal(got[0], []bridge.UserID{huber}) {
			t.Errorf("escalation mentions %v", got)
		}
		// The other area takes it: the chat is theirs, its room and its hours.
		var there bridge.EventID
		w.await("notice there", func() bool {
			must(0, w.db.Update(t.Context(), func(tx bridge.Tx) error {
				notices, err := tx.LobbyNotices(c.ID)
				for _, n := range notices {
					if n.Area == fund {
						there = n.Event
					}
				}
				return err
			}))
			return there != ""
		})
		w.press(fund, meier, there)
		w.sync()
		if got := w.look(c.ID); got.Area != fund || got.ClerkID != meier || got.State != bridge.Active {
			t.Errorf("taken by overflow: %+v", got)
		}
		w.awaitCalls("MoveRoom", c.Room, 1)
		if got := w.hs.did("MoveRoom", c.Room)[0].members; !slices.Equal(got, []bridge.UserID{meier}) {
			t.Errorf("may stay: %v", got)
		}
		w.shows(notice, "↪ #1 · Anna · Deutsch · weitergegeben an Fundbüro")
		w.shows(there, "🟢 #1 · Anna · Deutsch · bei Herr Meier")
		w.hs.say(clerkText(c.Room, keller, "nicht mehr"))
		w.hs.say(clerkText(c.Room, meier, "Guten Tag"))
		w.sync()
		if h := w.history(c.ID); len(h) != 2 || h[1].Text != "Guten Tag" {
			t.Errorf("history %+v", h)
		}
		for _, text := range []string{"⏰", "🚨", "🔔"} {
			if n := len(w.hs.mentioned(lobby, text)); n > 1 {
				t.Errorf("%d times %s", n, text)
			}
		}
	})
}

func TestPausedAfterUnansweredOffers(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, func(a *bridge.ServiceArea) { a.Clerks, a.Overflow = []bridge.UserID{keller}, bridge.Overflow{} })
		lobby := w.lobby(hunde)
		var last bridge.Conversation
		for n := range 3 {
			for range 2 { // several at once are one occasion
				last, _ = w.posted(fmt.Sprint(n))
			}
			w.pass(4 * time.Minute)
			w.await("reminder", func() bool { return len(w.hs.mentioned(lobby, "⏰")) == 2*(n+1) })
			if s := w.state(); n < 2 && s != bridge.AreaOpen {
				t.Fatalf("%s after %d unanswered offers", s, n+1)
			}
		}
		w.awaitState(bridge.AreaUnstaffed)
		if got := w.hs.mentioned(lobby, "⏸ keller hat 3 Mal nicht geantwortet"); len(got) != 1 || !slices.Equal(got[0], []bridge.UserID{keller}) {
			t.Errorf("told %v", w.hs.said(lobby))
		}
		// Who takes a chat is there.
		w.hs.say(clerkText(last.Room, keller, "Grüezi"))
		w.sync()
		w.awaitState(bridge.AreaOpen)
	})
}

// The bound on noise: whatever number of clerks is asked, a chat makes at most
//
//	in its lobby one notice, one button, one call, one reminder, one escalation and two edits,
//	one invitation,
//
// and for each clerk who comes too late one answer, here none.
func TestNoFlood(t *testing.T) {
	t.Parallel()
	const clerks, chats = 30, 100
	w := newBoard(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), func(a *bridge.ServiceArea) {
		a.Clerks, a.Overflow, a.Capacity = nil, bridge.Overflow{}, 4
		for n := range clerks {
			a.Clerks = append(a.Clerks, bridge.UserID(fmt.Sprintf("@clerk%d:example.org", n)))
		}
	})
	var open []bridge.Conversation
	lobby := w.lobby(hunde)
	for n := range chats {
		c := w.open(hunde, fmt.Sprint("Frage ", n))
		open = append(open, c)
		if len(open)%20 == 0 {
			w.await("notices", func() bool { return w.hs.announced(lobby) == len(open) })
		}
	}
	if got := w.hs.mentioned(lobby, "🟡 #1 "); len(got) != 1 || len(got[0]) != clerks {
		t.Errorf("the chat is not offered to everybody: %v", got)
	}
	w.jump("09.04.00")
	w.await("reminders", func() bool { return len(w.hs.mentioned(lobby, "⏰")) == chats })
	for n, c := range open {
		c = w.look(c.ID)
		w.press(hunde, bridge.UserID(fmt.Sprintf("@clerk%d:example.org", n%clerks)), c.Notice)
	}
	w.sync()
	edited := func(sign string) int {
		w.hs.mu.Lock()
		defer w.hs.mu.Unlock()
		n := 0
		for _, e := range w.hs.edits {
			if strings.Contains(e.text, sign) {
				n++
			}
		}
		return n
	}
	w.await("all shown as taken", func() bool { return edited("🟢") == chats })
	for _, c := range open {
		c = w.look(c.ID)
		w.hs.say(clerkText(c.Room, c.ClerkID, "!zu"))
	}
	w.sync()
	w.await("all shown as ended", func() bool { return edited("⚪") == chats })
	w.hs.mu.Lock()
	events := map[string]int{}
	for _, call := range w.hs.calls {
		if call.room == lobby || call.method == "Invite" {
			events[call.method]++
		}
	}
	w.hs.mu.Unlock()
	for method, most := range map[string]int{"Notice": 2 * chats, "React": chats, "Edit": 2 * chats, "Invite": chats} {
		if events[method] > most {
			t.Errorf("%d times %s for %d chats, want at most %d", events[method], method, chats, most)
		}
	}
}

// Two clerks who enter at once: the second reads in the room who serves the citizen.
func TestWhoComesSecondIsTold(t *testing.T) {
	t.Parallel()
	w := newBoard(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), nil)
	c, _ := w.posted("Grüezi")
	w.hs.say(bridge.Event{Room: c.Room, Sender: huber, Kind: bridge.ClerkJoined})
	w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.ClerkJoined})
	w.sync()
	if got := w.look(c.ID); got.ClerkID != huber {
		t.Errorf("taken by %s", got.ClerkID)
	}
	w.await("told", func() bool { return slices.Contains(w.hs.said(c.Room), "🟢 huber hat diesen Chat übernommen.") })
}
