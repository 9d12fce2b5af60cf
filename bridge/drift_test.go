package bridge_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store"
)

// drifts has the next inspections find something about a room, and begins one.
func (w *desk) drifts(room bridge.RoomID, found ...bridge.What) {
	w.t.Helper()
	w.hs.drifted(room, found...)
	w.changed(room)
}

// changed has somebody change something in a room: /sync tells, and it is looked at.
func (w *desk) changed(room bridge.RoomID) {
	w.t.Helper()
	w.hs.say(bridge.Event{Room: room, Sender: nobody, Kind: bridge.StateChanged})
	w.sync()
}

func (w *desk) inspections() int {
	w.hs.mu.Lock()
	defer w.hs.mu.Unlock()
	return w.hs.inspections[w.c.Room]
}

// adminRoom waits until the admin room is there.
func (w *desk) adminRoom() bridge.RoomID {
	w.t.Helper()
	var room bridge.RoomID
	w.await("the admin room", func() bool {
		w.hs.mu.Lock()
		defer w.hs.mu.Unlock()
		room = w.hs.aliases[bridge.AdminAlias]
		return room != ""
	})
	return room
}

func (w *desk) counted(what bridge.What, outcome bridge.DriftOutcome) int {
	w.t.Helper()
	f, err := w.db.Figures(w.t.(*testing.T).Context())
	if err != nil {
		w.t.Fatalf("figures: %v", err)
	}
	return f.Drifts[store.DriftCount{What: what, Outcome: outcome}]
}

// What comes back again and again is mended three times, told twice, and then left.
func TestDriftIsMendedAndNotFoughtOver(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newDesk(t, url)
		admin := w.adminRoom()
		w.drifts(w.c.Room, bridge.NameDrifted, bridge.AliasDrifted)
		for n := 1; n <= 3; n++ {
			w.passUntil(fmt.Sprintf("mended %d times", n), 100*time.Millisecond, func() bool {
				w.changed(w.c.Room)
				return len(w.hs.did("OpenRoom", w.c.Room)) >= n
			})
		}
		w.passUntil("left", 100*time.Millisecond, func() bool {
			w.changed(w.c.Room)
			return w.counted(bridge.NameDrifted, bridge.LeftAlone) == 1 && w.counted(bridge.AliasDrifted, bridge.LeftAlone) == 1
		})
		before := w.inspections()
		w.passUntil("more looks", 100*time.Millisecond, func() bool {
			w.changed(w.c.Room)
			return w.inspections() > before+2
		})
		if n := len(w.hs.did("OpenRoom", w.c.Room)); n != 3 {
			t.Errorf("mended %d times", n)
		}
		if n := w.counted(bridge.NameDrifted, bridge.Mended); n != 3 {
			t.Errorf("counted %d", n)
		}
		w.await("told", func() bool { return len(w.hs.said(admin)) >= 4 })
		where := fmt.Sprintf("#%d: ", w.c.Number)
		want := []string{
			"🔧 " + where + "Der Name des Raums wurde geändert. Das wird wieder so eingerichtet, wie es sein soll.",
			"🔧 " + where + "Die Adresse des Raums fehlt oder führt anderswohin. Das wird wieder so eingerichtet, wie es sein soll.",
			"⚠️ " + where + "Der Name des Raums wurde geändert, schon zum vierten Mal innert einer Stunde. Ich lasse es jetzt so. Bitte klären Sie, wer das ändert.",
			"⚠️ " + where + "Die Adresse des Raums fehlt oder führt anderswohin, schon zum vierten Mal innert einer Stunde. Ich lasse es jetzt so. Bitte klären Sie, wer das ändert.",
		}
		if got := w.hs.said(admin); !slices.Equal(got, want) {
			t.Errorf("the admins read %q", got)
		}

		// An hour later it is a matter of its own.
		w.pass(time.Hour + time.Second)
		w.passUntil("mended again", 100*time.Millisecond, func() bool {
			w.changed(w.c.Room)
			return w.counted(bridge.NameDrifted, bridge.Mended) == 4
		})
	})
}

func TestAreaDriftIsMended(t *testing.T) {
	t.Parallel()
	w := newDesk(t, newSQLite(t))
	w.adminRoom()
	before := len(w.hs.did("SetUpArea", ""))
	w.drifts(w.lobby(hunde), bridge.PowerDrifted)
	w.await("set up again", func() bool { return len(w.hs.did("SetUpArea", "")) >= before+2 })
}

// Encryption can't be turned off: it is told once, in the chat and to the admins.
func TestEncryptionIsReportedOnce(t *testing.T) {
	t.Parallel()
	w := newDesk(t, newSQLite(t))
	admin := w.adminRoom()
	w.drifts(w.c.Room, bridge.Encrypted)
	w.isTold(1, "⚠️ In diesem Raum wurde die Verschlüsselung eingeschaltet.")
	for range 3 {
		before := w.inspections()
		w.changed(w.c.Room)
		w.await("another look", func() bool { return w.inspections() > before })
	}
	w.isTold(1, "⚠️")
	if n := w.counted(bridge.Encrypted, bridge.Reported); n != 1 {
		t.Errorf("counted %d", n)
	}
	w.await("admins told", func() bool { return len(w.hs.said(admin)) == 1 })
	if n := len(w.hs.did("OpenRoom", w.c.Room)); n != 0 {
		t.Errorf("mended %d times", n)
	}
}

// gone has everything fail that the bridge does in a room, and inspections find it lost.
func (w *desk) gone(room bridge.RoomID, also ...error) {
	w.hs.drifted(room, bridge.RoomLost)
	w.hs.mu.Lock()
	defer w.hs.mu.Unlock()
	w.hs.fate = func(c call) fate {
		switch {
		case c.room != room || c.method == "LeaveRoom":
			return fate{}
		case c.method == "OpenRoom":
			return fate{err: errors.Join(append(also, bridge.ErrRoomBroken, bridge.ErrForbidden)...)}
		}
		return fate{err: fmt.Errorf("out: %w", bridge.ErrForbidden)}
	}
}

// A room that can't be entered any more is replaced: the chat goes on in another one, which knows
// what was said, and what the citizen wrote meanwhile arrives there. The citizen notices nothing.
func TestLostRoomIsReplaced(t *testing.T) {
	t.Parallel()
	for name, keeps := range map[string][]error{"alias given up": nil, "alias kept": {bridge.ErrAliasTaken}} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, url string) {
				w := newDesk(t, url)
				before := w.now()
				lost := w.c.Room
				w.gone(lost, keeps...)
				if keeps == nil { // the adapter takes it off
					w.hs.mu.Lock()
					delete(w.hs.aliases, bridge.ConversationAlias(w.c.Number))
					w.hs.mu.Unlock()
				}
				w.say(w.c.ID, "Hallo-da")
				w.passUntilDelivered(w.c.ID, time.Second)
				c := w.now()
				if c.Room == lost || c.State != bridge.Active || c.Clerk != before.Clerk || c.ClerkID != keller {
					t.Errorf("%+v", c)
				}
				if (c.Number == before.Number) != (keeps == nil) {
					t.Errorf("number %d, before %d", c.Number, before.Number)
				}
				if said := w.hs.said(c.Room); !slices.Contains(said, "Hallo-da") {
					t.Errorf("the new room holds %q", said)
				}
				w.passUntil("the new room knows", time.Second, func() bool {
					return slices.ContainsFunc(w.hs.said(c.Room), func(s string) bool {
						return strings.HasPrefix(s, "🔧 Dieser Raum ersetzt einen") && strings.Contains(s, "\nAnna: Grüezi\nFrau Keller: Guten-Tag\nAnna: Hallo-da")
					})
				})
				w.passUntilCalled("Invite", c.Room, 1, time.Second)
				if keeps != nil {
					w.passUntil("the notice follows", time.Second, func() bool {
						edits := w.hs.editsOf(c.Notice)
						return len(edits) > 0 && strings.Contains(edits[len(edits)-1].text, fmt.Sprintf("schalter_%d:", c.Number))
					})
				}
				w.passUntilCalled("LeaveRoom", lost, 1, time.Second)
			})
		})
	}
}

// A lobby that is lost is made anew, and shows what the lost one did.
func TestLostLobbyIsFilledAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newDesk(t, url)
		w.onItsBoard(w.c)
		other := w.opened("Noch eine Frage")
		w.onItsBoard(other)
		if _, err := w.b.LeaveRequest(t.Context(), bridge.NewRequest{Area: hunde, Language: "de", Text: "Anliegen"}); err != nil {
			t.Fatal(err)
		}
		lost := w.lobby(hunde)
		w.await("the request", func() bool {
			return slices.ContainsFunc(w.hs.said(lost), func(s string) bool { return strings.Contains(s, "Anliegen") })
		})
		w.idle()
		before := w.now().Notice
		w.hs.script("SetUpArea", fate{}, fate{err: &bridge.PartError{Part: bridge.Lobby, Room: lost, Err: errors.Join(bridge.ErrRoomBroken, bridge.ErrAliasTaken)}})
		w.hs.mu.Lock()
		delete(w.hs.aliases, string(hunde)+string(bridge.Lobby))
		w.hs.mu.Unlock()
		w.drifts(lost, bridge.RoomLost)
		w.passUntil("another lobby shows everything", time.Second, func() bool {
			room := w.lobby(hunde)
			if room == "" || room == lost {
				return false
			}
			said := strings.Join(w.hs.said(room), "\n")
			return strings.Contains(said, fmt.Sprintf("🟢 #%d", w.c.Number)) && strings.Contains(said, fmt.Sprintf("🟡 #%d", other.Number)) && strings.Contains(said, "Anliegen")
		})
		w.passUntil("the notice is the new one", time.Second, func() bool { return w.now().Notice != before })
		err := w.db.Update(t.Context(), func(tx bridge.Tx) error {
			n, err := tx.Spare(bridge.RoomOwner{Area: hunde, Part: bridge.Lobby})
			if n != 1 {
				t.Errorf("%d aliases lost", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// What a round costs does not rise with the number of rooms; yet one that its space does not list, or
// that the bot is not in, is found in the next one.
func TestRoundsLookAtFewRooms(t *testing.T) {
	t.Parallel()
	w := &office{city: newCity(t, newSQLite(t), "09.00.00", func(o *bridge.Options) {
		o.Rounds, o.RoundRooms = 50*time.Millisecond, 10
	})}
	var rooms []bridge.RoomID
	for n := range 25 {
		rooms = append(rooms, w.opened(fmt.Sprintf("Frage %d", n)).Room)
	}
	w.sync() // who reads it goes the rounds
	lobby := []bridge.RoomID{w.lobby(hunde)}
	w.await("each in its turn", func() bool { return w.looks(rooms) >= 25 })
	rounds, looks := w.looks(lobby), w.looks(rooms)
	w.await("more rounds", func() bool { return w.looks(lobby) > rounds+5 })
	if n, most := w.looks(rooms)-looks, (w.looks(lobby)-rounds+1)*10; n > most {
		t.Errorf("%d looks, at most %d", n, most)
	}
	w.hs.mu.Lock()
	w.hs.out = map[bridge.RoomID]bool{rooms[20]: true}
	w.hs.unlisted = map[bridge.RoomID]bool{rooms[24]: true}
	w.hs.mu.Unlock()
	for _, room := range []bridge.RoomID{rooms[20], rooms[24]} {
		rounds, looks := w.looks(lobby), w.looks([]bridge.RoomID{room})
		w.await("looked at each time", func() bool { return w.looks(lobby) > rounds+5 })
		if n := w.looks([]bridge.RoomID{room}) - looks; n < 5 {
			t.Errorf("%d looks at %s", n, room)
		}
	}
}

// A room that serves nobody is left again when the bot turns out to be in it after all.
func TestLateRoomIsLeftInARound(t *testing.T) {
	w := &office{city: newCity(t, newSQLite(t), "09.00.00", func(o *bridge.Options) {
		o.Rounds = 50 * time.Millisecond
	})}
	c := w.opened("Grüezi")
	w.hs.say(bridge.Event{Room: "!late", Sender: w.hs.BotID(), Kind: bridge.RoomCreated, Owner: bridge.RoomOwner{Conversation: c.ID}})
	w.sync()
	w.awaitCalls("LeaveRoom", "!late", 1)
	w.hs.mu.Lock()
	w.hs.aliases["late"] = "!late"
	w.hs.mu.Unlock()
	w.awaitCalls("LeaveRoom", "!late", 2)
	if got := w.hs.did("LeaveRoom", c.Room); len(got) != 0 {
		t.Errorf("the room that serves was left: %+v", got)
	}
}

// A room that the homeserver lists, and out of which it does not let us because we are not in it, is left
// alone for a while.
func TestRoomThatCannotBeLeft(t *testing.T) {
	t.Parallel()
	w := &office{city: newCity(t, newSQLite(t), "09.00.00", func(o *bridge.Options) {
		o.Rounds = 50 * time.Millisecond
	})}
	c := w.opened("Grüezi")
	w.hs.mu.Lock()
	w.hs.aliases["phantom"] = "!phantom"
	w.hs.fate = func(c call) fate {
		if c.method == "LeaveRoom" {
			return fate{err: bridge.ErrNotIn}
		}
		return fate{}
	}
	w.hs.mu.Unlock()
	w.hs.say(bridge.Event{Room: "!phantom", Sender: w.hs.BotID(), Kind: bridge.RoomCreated, Owner: bridge.RoomOwner{Conversation: c.ID}})
	w.sync()
	w.awaitCalls("LeaveRoom", "!phantom", 1)
	w.passUntil("given up", time.Second, func() bool {
		_, waits := w.entry("leave-!phantom")
		return !waits
	})
	tried, lobby := len(w.hs.did("LeaveRoom", "")), []bridge.RoomID{w.lobby(hunde)}
	rounds := w.looks(lobby)
	w.await("more rounds", func() bool { return w.looks(lobby) > rounds+5 })
	if n := len(w.hs.did("LeaveRoom", "")); n != tried {
		t.Errorf("left %d times in %d rounds", n-tried, w.looks(lobby)-rounds)
	}
	w.pass(15 * time.Minute)
	w.awaitCalls("LeaveRoom", "!phantom", tried+1)
}

// looks is how often rooms were looked at.
func (w *office) looks(rooms []bridge.RoomID) int {
	w.hs.mu.Lock()
	defer w.hs.mu.Unlock()
	n := 0
	for _, room := range rooms {
		n += w.hs.inspections[room]
	}
	return n
}
