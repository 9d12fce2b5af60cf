package openinghours_test

import (
	"time"

	"pgregory.net/rapid"

	oh "schalter/bridge/openinghours"
)

// values generates opening_hours values of the supported syntax, as canonical text.
func values() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		s := oh.Schedule{}
		n := rapid.IntRange(1, 5).Draw(t, "rules")
		for i := range n {
			r := rules().Draw(t, "rule")
			if i > 0 {
				r.Join = pick(t, "join", oh.Replace, oh.Replace, oh.Replace, oh.Add, oh.Fallback)
			}
			s.Rules = append(s.Rules, r)
		}
		return s.String()
	})
}

func rules() *rapid.Generator[oh.Rule] {
	return rapid.Custom(func(t *rapid.T) oh.Rule {
		r := oh.Rule{State: pick(t, "state", oh.Open, oh.Open, oh.Open, oh.Open, oh.Closed, oh.Closed, oh.Unknown)}
		if r.State == oh.Unknown || rarely(t, "comment") {
			r.Comment = pick(t, "text", "", "nach Vereinbarung", "Auffahrt & Brücke")
		}
		if rarely(t, "always") {
			r.Always = true
			return r
		}
		if rarely(t, "years") {
			r.Years = some(t, years())
		}
		if oneIn(t, 3, "dates") {
			r.Dates = some(t, dates(len(r.Years) > 0))
			if first := r.Dates[0]; first.From.Year != 0 || !first.Whole && len(r.Years) == 1 && r.Years[0].From == r.Years[0].To {
				r.Years = nil // the year would read as part of the date
			}
		}
		if rarely(t, "weeks") {
			r.Weeks = some(t, weeks())
		}
		if !rarely(t, "no weekdays") {
			r.Days = days().Draw(t, "days")
		}
		if r.State == oh.Open || oneIn(t, 2, "times") {
			r.Times = some(t, spans())
		}
		return r
	})
}

func years() *rapid.Generator[oh.YearRange] {
	return rapid.Custom(func(t *rapid.T) oh.YearRange {
		from := rapid.IntRange(2020, 2030).Draw(t, "from")
		switch rapid.IntRange(0, 3).Draw(t, "form") {
		case 0:
			return oh.YearRange{From: from, To: from, Step: 1}
		case 1:
			return oh.YearRange{From: from, To: oh.MaxYear, Step: 1}
		case 2:
			return oh.YearRange{From: from, To: from + rapid.IntRange(1, 10).Draw(t, "more"), Step: 1}
		}
		return oh.YearRange{From: from, To: from + rapid.IntRange(3, 10).Draw(t, "more"), Step: rapid.IntRange(2, 3).Draw(t, "step")}
	})
}

func dates(hasYears bool) *rapid.Generator[oh.DateRange] {
	return rapid.Custom(func(t *rapid.T) oh.DateRange {
		month := func(label string) time.Month { return time.Month(rapid.IntRange(1, 12).Draw(t, label)) }
		end := func(label string) oh.DateEnd {
			m := month(label)
			return oh.DateEnd{Month: m, Day: rapid.IntRange(1, time.Date(2000, m+1, 0, 0, 0, 0, 0, time.UTC).Day()).Draw(t, label)}
		}
		forms := 6
		if hasYears {
			forms = 4
		}
		switch rapid.IntRange(0, forms).Draw(t, "form") {
		case 0:
			e := oh.DateEnd{Month: month("month")}
			return oh.DateRange{From: e, To: e, Whole: true}
		case 1:
			return oh.DateRange{From: oh.DateEnd{Month: month("from")}, To: oh.DateEnd{Month: month("to")}, Whole: true}
		case 2:
			e := end("day")
			return oh.DateRange{From: e, To: e}
		case 3:
			return oh.DateRange{From: end("from"), To: end("to")}
		case 4:
			e := oh.DateEnd{Offset: rapid.IntRange(-60, 70).Draw(t, "easter")}
			if oneIn(t, 4, "range") {
				return oh.DateRange{From: e, To: end("to")}
			}
			return oh.DateRange{From: e, To: e}
		case 5:
			e := end("day")
			e.Year, e.Day = rapid.IntRange(2025, 2028).Draw(t, "year"), min(e.Day, 28)
			return oh.DateRange{From: e, To: e}
		}
		from, to := end("from"), end("to")
		from.Year, from.Day = rapid.IntRange(2025, 2027).Draw(t, "year"), min(from.Day, 28)
		to.Year, to.Day = from.Year+rapid.IntRange(1, 2).Draw(t, "more"), min(to.Day, 28)
		return oh.DateRange{From: from, To: to}
	})
}

func weeks() *rapid.Generator[oh.WeekRange] {
	return rapid.Custom(func(t *rapid.T) oh.WeekRange {
		from := rapid.IntRange(1, 53).Draw(t, "from")
		to := rapid.IntRange(from, 53).Draw(t, "to")
		if from == to {
			return oh.WeekRange{From: from, To: to, Step: 1}
		}
		return oh.WeekRange{From: from, To: to, Step: pick(t, "step", 1, 1, 2, 4)}
	})
}

func days() *rapid.Generator[oh.Days] {
	return rapid.Custom(func(t *rapid.T) oh.Days {
		switch rapid.IntRange(0, 9).Draw(t, "form") {
		case 0, 1:
			return oh.Days{Holidays: some(t, holidays())}
		case 2:
			return oh.Days{Holidays: some(t, holidays()), Weekdays: some(t, weekdays())}
		case 3:
			return oh.Days{Holidays: some(t, holidays()), Weekdays: some(t, weekdays()), Both: true}
		}
		return oh.Days{Weekdays: some(t, weekdays())}
	})
}

func holidays() *rapid.Generator[oh.Holidays] {
	return rapid.Custom(func(t *rapid.T) oh.Holidays {
		return oh.Holidays{Offset: pick(t, "offset", 0, 0, 0, -1, 1)}
	})
}

func weekdays() *rapid.Generator[oh.WeekdayRange] {
	return rapid.Custom(func(t *rapid.T) oh.WeekdayRange {
		day := func(label string) time.Weekday { return time.Weekday(rapid.IntRange(0, 6).Draw(t, label)) }
		from := day("from")
		switch rapid.IntRange(0, 4).Draw(t, "form") {
		case 0:
			return oh.WeekdayRange{From: from, To: from}
		case 1:
			nth := rapid.Custom(func(t *rapid.T) oh.NthRange {
				n := pick(t, "nth", 1, 2, 3, 4, 5, -1, -2, -5)
				if n > 0 && rarely(t, "range") {
					return oh.NthRange{From: n, To: rapid.IntRange(n, 5).Draw(t, "to")}
				}
				return oh.NthRange{From: n, To: n}
			})
			return oh.WeekdayRange{From: from, To: from, Nth: some(t, nth), Offset: pick(t, "offset", 0, 0, 0, 1, -1, 3)}
		}
		return oh.WeekdayRange{From: from, To: day("to")}
	})
}

func spans() *rapid.Generator[oh.TimeSpan] {
	return rapid.Custom(func(t *rapid.T) oh.TimeSpan {
		from := rapid.IntRange(0, 95).Draw(t, "from") * 15
		switch rapid.IntRange(0, 7).Draw(t, "form") {
		case 0:
			return oh.TimeSpan{From: from, To: from + rapid.IntRange(1, 1440).Draw(t, "minutes")}
		case 1:
			return oh.TimeSpan{From: 0, To: 1440}
		}
		return oh.TimeSpan{From: from, To: min(1440, from+rapid.IntRange(1, 40).Draw(t, "quarters")*15)}
	})
}

func some[T any](t *rapid.T, g *rapid.Generator[T]) []T {
	return rapid.SliceOfN(g, 1, 1+rapid.IntRange(0, 2).Draw(t, "more")*rapid.IntRange(0, 1).Draw(t, "several")).Draw(t, "list")
}

func pick[T any](t *rapid.T, label string, of ...T) T { return rapid.SampledFrom(of).Draw(t, label) }

func oneIn(t *rapid.T, n int, label string) bool { return rapid.IntRange(1, n).Draw(t, label) == n }

func rarely(t *rapid.T, label string) bool { return oneIn(t, 7, label) }
