package openinghours_test

import (
	"time"

	oh "schalter/bridge/openinghours"
)

// reading is the second opinion of these tests: it reads the syntax tree minute by
// minute, straight from the specification's sentences, with the dates of package
// time, and shares nothing with the evaluator. It is slow and has no intervals.
type reading struct {
	schedule *oh.Schedule
	holiday  func(time.Time) bool
	cut      bool // nothing comes over midnight
}

// without gives the same reading, with nothing that comes over midnight if cut.
func (r reading) without(cut bool) reading {
	r.cut = cut
	return r
}

// minute is what counts at one minute.
type minute struct {
	state   oh.State
	comment string
}

// day reads all minutes of a date. The date is a midnight in UTC.
func (r reading) day(date time.Time) [1440]minute {
	// The rules that speak on this date, each with what it sends over midnight.
	type speaker struct {
		rule     *oh.Rule
		tail     bool
		fallback bool
	}
	var speakers []speaker
	fallback := false
	for i := range r.schedule.Rules {
		rule := &r.schedule.Rules[i]
		if rule.Join != oh.Add {
			fallback = rule.Join == oh.Fallback
		}
		if r.selects(rule, date) {
			opens := rule.State == oh.Open || rule.State == oh.Unknown
			afterDayless := i > 0 && limitless(&r.schedule.Rules[i-1])
			if rule.Join == oh.Replace && (opens && !limitless(rule) || rule.State == oh.Open && limitless(rule) && afterDayless) {
				speakers = nil
			}
			speakers = append(speakers, speaker{rule, false, fallback})
		}
		if !r.cut && r.selects(rule, date.AddDate(0, 0, -1)) {
			speakers = append(speakers, speaker{rule, true, fallback})
		}
	}
	var minutes [1440]minute
	for m := range minutes {
		for _, s := range speakers {
			speaks := len(s.rule.Times) == 0 && !s.tail
			for _, span := range s.rule.Times {
				at := m
				if s.tail {
					at += 1440
				}
				speaks = speaks || span.From <= at && at < span.To
			}
			if speaks && (!s.fallback || minutes[m].state == oh.Closed) {
				minutes[m] = minute{s.rule.State, s.rule.Comment}
			}
		}
	}
	return minutes
}

func limitless(r *oh.Rule) bool {
	return len(r.Years) == 0 && len(r.Dates) == 0 && len(r.Weeks) == 0 && len(r.Days.Weekdays) == 0 && len(r.Days.Holidays) == 0
}

func (r reading) selects(rule *oh.Rule, date time.Time) bool {
	_, week := date.ISOWeek()
	return anyOf(rule.Years, func(y oh.YearRange) bool {
		for year := y.From; year <= y.To && year <= date.Year(); year += y.Step {
			if year == date.Year() {
				return true
			}
		}
		return false
	}) && anyOf(rule.Dates, func(d oh.DateRange) bool {
		return inDates(d, date)
	}) && anyOf(rule.Weeks, func(w oh.WeekRange) bool {
		for n := w.From; n <= w.To; n += w.Step {
			if n == week {
				return true
			}
		}
		return false
	}) && r.inDays(rule.Days, date)
}

// anyOf tells whether one of the selectors selects; no selector at all selects too.
func anyOf[T any](selectors []T, selects func(T) bool) bool {
	for _, s := range selectors {
		if selects(s) {
			return true
		}
	}
	return len(selectors) == 0
}

func inDates(d oh.DateRange, date time.Time) bool {
	if d.Whole {
		for m := d.From.Month; ; m = m%12 + 1 {
			if m == date.Month() {
				return true
			}
			if m == d.To.Month {
				return false
			}
		}
	}
	if d.From == d.To && d.From.Month == time.February && d.From.Day == 29 {
		return date.Month() == time.February && date.Day() == 29
	}
	// Walk back to the start of the range, but not past an end that came before.
	years := []int{d.From.Year}
	if d.From.Year == 0 {
		years = []int{date.Year() - 1, date.Year(), date.Year() + 1}
	}
	for _, year := range years {
		start := onDate(d.From, year)
		endYear := year
		if d.To.Year != 0 {
			endYear = d.To.Year
		}
		stop := onDate(d.To, endYear)
		if d.To.Month == time.February && d.To.Day == 29 && stop.Month() == time.March {
			stop = stop.AddDate(0, 0, -1)
		}
		if stop.Before(start) {
			stop = onDate(d.To, endYear+1)
			if d.To.Month == time.February && d.To.Day == 29 && stop.Month() == time.March {
				stop = stop.AddDate(0, 0, -1)
			}
		}
		if !date.Before(start) && !date.After(stop) {
			return true
		}
	}
	return false
}

func onDate(e oh.DateEnd, year int) time.Time {
	if e.Month != 0 {
		return time.Date(year, e.Month, e.Day, 0, 0, 0, 0, time.UTC)
	}
	return easterSunday(year).AddDate(0, 0, e.Offset)
}

// easterSunday is the Sunday after the paschal full moon, by Gauss' rule with its two
// exceptions; valid for the years 1900 to 2099.
func easterSunday(year int) time.Time {
	d := (19*(year%19) + 24) % 30
	e := (2*(year%4) + 4*(year%7) + 6*d + 5) % 7
	day := 22 + d + e
	if d == 29 && e == 6 || d == 28 && e == 6 && year%19 > 10 {
		day -= 7
	}
	return time.Date(year, time.March, day, 0, 0, 0, 0, time.UTC)
}

func (r reading) inDays(d oh.Days, date time.Time) bool {
	if len(d.Weekdays)+len(d.Holidays) == 0 {
		return true
	}
	weekday, holiday := false, false
	for _, w := range d.Weekdays {
		weekday = weekday || inWeekdays(w, date)
	}
	for _, h := range d.Holidays {
		holiday = holiday || r.holiday(date.AddDate(0, 0, -h.Offset))
	}
	if d.Both {
		return weekday && holiday
	}
	return weekday || holiday
}

func inWeekdays(w oh.WeekdayRange, date time.Time) bool {
	if len(w.Nth) == 0 {
		for day := w.From; ; day = (day + 1) % 7 {
			if day == date.Weekday() {
				return true
			}
			if day == w.To {
				return false
			}
		}
	}
	date = date.AddDate(0, 0, -w.Offset)
	if date.Weekday() != w.From {
		return false
	}
	before, after := 1, 1 // how many of this weekday up to here, and from here on
	for d := date.AddDate(0, 0, -7); d.Month() == date.Month(); d = d.AddDate(0, 0, -7) {
		before++
	}
	for d := date.AddDate(0, 0, 7); d.Month() == date.Month(); d = d.AddDate(0, 0, 7) {
		after++
	}
	for _, n := range w.Nth {
		for i := n.From; i <= n.To; i++ {
			if i == before || -i == after {
				return true
			}
		}
	}
	return false
}

// aarauHolidays reads the list in the design, not the calendar under test.
func aarauHolidays(date time.Time) bool {
	switch date.Format("01-02") {
	case "01-01", "01-02", "08-01", "12-25", "12-26":
		return true
	}
	switch date.Sub(easterSunday(date.Year())).Hours() / 24 {
	case -2, 1, 39, 50:
		return true
	}
	return false
}
