package bridge_test

import (
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store/postgrestest"
)

const chief bridge.UserID = "@chief:example.org" // an admin, and no clerk

func (h *homeserver) OpenDirect(ctx context.Context, p bridge.DirectPlan, found func(bridge.RoomID) (bridge.RoomID, error)) (room bridge.RoomID, err error) {
	err = h.do(ctx, call{method: "OpenDirect", as: p.User, alias: p.Alias}, func() {
		room = h.make("direct "+string(p.User), bridge.RoomOwner{Part: bridge.DirectRoom, User: p.User})
	})
	if err != nil {
		return "", err
	}
	return found(room)
}

func (h *homeserver) SetUpAdmin(ctx context.Context, a bridge.AdminPlan, found func(bridge.RoomID) (bridge.RoomID, error)) (bridge.RoomID, error) {
	var room bridge.RoomID
	err := h.do(ctx, call{method: "SetUpAdmin", retry: a.Retry}, func() {
		room = h.make(bridge.AdminAlias, bridge.RoomOwner{Part: bridge.AdminRoom})
	})
	if err != nil {
		return "", err
	}
	return found(room)
}

// office is a city with an admin room.
type office struct {
	*city
	room bridge.RoomID
}

func newOffice(t *testing.T, url, now string, change ...func(*bridge.Options)) *office {
	t.Helper()
	w := &office{city: newCity(t, url, now, func(o *bridge.Options) {
		o.Admins = []bridge.UserID{chief}
		for _, f := range change {
			f(o)
		}
	})}
	w.await("admin room", func() bool {
		must(0, w.db.Update(t.Context(), func(tx bridge.Tx) (err error) {
			w.room, err = tx.HouseRoom(bridge.AdminRoom)
			return err
		}))
		return w.room != ""
	})
	return w
}

// command has somebody write in the admin room, and returns what the bot has answered since.
func (w *office) command(who bridge.UserID, line string) string {
	w.t.Helper()
	before := len(w.hs.said(w.room))
	w.hs.say(bridge.Event{Room: w.room, Sender: who, Kind: bridge.ClerkText, Text: line})
	w.sync()
	if answers := len(commandForm.FindAllString(line, -1)); who == chief && answers > 0 {
		w.await("answer", func() bool { return len(w.hs.said(w.room)) >= before+answers })
	} else {
		w.settledIn(fund) // the fund office is always open
	}
	return strings.Join(w.hs.said(w.room)[before:], "\n")
}

var commandForm = regexp.MustCompile(`(?m)^!`)

// restart kills the service and starts it again, when nobody counts it as alive any more.
func (w *office) restart() {
	w.t.Helper()
	w.idle()
	w.crash()
	w.mu.Lock()
	w.now = w.now.Add(bridge.AliveFor + time.Second)
	w.mu.Unlock()
	w.start()
}

func (w *office) state() bridge.AreaState {
	w.t.Helper()
	return w.b.Areas()[0].At(w.clock()).State
}

func (w *office) awaitState(want bridge.AreaState) {
	w.t.Helper()
	w.await("hours in force", func() bool { return w.state() == want })
}

func TestExceptionFromTheAdminRoom(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newOffice(t, url, "2026-07-01 09.12.00")
		got := w.command(chief, `!ausnahme 2026-07-03 zu "Maienzug" fr:"Fête des promotions" hunde`)
		if got != "Gilt ab sofort: 3.7.2026 · geschlossen · «Maienzug» · fr: «Fête des promotions» · hunde\nZurücknehmen: !zurück 1" {
			t.Errorf("answer %q", got)
		}
		w.jump("2026-07-03 09.00.00")
		w.awaitState(bridge.AreaClosed)
		if _, err := w.b.Open(t.Context(), bridge.Opening{Area: hunde, Language: "de"}); err == nil {
			t.Error("a chat on the Maienzug")
		}
		if got := w.command(chief, "!ausnahmen"); got != "3.7.2026 · geschlossen · «Maienzug» · fr: «Fête des promotions» · hunde · Nr. 1, chief, 1.7.2026, 9.12 Uhr" {
			t.Errorf("list %q", got)
		}
		w.restart() // what an admin set survives
		w.awaitState(bridge.AreaClosed)
		if got := w.command(chief, "!zurück"); got != "Änderung 1 ist zurückgenommen." {
			t.Errorf("answer %q", got)
		}
		w.awaitState(bridge.AreaOpen)
		if got := w.command(chief, "!ausnahmen"); got != "Es stehen keine Ausnahmen bevor." {
			t.Errorf("list %q", got)
		}
	})
}

func TestHoursFromTheAdminRoom(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newOffice(t, url, "2026-07-01 12.00.00")
		got := w.command(chief, "!stunden hunde Mo-Fr 09:00-18:00; PH off")
		for _, want := range []string{
			"Vorschlag für Hundekontrolle, Chat: Mo–Fr 9.00–18.00 Uhr; Feiertage geschlossen",
			"▸ Mi 1.7.  9.00–18.00", "  Sa 4.7.  geschlossen", "▸ Di 14.7.  9.00–18.00", "In Kraft setzen: !ja 1",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("the preview lacks %q:\n%s", want, got)
			}
		}
		if w.state() != bridge.AreaClosed {
			t.Error("a proposal counts before it is confirmed")
		}
		if got := w.command(chief, "!ja 1"); !strings.Contains(got, "gilt ab sofort") {
			t.Error(got)
		}
		w.awaitState(bridge.AreaOpen)
		if got := w.command(chief, "!ja 1"); !strings.Contains(got, "nicht (mehr)") {
			t.Errorf("confirmed twice: %q", got)
		}
		got = w.command(chief, "!stunden hunde")
		for _, want := range []string{"Hundekontrolle (hunde): offen bis 18.00 Uhr", "Mo-Fr 09:00-18:00; PH off · Nr. 1, chief, 1.7.2026, 12.00 Uhr", "  Mi 1.7.  9.00–18.00"} {
			if !strings.Contains(got, want) {
				t.Errorf("the hours lack %q:\n%s", want, got)
			}
		}
		w.restart()
		w.awaitState(bridge.AreaOpen)
		w.command(chief, "!stunden hunde config")
		w.command(chief, "!yes 2")
		w.awaitState(bridge.AreaClosed)
		if got := w.command(chief, "!stunden"); !strings.Contains(got, "aus der Konfiguration") || !strings.Contains(got, "Fundbüro (fund)") {
			t.Error(got)
		}
		w.command(chief, "!zurück 2")
		w.awaitState(bridge.AreaOpen)
		w.command(chief, "!stunden hunde 24/7")
		w.pass(25 * time.Hour)
		if got := w.command(chief, "!ja 3"); !strings.Contains(got, "24 Stunden") {
			t.Errorf("an old proposal: %q", got)
		}
	})
}

// An admin who closes at once gives running conversations their grace; who extends, tells anew.
func TestExceptionsMoveTheClosing(t *testing.T) {
	t.Parallel()
	w := newOffice(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "11.00.00")
	c := w.opened("Grüezi")
	w.jump("11.22.00")
	w.await("warned", func() bool { return w.stage(c.ID) == bridge.ClosingSoon })
	w.command(chief, "!ausnahme heute 08:00-12:00 Hundekontrolle")
	w.await("not closing any more", func() bool { return w.stage(c.ID) == bridge.NothingTold })
	w.jump("11.50.00")
	w.await("warned again", func() bool { return w.stage(c.ID) == bridge.ClosingSoon })
	w.command(chief, "!ausnahme heute zu hunde")
	w.await("closed now", func() bool { return w.stage(c.ID) == bridge.ClosingNow })
	if got := w.look(c.ID).State; got == bridge.Closed {
		t.Error("no grace")
	}
	w.jump("12.05.00")
	w.await("ended", func() bool { return w.look(c.ID).State == bridge.Closed })
}

func TestOnlyAdminsCommand(t *testing.T) {
	t.Parallel()
	w := newOffice(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "09.00.00")
	for _, who := range []bridge.UserID{keller, nobody, w.hs.BotID()} {
		got := w.command(who, "!ausnahme heute zu")
		if got != "" && !strings.Contains(got, "hat einen Befehl geschrieben") {
			t.Errorf("%s got %q", who, got)
		}
	}
	w.hs.say(bridge.Event{Room: w.lobby(hunde), Sender: chief, Kind: bridge.ClerkText, Text: "!ausnahme heute zu"})
	if got := w.command(chief, "guten Morgen"); got != "" || w.state() != bridge.AreaOpen {
		t.Errorf("%q, %s", got, w.state())
	}
}

func TestCommandsAreAnswered(t *testing.T) {
	t.Parallel()
	w := newOffice(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "2026-07-01 09.00.00")
	for line, want := range map[string]string{
		"!hilfe":          "Bereiche: hunde, fund",
		"!hilfe ausnahme": "!ausnahme 2026-07-03 zu",
		"!HELP exception": "!exception 2026-07-03 closed",
		"!hilfe nehmen":   "«!nehmen» kenne ich nicht",
		"!stunde":         "«!stunde» kenne ich nicht",
		"!":               "kenne ich nicht",
		"!stunden katzen": "Einen Bereich «katzen» gibt es nicht. Es gibt: hunde, fund",
		"!stunden hunde Mo-Fr 08:00-11:30; Di off":                     "ab Zeichen 20 («Di off»)",
		"!stunden hunde PH":                                            "Vorschlag für Hundekontrolle",
		"!ausnahme":                                                    "Bitte so: !ausnahme",
		"!ausnahme morgen":                                             "Bitte so: !ausnahme",
		"!ausnahme übermorgen zu":                                      "«übermorgen» ist kein Datum",
		"!ausnahme 31.2.2026 zu":                                       "«31.2.2026» ist kein Datum",
		"!ausnahme 2026-06-30 zu":                                      "nicht vorbei",
		"!ausnahme 2026-07-05..2026-07-03 zu":                          "5.7.2026 bis 3.7.2026 geht nicht",
		"!ausnahme 2026-07-03 mittags":                                 "Hinter dem Datum",
		"!ausnahme 2026-07-03 12:00-08:00 x":                           "«x» verstehe ich hier nicht",
		"!ausnahme 2026-07-03 zu katzen":                               "«katzen» verstehe ich hier nicht",
		"!ausnahme 2026-07-03 zu \"" + strings.Repeat("x", 201) + "\"": "höchstens 200 Zeichen",
		"!ausnahme 3.7.2026 8-11.30,14.00-16 „Brücke“":                 "3.7.2026 · 8.00–11.30, 14.00–16.00 · «Brücke» · alle Bereiche",
		"!ausnahme 24.12.2026 bis 2027-01-02 zu «Festtage» alle":       "24.12.2026–2.1.2027 · geschlossen · «Festtage»",
		"!exception tomorrow closed fund":                              "2.7.2026 · closed · fund",
		"!ja":                                                          "Bitte mit Nummer",
		"!ja drei":                                                     "Bitte mit Nummer",
		"!ja 99":                                                       "Vorschlag 99 gibt es nicht",
		"!undo 99":                                                     "There is no change 99 that can be taken back",
	} {
		if got := w.command(chief, line); !strings.Contains(got, want) {
			t.Errorf("%s\ngot  %s\nwant %s", line, got, want)
		}
	}
	// Several lines are several commands; what is not one is not answered.
	if got := w.command(chief, "Bitte:\n!ja\n!ja 98\n"); strings.Count(got, "\n") != 1 {
		t.Errorf("%q", got)
	}
}

// What an admin sets counts on every replica: at once for whoever opens a chat there, and within a
// second for whoever looks.
func TestExceptionReachesTheOtherReplica(t *testing.T) {
	t.Parallel()
	w := newOffice(t, postgrestest.Database(t), "2026-07-01 09.00.00")
	other := &city{world: &world{t: t, hs: w.hs, url: w.url, now: w.now}, change: w.change}
	other.start()
	t.Cleanup(func() { other.crash() })
	w.command(chief, "!ausnahme heute zu hunde")
	before := time.Now()
	var closed *bridge.ClosedError
	if _, err := other.b.Open(t.Context(), bridge.Opening{Area: hunde, Language: "de"}); !errors.As(err, &closed) {
		t.Errorf("the other replica opens a chat: %v", err)
	}
	other.await("closed", func() bool { return other.b.Areas()[0].At(other.clock()).State == bridge.AreaClosed })
	other.await("told", func() bool {
		other.told.mu.Lock()
		defer other.told.mu.Unlock()
		return other.told.count[bridge.AreasNews] > 0
	})
	if took := time.Since(before); took > 2*time.Second {
		t.Errorf("after %s", took)
	}
}
