package bridge_test

import (
	"errors"
	"testing"

	"schalter/bridge"
)

// The days on which Aarau's hours are easily wrong, with the counter's as in the example config.
func TestSeedDays(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newOffice(t, url, "2026-05-11 09.00.00", func(o *bridge.Options) {
			o.Areas[0].CounterHours = hours("Mo-Fr 08:00-11:30,14:00-17:00; Sa[1,3] 09:30-11:30; PH off")
		})
		// expect says what holds at a moment: when the chat opens, "" for open, and whether the counter is.
		expect := func(now, opens string, counter bool) {
			t.Helper()
			w.jump(now)
			s := w.b.Areas()[0].At(w.clock())
			if s.CounterOpen != counter {
				t.Errorf("%s: the counter is open: %v", now, s.CounterOpen)
			}
			_, err := w.b.Open(t.Context(), bridge.Opening{Area: hunde, Language: "de"})
			var closed *bridge.ClosedError
			switch {
			case opens == "" && err != nil:
				t.Errorf("%s: %v", now, err)
			case opens != "" && (!errors.As(err, &closed) || !closed.OpensAt.Equal(at(opens))):
				t.Errorf("%s: %v, want closed until %s", now, err, opens)
			}
		}
		expect("2026-05-13 16.59.59", "", true)
		expect("2026-05-13 17.00.00", "2026-05-15 08.00.00", false) // Ascension is a holiday
		expect("2026-05-15 09.00.00", "", true)                     // the Friday after is none

		w.jump("2026-05-11 09.00.00")
		w.command(chief, `!ausnahme 2026-05-15 zu "Brücke nach Auffahrt" fr:"Pont de l'Ascension"`)
		w.await("the exception", func() bool {
			return w.b.Areas()[0].At(at("2026-05-15 09.00.00")).State == bridge.AreaClosed
		})
		expect("2026-05-13 17.00.00", "2026-05-18 08.00.00", false)
		expect("2026-05-14 09.00.00", "2026-05-18 08.00.00", false)
		expect("2026-05-15 09.00.00", "2026-05-18 08.00.00", false)
		expect("2026-05-16 10.00.00", "2026-05-18 08.00.00", true) // the third Saturday is as ever
		expect("2026-05-18 08.00.00", "", true)
		if got := w.b.Areas()[0].Hours.At(at("2026-05-15 09.00.00")); got.Exception == nil || got.Exception.In("fr") != "Pont de l'Ascension" {
			t.Errorf("why it is closed: %+v", got)
		}

		expect("2026-08-01 10.00.00", "2026-08-03 08.00.00", false) // a first Saturday, and a holiday
		expect("2026-08-15 10.00.00", "2026-08-17 08.00.00", true)  // a third one, and none in Aarau
		expect("2027-01-01 10.00.00", "2027-01-04 08.00.00", false)
		expect("2027-01-02 10.00.00", "2027-01-04 08.00.00", false) // a first Saturday, and a holiday
		expect("2027-01-16 10.00.00", "2027-01-18 08.00.00", true)
	})
}
