package openinghours

// day is one day of the calendar with what the selectors ask of it.
type day struct {
	number int32
	date   Date
	week   int8 // ISO week, 0 until asked
}

func dayOf(number int32) day { return day{number: number, date: dateOfNumber(number)} }

func (d *day) isoWeek() int {
	if d.week == 0 {
		d.week = int8(isoWeek(d.number))
	}
	return int(d.week)
}

// matches reports whether the rule's day selectors all select the day.
func (r *Rule) matches(d *day, holidays *Calendar) bool {
	years, dates, weeks := len(r.Years) == 0, len(r.Dates) == 0, len(r.Weeks) == 0
	for i := 0; i < len(r.Years) && !years; i++ {
		years = r.Years[i].selects(d)
	}
	for i := 0; i < len(r.Dates) && years && !dates; i++ {
		dates = r.Dates[i].selects(d)
	}
	for i := 0; i < len(r.Weeks) && dates && !weeks; i++ {
		weeks = r.Weeks[i].selects(d)
	}
	if !years || !dates || !weeks {
		return false
	}
	return r.Days.empty() || r.Days.selects(d, holidays)
}

func (y YearRange) selects(d *day) bool {
	year := d.date.Year
	return y.From <= year && year <= y.To && (year-y.From)%y.Step == 0
}

func (w WeekRange) selects(d *day) bool {
	week := d.isoWeek()
	return w.From <= week && week <= w.To && (week-w.From)%w.Step == 0
}

func (r *DateRange) selects(d *day) bool {
	switch {
	case r.From.Year != 0:
		return r.From.resolve(r.From.Year, true) <= d.number && d.number <= r.To.resolve(r.To.Year, false)
	case r.Whole:
		return between(int(r.From.Month), int(d.date.Month), int(r.To.Month))
	case r.From.Month != 0 && r.To.Month != 0:
		// Months count 32 days here, so that 29 February needs no special case.
		code := func(e DateEnd) int { return int(e.Month)*32 + e.Day }
		return between(code(r.From), int(d.date.Month)*32+d.date.Day, code(r.To))
	case r.From == r.To:
		year := dateOfNumber(d.number - int32(r.From.Offset)).Year
		return easter(year)+int32(r.From.Offset) == d.number
	}
	// Easter moves: try the ranges that start in the years around.
	for year := d.date.Year - 1; year <= d.date.Year+1; year++ {
		from, to := r.From.resolve(year, true), r.To.resolve(year, false)
		if to < from {
			to = r.To.resolve(year+1, false)
		}
		if from <= d.number && d.number <= to {
			return true
		}
	}
	return false
}

// between reports whether x lies from a to b, over the turn of the year if b < a.
func between(a, x, b int) bool {
	if a <= b {
		return a <= x && x <= b
	}
	return x >= a || x <= b
}

func (s *Days) selects(d *day, holidays *Calendar) bool {
	weekdays := false
	for i := range s.Weekdays {
		if s.Weekdays[i].selects(d) {
			weekdays = true
			break
		}
	}
	if len(s.Holidays) == 0 {
		return weekdays
	}
	if weekdays != s.Both {
		return weekdays // decided without looking at the holidays
	}
	for _, h := range s.Holidays {
		n, date := d.number, d.date
		if h.Offset != 0 {
			n -= int32(h.Offset)
			date = dateOfNumber(n)
		}
		if holidays.find(n, date, h.School) != nil {
			return true
		}
	}
	return false
}

func (w *WeekdayRange) selects(d *day) bool {
	if len(w.Nth) == 0 {
		return between(int(w.From+6)%7, int(weekday(d.number)+6)%7, int(w.To+6)%7)
	}
	number, date := d.number, d.date
	if w.Offset != 0 {
		number -= int32(w.Offset)
		date = dateOfNumber(number)
	}
	if weekday(number) != w.From {
		return false
	}
	fromStart := (date.Day-1)/7 + 1
	fromEnd := -((daysIn(date.Year, date.Month)-date.Day)/7 + 1)
	for _, n := range w.Nth {
		if n.From <= fromStart && fromStart <= n.To || n.From == fromEnd {
			return true
		}
	}
	return false
}
