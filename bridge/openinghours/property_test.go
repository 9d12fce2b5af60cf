package openinghours_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	oh "schalter/bridge/openinghours"
)

var zurich = zone("Europe/Zurich")

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

func calendar(name string) *oh.Calendar {
	c, ok := oh.CalendarByName(name)
	if !ok {
		panic("no calendar " + name)
	}
	return c
}

type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

func parse(t tester, spec string) *oh.Schedule {
	t.Helper()
	s, err := oh.Parse(spec)
	if err != nil {
		t.Fatalf("Parse(%q): %v", spec, err)
	}
	return s
}

func hoursIn(t tester, spec string, zone *time.Location) *oh.Hours {
	t.Helper()
	h, err := oh.New(parse(t, spec), zone, calendar("ch-ag-aarau"))
	if err != nil {
		t.Fatalf("New(%q): %v", spec, err)
	}
	return h
}

// The canonical text of any value reads back to an equal tree and stays as it is.
func TestCanonicalTextReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := values().Draw(t, "spec")
		s := parse(t, spec)
		again := parse(t, s.String())
		if !reflect.DeepEqual(s.Rules, again.Rules) {
			t.Fatalf("%q is read as %+v, its text %q as %+v", spec, s.Rules, s.String(), again.Rules)
		}
		if s.String() != spec {
			t.Fatalf("%q is written as %q", spec, s.String())
		}
	})
}

// tenYears are the days of 2020 to 2029 with the day before and the day after.
var tenYearsFrom, tenYearsTo = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// Every minute of ten years counts as the minute-by-minute reading says: the whole
// years in UTC through Intervals, and through IsOpen and At in samples.
func TestTenYearsMinuteByMinute(t *testing.T) {
	checks := 0
	rapid.Check(t, func(t *rapid.T) {
		if checks++; checks > 25 {
			return // ten years take a while; the fixed specs below are always read
		}
		tenYears(t, values().Draw(t, "spec"))
	})
	for _, spec := range seeds {
		tenYears(t, spec)
	}
}

func tenYears(t tester, spec string) {
	h := hoursIn(t, spec, time.UTC)
	r := reading{schedule: h.Schedule(), holiday: aarauHolidays}
	number, date := 0, time.Time{}
	var day [1440]minute
	for i := range h.Intervals(tenYearsFrom, tenYearsTo) {
		got := minute{i.State, i.Comment}
		for at := i.From; at.Before(i.To); at = at.Add(time.Minute) {
			m := int(at.Sub(date) / time.Minute)
			if date.IsZero() || m >= 1440 {
				date, m = at.Truncate(24*time.Hour), 0
				day = r.day(date)
				number++
			}
			if day[m] != got {
				t.Fatalf("%q at %s: interval %s to %s says %v, reading says %v", spec, at, i.From, i.To, got, day[m])
			}
			if (number*31+m)%997 == 0 {
				if open := h.IsOpen(at.Add(59 * time.Second)); open != (day[m].state == oh.Open) {
					t.Fatalf("%q at %s: IsOpen says %v, reading says %v", spec, at, open, day[m])
				}
			}
			if (number*31+m)%99991 == 0 {
				if s := h.At(at); s.State != day[m].state || s.Comment != day[m].comment {
					t.Fatalf("%q at %s: At says %v, reading says %v", spec, at, s, day[m])
				}
			}
		}
	}
	if number != 3653 {
		t.Fatalf("%q: %d days read, want 3653", spec, number)
	}
}

// In zones with a clock change, what counts is what the clock on the wall shows; also
// where the change falls on midnight or skips a whole day.
func TestClockChangesMinuteByMinute(t *testing.T) {
	changes := []struct {
		zone string
		from string
	}{
		{"Europe/Zurich", "2026-03-28"},
		{"Europe/Zurich", "2026-10-24"},
		{"America/Sao_Paulo", "2018-11-03"},   // midnight does not exist
		{"America/Havana", "2026-10-31"},      // midnight comes twice
		{"Australia/Lord_Howe", "2026-04-04"}, // half an hour
		{"Pacific/Apia", "2011-12-29"},        // no 30 December
		{"Europe/Zurich", "2028-12-30"},       // the last day of a leap year
		{"America/New_York", "2040-12-30"},    // the same
		{"Asia/Kathmandu", "2026-01-01"},      // quarter of an hour, no change
	}
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(changes).Draw(t, "change")
		h := hoursIn(t, values().Draw(t, "spec"), zone(c.zone))
		r := reading{schedule: h.Schedule(), holiday: aarauHolidays}
		from, _ := time.ParseInLocation(time.DateOnly, c.from, h.Zone())
		read := map[string][1440]minute{}
		at := func(at time.Time) minute {
			key := at.Format(time.DateOnly)
			if _, ok := read[key]; !ok {
				date, _ := time.Parse(time.DateOnly, key)
				read[key] = r.day(date)
			}
			day := read[key]
			return day[at.Hour()*60+at.Minute()]
		}
		last := from
		for i := range h.Intervals(from, from.Add(72*time.Hour)) {
			if !i.From.Equal(last) || !i.To.After(i.From) {
				t.Fatalf("%s follows %s", i.From, last)
			}
			last = i.To
			for m := i.From; m.Before(i.To); m = m.Add(time.Minute) {
				want := at(m)
				if want != (minute{i.State, i.Comment}) {
					t.Fatalf("%s at %s: interval says %v, reading says %v", h.Schedule(), m, i, want)
				}
				if h.IsOpen(m) != (want.state == oh.Open) {
					t.Fatalf("%s at %s: IsOpen says %v", h.Schedule(), m, !(want.state == oh.Open))
				}
			}
		}
		if !last.Equal(from.Add(72 * time.Hour)) {
			t.Fatalf("the intervals end at %s", last)
		}
	})
}

// Exceptions replace whole days, the later of two counting, and run over midnight on
// top of what follows.
func TestExceptionsMinuteByMinute(t *testing.T) {
	from := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	exceptions := rapid.Custom(func(t *rapid.T) oh.Exception {
		start := rapid.IntRange(-3, 12).Draw(t, "start")
		e := oh.Exception{From: oh.DateOf(from.AddDate(0, 0, start)), To: oh.DateOf(from.AddDate(0, 0, start+rapid.IntRange(0, 4).Draw(t, "days")))}
		if oneIn(t, 2, "times") {
			e.Times = some(t, spans())
		}
		return e
	})
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(exceptions, 1, 5).Draw(t, "exceptions")
		h, err := hoursIn(t, values().Draw(t, "spec"), time.UTC).WithExceptions(list...)
		if err != nil {
			t.Fatalf("%v", err)
		}
		on := func(date time.Time) *oh.Exception {
			for i := len(list) - 1; i >= 0; i-- {
				if d := oh.DateOf(date); d.Compare(list[i].From) >= 0 && d.Compare(list[i].To) <= 0 {
					return &list[i]
				}
			}
			return nil
		}
		in := func(e *oh.Exception, minute int) bool {
			for _, s := range e.Times {
				if s.From <= minute && minute < s.To {
					return true
				}
			}
			return false
		}
		for date := from; date.Before(from.AddDate(0, 0, 14)); date = date.AddDate(0, 0, 1) {
			today, before := on(date), on(date.AddDate(0, 0, -1))
			rules := reading{schedule: h.Schedule(), holiday: aarauHolidays}.without(before != nil).day(date)
			for m := 0; m < 1440; m += 5 {
				want := rules[m].state
				if today != nil {
					want = oh.Closed
				}
				if today != nil && in(today, m) || before != nil && in(before, m+1440) {
					want = oh.Open
				}
				at := date.Add(time.Duration(m) * time.Minute)
				if m%480 == 300 && h.At(at).State != want {
					t.Fatalf("%s with %v at %s: At does not say %v", h.Schedule(), list, at, want)
				}
				if got := h.IsOpen(at); got != (want == oh.Open) {
					t.Fatalf("%s with %v at %s: IsOpen says %v, want %v", h.Schedule(), list, at, got, want)
				}
			}
		}
	})
}
