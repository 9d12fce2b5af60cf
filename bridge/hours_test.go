package bridge_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"schalter/bridge"
	"schalter/bridge/openinghours"
	"schalter/bridge/store"
	"schalter/bridge/store/postgrestest"
)

const cityHours = "Mo-Fr 08:00-11:30,14:00-17:00; PH off"

var zurich = must(time.LoadLocation("Europe/Zurich"))

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func aarau() *openinghours.Calendar { c, _ := openinghours.CalendarByName("ch-ag-aarau"); return c }

func hours(spec string) *openinghours.Hours {
	return must(openinghours.New(must(openinghours.Parse(spec)), zurich, aarau()))
}

// at reads a local time of Monday, 6 July 2026, or of another day: "11.30.00", "2026-07-03 08.00.00".
func at(s string) time.Time {
	if !strings.Contains(s, " ") {
		s = "2026-07-06 " + s
	}
	return must(time.ParseInLocation("2006-01-02 15.04.05", s, zurich))
}

// onBoth runs a test on both databases.
func onBoth(t *testing.T, f func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { f(t, "sqlite:"+filepath.Join(t.TempDir(), "schalter.db")) })
	t.Run("postgres", func(t *testing.T) { f(t, postgrestest.Database(t)) })
}

// city is a world with opening hours, an admin and a clock in Aarau.
type city struct {
	*world
	change func(*bridge.Options)
}

func newCity(t *testing.T, url, now string, change func(*bridge.Options)) *city {
	t.Helper()
	w := &city{world: &world{t: t, hs: newHomeserver(), url: url, now: at(now)}, change: change}
	w.start()
	t.Cleanup(func() { w.crash() })
	w.idle()
	return w
}

func (w *city) start() {
	w.t.Helper()
	w.db = must(store.Open(context.Background(), w.url))
	w.told = &told{count: map[bridge.ConversationID]int{}}
	o := bridge.Options{
		Store: w.db, Rooms: w.hs, Browsers: w.told, Log: zerolog.Nop(), Now: w.clock, Zone: zurich, Calendar: aarau(),
		Areas: []bridge.ServiceArea{
			{ID: hunde, Name: map[string]string{"de": "Hundekontrolle"}, Clerks: []bridge.UserID{keller}, Hours: hours(cityHours), Grace: 15 * time.Minute, Reopen: time.Hour},
			{ID: fund, Name: map[string]string{"de": "Fundbüro"}, Clerks: []bridge.UserID{meier}, Reopen: time.Hour},
		},
	}
	if w.change != nil {
		w.change(&o)
	}
	w.b = must(bridge.New(o))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.b.Run(ctx)
	}()
	w.stop = func() {
		cancel()
		<-done
	}
	w.await("service areas set up", func() bool {
		rooms, err := w.db.AreaRooms(context.Background())
		return err == nil && len(rooms) >= len(o.Areas) && !slices.ContainsFunc(rooms, func(r bridge.AreaRooms) bool { return r.Space == "" || r.Lobby == "" })
	})
}

// jump sets the clock, as an operator, a time server or a machine's sleep does.
func (w *city) jump(to string) {
	w.mu.Lock()
	w.now = at(to)
	w.mu.Unlock()
	w.b.Wake()
}

func (w *city) lobby(area bridge.ServiceAreaID) bridge.RoomID {
	w.t.Helper()
	for _, r := range must(w.db.AreaRooms(context.Background())) {
		if r.Area == area {
			return r.Lobby
		}
	}
	w.t.Fatalf("no lobby of %s", area)
	return ""
}

func (w *city) stage(id bridge.ConversationID) bridge.ClosingStage {
	w.t.Helper()
	s := must(w.b.Look(context.Background(), id))
	if s.Hours == nil {
		return bridge.NothingTold
	}
	return s.Hours.Stage
}

func TestHoursAreEnforced(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newCity(t, url, "11.29.59", nil)
		opening := bridge.Opening{Area: hunde, Language: "de", Key: "a key of the browser's", Message: &bridge.CitizenMessage{ClientID: "1", Text: "Grüezi"}}
		first, err := w.b.Open(t.Context(), opening)
		if err != nil {
			t.Fatalf("at 11.29.59: %v", err)
		}
		for now, opens := range map[string]string{
			"11.30.00":            "14.00.00",
			"13.59.59":            "14.00.00",
			"17.00.00":            "2026-07-07 08.00.00",
			"2026-07-31 17.00.00": "2026-08-03 08.00.00",
			"2026-12-31 17.00.00": "2027-01-04 08.00.00", // 2 January is a holiday and a Saturday
			"2026-05-14 09.00.00": "2026-05-15 08.00.00", // Ascension
			"2026-03-29 02.30.00": "2026-03-30 08.00.00", // the night without an hour
			"2026-10-25 02.30.00": "2026-10-26 08.00.00", // the night with one more
			"2026-08-01 10.00.00": "2026-08-03 08.00.00",
			"2026-07-06 07.59.59": "08.00.00",
			"2026-04-03 08.00.00": "2026-04-07 08.00.00", // Good Friday
			"2026-12-24 17.00.00": "2026-12-28 08.00.00",
		} {
			w.jump(now)
			other := opening
			other.Key = "another key, " + now
			var closed *bridge.ClosedError
			if _, err := w.b.Open(t.Context(), other); !errors.As(err, &closed) {
				t.Errorf("at %s: %v, want closed", now, err)
			} else if !closed.OpensAt.Equal(at(opens)) {
				t.Errorf("at %s: opens at %s, want %s", now, closed.OpensAt, opens)
			}
		}
		w.jump("11.30.00")
		again, err := w.b.Open(t.Context(), opening)
		if err != nil || !again.Repeated || again.Conversation.ID != first.Conversation.ID {
			t.Errorf("the answer was lost, the same opening again after closing: %+v %v", again, err)
		}
		other := opening
		other.Name = "Anna"
		if _, err := w.b.Open(t.Context(), other); !errors.Is(err, bridge.ErrKeyReused) {
			t.Errorf("another opening with this key: %v", err)
		}
		w.jump("14.00.00")
		other.Key = "one more key of a browser"
		if _, err := w.b.Open(t.Context(), other); err != nil {
			t.Errorf("at 14.00.00: %v", err)
		}
	})
}

func TestUnstaffedAreaTakesNobody(t *testing.T) {
	t.Parallel()
	w := newCity(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "09.00.00", func(o *bridge.Options) { o.Areas[0].Clerks = nil })
	if _, err := w.b.Open(t.Context(), bridge.Opening{Area: hunde, Language: "de"}); !errors.Is(err, bridge.ErrUnstaffed) {
		t.Error(err)
	}
	if s := w.b.Areas()[0].At(w.clock()); s.State != bridge.AreaUnstaffed {
		t.Error(s.State)
	}
}

// Nobody is queued who cannot be reached: one clerk, five minutes each, closing at 11.30 with a
// quarter of an hour of grace.
func TestQueueThatWouldRunOverClosing(t *testing.T) {
	t.Parallel()
	w := newCity(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "11.25.00", nil)
	taken := 0
	for range 10 {
		_, err := w.b.Open(t.Context(), bridge.Opening{Area: hunde, Language: "de"})
		var closed *bridge.ClosedError
		if errors.As(err, &closed) {
			if !closed.OpensAt.Equal(at("14.00.00")) {
				t.Errorf("opens at %s", closed.OpensAt)
			}
			break
		}
		taken++
	}
	if taken != 5 { // the fifth is reached at 11.45
		t.Errorf("%d were queued, want 5", taken)
	}
}

func TestConversationRunsOverClosing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newCity(t, url, "11.10.00", nil)
		c := w.opened("Grüezi")
		step := func(now string, stage bridge.ClosingStage, told int) {
			t.Helper()
			w.jump(now)
			w.await("stage", func() bool { return w.stage(c.ID) == stage })
			w.await("told", func() bool { return len(w.hs.said(c.Room)) == told })
			w.idle()
		}
		step("11.19.59", bridge.NothingTold, 1)
		step("11.20.00", bridge.ClosingSoon, 2)
		w.say(c.ID, "Noch-eine-Frage")
		w.delivered(c.ID)
		step("11.30.00", bridge.ClosingNow, 4)
		w.crash() // nobody is told twice, whatever happens
		w.start()
		step("11.44.59", bridge.ClosingNow, 4)
		w.say(c.ID, "Danke")
		w.delivered(c.ID)
		step("11.45.00", bridge.ClosedByHours, 6)
		want := []string{
			"Grüezi",
			"⏳ Hundekontrolle schliesst um 11.30 Uhr. Das Gespräch kann bis 11.45 Uhr weitergehen; dem Bürger oder der Bürgerin wurde das gesagt.",
			"Noch-eine-Frage",
			"⏳ Hundekontrolle ist seit 11.30 Uhr geschlossen. Das Gespräch kann noch bis 11.45 Uhr weitergehen.",
			"Danke",
			"⚪ Das Gespräch wurde um 11.45 Uhr beendet, weil Hundekontrolle geschlossen ist. Was hier noch geschrieben wird, erreicht niemanden mehr. Es kann wieder aufgenommen werden, sobald offen ist.",
		}
		w.wantSaid(c.Room, want...)
		// The time to reopen begins when somebody can.
		if got := w.look(c.ID); got.State != bridge.Closed || got.Life.ClosedBy != bridge.ByHours || !got.Life.ReopenUntil.Equal(at("15.00.00")) {
			t.Errorf("%+v", got)
		}
		var closed *bridge.ClosedError
		if _, err := w.b.FromCitizen(t.Context(), c.ID, bridge.CitizenMessage{ClientID: "9", Text: "zu spät"}); !errors.As(err, &closed) || !closed.OpensAt.Equal(at("14.00.00")) {
			t.Errorf("a message after the end: %v", err)
		}
		notice := must(w.b.Look(t.Context(), c.ID)).Hours
		if !notice.ClosesAt.Equal(at("11.30.00")) || !notice.EndsAt.Equal(at("11.45.00")) || !notice.OpensAt.Equal(at("14.00.00")) {
			t.Errorf("notice %+v", notice)
		}

		w.jump("13.59.59")
		if _, err := w.b.Reopen(t.Context(), c.ID); !errors.As(err, &closed) || !closed.OpensAt.Equal(at("14.00.00")) {
			t.Errorf("reopened in the break: %v", err)
		}
		w.jump("14.00.00")
		again, err := w.b.Reopen(t.Context(), c.ID)
		if err != nil || again.State != bridge.Waiting || w.stage(c.ID) != bridge.NothingTold {
			t.Errorf("after the break: %v %s %d", err, again.State, w.stage(c.ID))
		}
		w.say(c.ID, "Da-bin-ich-wieder")
		w.delivered(c.ID)
		w.await("the lobby's board", func() bool { return w.hs.announced(w.lobby(hunde)) == 2 })
		step("16.50.00", bridge.ClosingSoon, 8)
	})
}

// A machine that slept through a closing makes up for nothing, and forgets nothing.
func TestSleepThroughClosing(t *testing.T) {
	t.Parallel()
	w := newCity(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "11.00.00", nil)
	c := w.opened("Grüezi")
	w.jump("16.00.00") // it is open again, and still the conversation has ended
	w.await("closed", func() bool { return w.look(c.ID).State == bridge.Closed })
	w.await("told once", func() bool { return len(w.hs.said(c.Room)) == 2 })
	if w.stage(c.ID) != bridge.ClosedByHours {
		t.Errorf("stage %d", w.stage(c.ID))
	}
	// Back again: what has ended has ended.
	w.jump("11.00.00")
	w.settledIn(fund)
	if w.look(c.ID).State != bridge.Closed || len(w.hs.said(c.Room)) != 2 {
		t.Error("the clock went back and something was told again")
	}
}

// A break that is shorter than the grace ends no conversation.
func TestShortBreakEndsNothing(t *testing.T) {
	t.Parallel()
	w := newCity(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "09.00.00", func(o *bridge.Options) {
		o.Areas[0].Hours = hours("Mo-Fr 08:00-10:00,10:10-12:00")
	})
	c := w.opened("Grüezi")
	w.jump("10.05.00")
	w.settledIn(fund)
	if w.stage(c.ID) != bridge.NothingTold {
		t.Errorf("stage %d in the break", w.stage(c.ID))
	}
	w.jump("11.50.00")
	w.await("warned of the real closing", func() bool { return w.stage(c.ID) == bridge.ClosingSoon })
}

// Browsers are told of each edge within a second, whether the clock walks or jumps.
func TestEdgesAreTold(t *testing.T) {
	t.Parallel()
	w := newCity(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "07.59.59", nil)
	count := func() int {
		w.told.mu.Lock()
		defer w.told.mu.Unlock()
		return w.told.count[bridge.AreasNews]
	}
	for i, now := range []string{"08.00.00", "11.30.00", "14.00.00", "2026-07-07 17.30.00", "2026-07-07 09.00.00"} {
		before := time.Now()
		w.jump(now)
		w.await("edge", func() bool { return count() > i })
		if took := time.Since(before); took > time.Second {
			t.Errorf("edge at %s told after %s", now, took)
		}
	}
	if n := count(); n != 5 {
		t.Errorf("told %d times of 5 edges", n)
	}
}
