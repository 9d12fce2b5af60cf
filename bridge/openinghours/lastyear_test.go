package openinghours_test

import (
	"testing"
	"time"

	oh "schalter/bridge/openinghours"
)

// Next stops looking where the years that are written end. It finds all the same what Intervals
// finds, which looks to the end.
func TestNextStopsAtTheLastYear(t *testing.T) {
	for _, spec := range []string{
		"2020-2025 Mo-Fr 10:00-12:00",
		"2025 Dec 31 22:00-26:00",
		"2025 Dec 31 22:00-26:00; 2027 Jan 1 off",
		"2025 Dec 31 20:00-48:00 || 2026 open",
		"off; 2026 Nov 23-2026 Nov 27 08:00-11:00",
		"2026-2030/2 week 1-53/2 Mo[-1] 08:00-09:00",
		"2026+ Mo 08:00-09:00",
		"Mo-Fr 08:00-11:30; 2026 Dec 24 off",
		"2026 Mo 08:00-09:00; 10:00-11:00",
		"open; 2026 Jan 1 off",
		"2027 easter -2 days 10:00-11:00",
		"2020-2025 20:00-47:00",
		"24/7",
	} {
		plain := hoursIn(t, spec, zurich)
		later, err := plain.WithExceptions(oh.Exception{
			From: oh.Date{Year: 2029, Month: 5, Day: 1}, Times: []oh.TimeSpan{{From: 60, To: 120}},
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, h := range map[string]*oh.Hours{"": plain, " with an exception": later} {
			step := 3 * time.Hour // over the turn of the year
			for at := time.Date(2025, 12, 30, 7, 0, 0, 0, zurich); at.Year() < 2032; at = at.Add(step) {
				if at.Year() == 2026 && at.YearDay() > 5 {
					step = 1799 * time.Hour
				}
				end := at.AddDate(0, 0, oh.Horizon)
				var want time.Time
				for i := range h.Intervals(at, end) {
					if i.To.Before(end) {
						want = i.To
					}
					break
				}
				if got, _ := h.Next(at); !got.Equal(want) {
					t.Errorf("%s%s from %s: next %s, want %s", spec, name, at, got, want)
				}
			}
		}
	}
}
