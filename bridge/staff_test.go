package bridge_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"schalter/bridge"
	"schalter/bridge/store/postgrestest"
)

const huber bridge.UserID = "@huber:example.org" // becomes a clerk in these tests

// inLobby has somebody write in an area's lobby, and returns what the bot has answered since.
func (w *office) inLobby(area bridge.ServiceAreaID, who bridge.UserID, line string) string {
	w.t.Helper()
	lobby := w.lobby(area)
	before := len(w.hs.said(lobby))
	w.hs.say(bridge.Event{Room: lobby, Sender: who, Kind: bridge.ClerkText, Text: line})
	w.sync()
	w.await("answer in the lobby", func() bool { return len(w.hs.said(lobby)) > before })
	return strings.Join(w.hs.said(lobby)[before:], "\n")
}

// staffOf is who is a clerk of an area now.
func (w *office) staffOf(area bridge.ServiceAreaID) []bridge.UserID {
	w.t.Helper()
	return must(w.b.Area(area)).Clerks
}

func TestTeamFromTheAdminRoom(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newOffice(t, url, "09.12.00")
		c := w.opened("Grüezi")
		w.hs.say(clerkText(c.Room, huber, "noch nicht"))
		w.sync()
		setUps := len(w.hs.did("SetUpArea", ""))
		got := w.command(chief, "!team hunde + @huber:example.org")
		for _, want := range []string{"Hundekontrolle (hunde)", "Frau Keller (@keller:example.org) · da · höchstens 5 Chats", "huber (@huber:example.org) · da"} {
			if !strings.Contains(got, want) {
				t.Errorf("the team lacks %q:\n%s", want, got)
			}
		}
		// At once: the next response of /sync finds the new clerk, and the rooms follow.
		w.hs.say(clerkText(c.Room, huber, "jetzt ja"))
		w.sync()
		if h := w.history(c.ID); len(h) != 2 || h[1].Text != "jetzt ja" {
			t.Errorf("history %+v", h)
		}
		w.await("space and lobby follow", func() bool { return len(w.hs.did("SetUpArea", "")) >= setUps+2 })
		if last := w.hs.did("SetUpArea", "")[setUps]; !slices.Equal(last.members, []bridge.UserID{keller, huber}) {
			t.Errorf("members %v", last.members)
		}
		w.command(chief, "!team Hundekontrolle leitung @huber:example.org")
		w.command(chief, "!staff hunde capacity 2 @huber:example.org @keller:example.org")
		got = w.command(chief, "!team hunde")
		if !strings.Contains(got, "huber (@huber:example.org) · da · Leitung · höchstens 2 Chats") || !strings.Contains(got, "Frau Keller (@keller:example.org) · da · höchstens 2 Chats") {
			t.Error(got)
		}
		if w.command(chief, "!team hunde - @keller:example.org"); !slices.Equal(w.staffOf(hunde), []bridge.UserID{huber}) {
			t.Errorf("clerks %v", w.staffOf(hunde))
		}
		// The config names her still: what the admin set wins, also after a restart.
		w.restart()
		w.await("in force", func() bool { return slices.Equal(w.staffOf(hunde), []bridge.UserID{huber}) })
		w.hs.say(clerkText(c.Room, keller, "nicht mehr"))
		w.sync()
		if h := w.history(c.ID); len(h) != 2 {
			t.Errorf("heard after she was removed: %+v", h)
		}
		w.passUntil("running room is guarded", forever/100, func() bool {
			calls := w.hs.did("GuardRoom", c.Room)
			return len(calls) > 0 && slices.Equal(calls[len(calls)-1].members, []bridge.UserID{huber})
		})
		if got := w.command(chief, "!team"); !strings.Contains(got, "Fundbüro (fund)\n  Herr Meier (@meier:example.org)") {
			t.Error(got)
		}
	})
}

// What a removed clerk served waits again, for those who are left.
func TestRemovedClerksChatsWaitAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newOffice(t, url, "09.12.00")
		w.command(chief, "!team hunde + @huber:example.org")
		mine, others := w.opened("eins"), w.open(hunde, "zwei")
		others = w.delivered(others.ID)
		w.hs.say(clerkText(mine.Room, keller, "Grüezi"))
		w.hs.say(clerkText(others.Room, huber, "Guten Tag"))
		w.sync()
		lobby := w.lobby(hunde)
		w.await("both on the board", func() bool { return w.hs.announced(lobby) == 2 })
		w.command(chief, "!team hunde - @keller:example.org")
		if c := w.look(mine.ID); c.State != bridge.Waiting || c.ClerkID != "" || c.Clerk != "" {
			t.Errorf("what she served: %+v", c)
		}
		if c := w.look(others.ID); c.State != bridge.Active || c.ClerkID != huber {
			t.Errorf("what another serves: %+v", c)
		}
		w.await("offered again", func() bool { return w.hs.announced(lobby) == 3 })
		got := w.hs.mentioned(lobby, "🟡 #")
		if last := got[len(got)-1]; !slices.Equal(last, []bridge.UserID{huber}) {
			t.Errorf("offered to %v", last)
		}
	})
}

// Nobody is left, by command: the citizen sees it before writing.
func TestRemovedStaffLeavesTheAreaUnstaffed(t *testing.T) {
	t.Parallel()
	w := newOffice(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "09.12.00")
	if got := w.command(chief, "!team hunde - @keller:example.org"); !strings.Contains(got, "nicht besetzt") {
		t.Error(got)
	}
	if _, err := w.b.Open(t.Context(), bridge.Opening{Area: hunde, Language: "de"}); !errors.Is(err, bridge.ErrUnstaffed) {
		t.Errorf("error %v", err)
	}
	w.awaitState(bridge.AreaUnstaffed)
}

func TestTeamCommandsAreAnswered(t *testing.T) {
	t.Parallel()
	w := newOffice(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "09.12.00")
	for line, want := range map[string]string{
		"!team katzen":                                            "Einen Bereich «katzen» gibt es nicht",
		"!team hunde +":                                           "Bitte so: !team hunde +",
		"!team hunde + huber":                                     "Bitte so: !team hunde +",
		"!team hunde plus @huber:example.org":                     "Bitte so: !team hunde +",
		"!team hunde kapazität @huber:example.org":                "Wie viele Chats",
		"!team hunde kapazität 0 @keller:example.org":             "Wie viele Chats",
		"!team hunde kapazität 3":                                 "Bitte so: !team hunde +",
		"!team hunde - @huber:example.org":                        "@huber:example.org ist nicht im Team von Hundekontrolle",
		"!team hunde + @schalter_bot:example.org":                 "gehört dem Schalter selbst",
		"!team hunde + @citizen_01k:example.org":                  "gehört dem Schalter selbst",
		"!team hunde lead @meier:example.org":                     "nicht im Team",
		"!team fund + @huber:example.org, @keller:example.org":    "Frau Keller (@keller:example.org)",
		"!team hunde – @keller:example.org\n!team hunde + Keller": "Bitte so",
	} {
		if got := w.command(chief, line); !strings.Contains(got, want) {
			t.Errorf("%s\ngot  %s\nwant %s", line, got, want)
		}
	}
	if w.command(keller, "!team hunde + @huber:example.org"); slices.Contains(w.staffOf(hunde), huber) {
		t.Error("a clerk manages the team")
	}
	// Clients write a mention as a display name.
	w.hs.say(bridge.Event{Room: w.room, Sender: chief, Kind: bridge.ClerkText, Text: "!team hunde + Ursula Huber", Mentions: []bridge.UserID{huber}})
	w.sync()
	if !slices.Contains(w.staffOf(hunde), huber) {
		t.Error("a mention is no name")
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newOffice(t, url, "09.12.00")
		if got := w.inLobby(hunde, keller, "!pause"); got != "⏸ Frau Keller macht Pause und wird nicht gefragt. Zurück: !da" {
			t.Error(got)
		}
		// The only clerk: the citizen sees it before writing, and is told when opening.
		if _, err := w.b.Open(t.Context(), bridge.Opening{Area: hunde, Language: "de"}); !errors.Is(err, bridge.ErrUnstaffed) {
			t.Errorf("error %v", err)
		}
		w.awaitState(bridge.AreaUnstaffed)
		if got := w.inLobby(hunde, keller, "!who"); got != "Frau Keller: on a break since 9.12 · 0 of 5 chats" {
			t.Error(got)
		}
		w.jump("09.30.00")
		w.restart()
		w.awaitState(bridge.AreaUnstaffed)
		if got := w.inLobby(hunde, keller, "!wer"); got != "Frau Keller: Pause seit 9.12 Uhr · 0 von 5 Chats" {
			t.Error(got)
		}
		if got := w.inLobby(hunde, keller, "!back"); got != "▶ Frau Keller is here." {
			t.Error(got)
		}
		w.awaitState(bridge.AreaOpen)
		if got := w.inLobby(hunde, keller, "!wer"); got != "Frau Keller: da · 0 von 5 Chats" {
			t.Error(got)
		}
		for line, want := range map[string]string{"!hilfe": "!pause / !da – bin weg, bin wieder da", "!HELP": "!break / !back – away, and back again", "!pauze": "«!pauze» kenne ich nicht", "!erledigt": "Bitte so: !erledigt"} {
			if got := w.inLobby(hunde, keller, line); !strings.Contains(got, want) {
				t.Errorf("%s: %s", line, got)
			}
		}
		// Only the area's clerks are obeyed.
		w.hs.say(bridge.Event{Room: w.lobby(hunde), Sender: meier, Kind: bridge.ClerkText, Text: "!pause"})
		w.sync()
		if s := must(w.b.Area(fund)).At(w.clock()).State; s != bridge.AreaOpen {
			t.Errorf("a stranger's pause counts: %s", s)
		}
	})
}

// What an admin sets about the staff counts on every replica.
func TestStaffReachesTheOtherReplica(t *testing.T) {
	t.Parallel()
	w := newOffice(t, postgrestest.Database(t), "09.12.00")
	other := &city{world: &world{t: t, hs: w.hs, url: w.url, now: w.now}, change: w.change}
	other.start()
	t.Cleanup(func() { other.crash() })
	w.command(chief, "!team hunde - @keller:example.org")
	if _, err := other.b.Open(t.Context(), bridge.Opening{Area: hunde, Language: "de"}); !errors.Is(err, bridge.ErrUnstaffed) {
		t.Errorf("the other replica opens a chat: %v", err)
	}
	other.await("unstaffed", func() bool { return other.b.Areas()[0].At(other.clock()).State == bridge.AreaUnstaffed })
}
