package bridge_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store/postgrestest"
)

const bau = bridge.ServiceAreaID("bau")

// areaIDs are the areas that citizens see.
func (w *office) areaIDs() []bridge.ServiceAreaID {
	var out []bridge.ServiceAreaID
	for _, a := range w.b.Areas() {
		out = append(out, a.ID)
	}
	return out
}

const newBau = `!bereich neu bau "Baugesuche" fr:"Permis" @huber:example.org zeiten Mo-Fr 08:00-11:30; PH off schalter Mo-Fr 09:00-11:00`

func TestAreaFromTheAdminRoom(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newOffice(t, url, "09.00.00", func(o *bridge.Options) {
			o.Template = bridge.ServiceArea{Reopen: time.Hour, Grace: 15 * time.Minute, Capacity: 3}
		})
		got := w.command(chief, newBau)
		for _, want := range []string{"Der Bereich Baugesuche (bau) gilt ab sofort: Mo–Fr 8.00–11.30 Uhr", "Zurücknehmen: !zurück 1", "huber (@huber:example.org) · da · höchstens 3 Chats"} {
			if !strings.Contains(got, want) {
				t.Errorf("the answer lacks %q:\n%s", want, got)
			}
		}
		if got := w.areaIDs(); !slices.Equal(got, []bridge.ServiceAreaID{hunde, fund, bau}) {
			t.Errorf("areas %v", got)
		}
		a := must(w.b.Area(bau))
		if a.NameIn("fr") != "Permis" || a.NameIn("it") != "Baugesuche" || a.CounterHours == nil || a.At(at("12.00.00")).State != bridge.AreaClosed {
			t.Errorf("area %+v", a)
		}
		w.await("space and lobby", func() bool {
			rooms := must(w.db.AreaRooms(context.Background()))
			return slices.ContainsFunc(rooms, func(r bridge.AreaRooms) bool { return r.Area == bau && r.Space != "" && r.Lobby != "" })
		})
		c := w.delivered(w.open(bau, "Grüezi").ID)
		w.await("notice", func() bool { return w.look(c.ID).Notice != "" })
		w.hs.say(clerkText(c.Room, huber, "Guten Tag"))
		w.sync()
		if h := w.history(c.ID); len(h) != 2 {
			t.Errorf("history %+v", h)
		}
		w.command(chief, `!bereich bau name "Bauamt" en:"Building"`)
		w.restart()
		w.await("in force", func() bool { return len(w.b.Areas()) == 3 })
		if a := must(w.b.Area(bau)); a.NameIn("de") != "Bauamt" || a.NameIn("en") != "Building" || a.NameIn("fr") != "Permis" {
			t.Errorf("names %v", a.Name)
		}
		if got := w.command(chief, "!bereich"); !strings.Contains(got, "Fundbüro (fund) · rund um die Uhr") || !strings.Contains(got, "Bauamt, fr: Permis, en: Building (bau) · Mo–Fr 8.00–11.30 Uhr; Feiertage geschlossen · Nr. 2, chief, 6.7.2026, 9.00 Uhr") {
			t.Error(got)
		}

		// What citizens read of it, until it is taken back.
		if got := w.command(chief, `!bereich bau text "Fragen zu Gesuchen" fr:"Questions"`); !strings.Contains(got, "Die Beschreibung von Bauamt: Fragen zu Gesuchen") {
			t.Error(got)
		}
		if a := must(w.b.Area(bau)); a.DescriptionIn("fr") != "Questions" || a.DescriptionIn("it") != "Fragen zu Gesuchen" || a.NameIn("de") != "Bauamt" {
			t.Errorf("described %v, named %v", a.Description, a.Name)
		}
		if w.command(chief, "!zurück 3"); must(w.b.Area(bau)).DescriptionIn("de") != "" {
			t.Error("the description was not taken back")
		}
		if got := w.command(chief, `!bereich bau text "`+strings.Repeat("x", 201)+`"`); !strings.Contains(got, "1 bis 200 Zeichen") {
			t.Error(got)
		}

		// Gone: no new chats; the one that runs goes on.
		if got := w.command(chief, "!bereich Bauamt weg"); !strings.Contains(got, "nimmt keine neuen Chats") {
			t.Error(got)
		}
		if got := w.areaIDs(); !slices.Equal(got, []bridge.ServiceAreaID{hunde, fund}) {
			t.Errorf("areas %v", got)
		}
		_, opened := w.b.Open(context.Background(), bridge.Opening{Area: bau, Language: "de"})
		_, left := w.b.LeaveRequest(context.Background(), bridge.NewRequest{Area: bau, Language: "de", Text: "?"})
		if !errors.Is(opened, bridge.ErrUnknownArea) || !errors.Is(left, bridge.ErrUnknownArea) {
			t.Errorf("opened %v, left %v", opened, left)
		}
		w.hs.say(clerkText(c.Room, huber, "Noch etwas"))
		w.sync()
		w.say(c.ID, "Danke")
		w.delivered(c.ID)
		if h := w.history(c.ID); len(h) != 4 {
			t.Errorf("history %+v", h)
		}
		if got := w.command(chief, "!bereich bau weg"); !strings.Contains(got, "ist schon geschlossen") {
			t.Error(got)
		}
		if got := w.command(chief, "!zurück 4"); !strings.Contains(got, "zurückgenommen") || len(w.b.Areas()) != 3 {
			t.Errorf("%s, %v", got, w.areaIDs())
		}
		if w.command(chief, "!zurück 2"); must(w.b.Area(bau)).NameIn("de") != "Baugesuche" {
			t.Errorf("names %v", must(w.b.Area(bau)).Name)
		}
		if got := w.command(chief, "!zurück 1"); !strings.Contains(got, "nimmt keine neuen Chats") || len(w.b.Areas()) != 2 {
			t.Errorf("%s, %v", got, w.areaIDs())
		}
		if w.command(chief, newBau); len(w.b.Areas()) != 3 {
			t.Error("not made again")
		}

		// The config has it now: its texts are the base, what the admin set goes before them.
		w.crash()
		w.mu.Lock()
		w.now = w.now.Add(bridge.AliveFor + time.Second)
		w.mu.Unlock()
		before := w.change
		w.change = func(o *bridge.Options) {
			before(o)
			o.Areas = append(o.Areas, bridge.ServiceArea{
				ID: bau, Name: map[string]string{"de": "Aus der Konfiguration", "it": "Edilizia"}, Description: map[string]string{"de": "Gesuche"}, Clerks: []bridge.UserID{meier},
			})
		}
		w.start()
		w.await("in force", func() bool { return must(w.b.Area(bau)).NameIn("de") == "Baugesuche" })
		if a := must(w.b.Area(bau)); a.NameIn("it") != "Edilizia" || a.DescriptionIn("de") != "Gesuche" || !slices.Equal(a.Clerks, []bridge.UserID{meier, huber}) || len(w.b.Areas()) != 3 {
			t.Errorf("area %+v", a)
		}
	})
}

func TestAreaCommandsAreAnswered(t *testing.T) {
	t.Parallel()
	w := newOffice(t, "sqlite:"+t.TempDir()+"/x.db", "09.00.00")
	for line, want := range map[string]string{
		"!bereich katzen":                                              "Einen Bereich «katzen» gibt es nicht",
		"!bereich hunde":                                               "Hundekontrolle (hunde)",
		"!bereich hunde streichen":                                     "Bitte so: !bereich neu",
		"!bereich hunde name":                                          "Bitte so: !bereich neu",
		`!bereich hunde name ""`:                                       "Ein Name hat 1 bis 60 Zeichen",
		"!bereich neu":                                                 "Bitte so: !bereich neu",
		`!bereich neu bau "Bau"`:                                       "Bitte so: !bereich neu",
		`!bereich neu Bau! "Bau" zeiten 24/7`:                          "Bitte so: !bereich neu",
		`!bereich neu neu "Bau" zeiten 24/7`:                           "Bitte so: !bereich neu",
		`!bereich neu bau fr:"Permis" zeiten 24/7`:                     "Bitte so: !bereich neu",
		`!bereich neu bau "Bau" nora zeiten 24/7`:                      "Bitte so: !bereich neu",
		`!bereich neu bau "Bau" zeiten Mo-Fr 8-12`:                     "Diese Zeiten verstehe ich nicht",
		`!bereich neu bau "Bau" zeiten 24/7 schalter morgens`:          "Diese Zeiten verstehe ich nicht",
		`!bereich neu bau "Bau" @schalter_bot:example.org zeiten 24/7`: "gehört dem Schalter selbst",
		`!bereich neu hunde "Hunde" zeiten 24/7`:                       "Den Bereich hunde gibt es schon",
	} {
		if got := w.command(chief, line); !strings.Contains(got, want) {
			t.Errorf("%s\ngot  %s\nwant %s", line, got, want)
		}
	}
	w.command(chief, "!area fund remove")
	if got := w.command(chief, "!bereich hunde weg"); !strings.Contains(got, "Das ist der letzte Bereich") {
		t.Error(got)
	}
}

// What an admin sets about areas counts on every replica.
func TestAreaReachesTheOtherReplica(t *testing.T) {
	t.Parallel()
	w := newOffice(t, postgrestest.Database(t), "09.00.00")
	other := &city{world: &world{t: t, hs: w.hs, url: w.url, now: w.now}, change: w.change}
	other.start()
	t.Cleanup(func() { other.crash() })
	w.command(chief, newBau)
	other.await("seen there", func() bool { return len(other.b.Areas()) == 3 })
	w.command(chief, "!bereich bau weg")
	other.await("gone there", func() bool { return len(other.b.Areas()) == 2 })
}
