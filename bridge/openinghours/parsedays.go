package openinghours

import "time"

var weekdayOf = map[string]time.Weekday{"mo": 1, "tu": 2, "we": 3, "th": 4, "fr": 5, "sa": 6, "su": 0}

var monthOf = map[string]time.Month{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
	"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}

func isWeekday(t token) bool {
	_, ok := weekdayOf[t.text]
	return ok && t.kind == word
}

func isMonth(t token) bool {
	_, ok := monthOf[t.text]
	return ok && t.kind == word
}

func isWord(t token, text string) bool { return t.kind == word && t.text == text }

func isHoliday(t token) bool { return isWord(t, "ph") || isWord(t, "sh") }

func isEvent(t token) bool {
	return isWord(t, "sunrise") || isWord(t, "sunset") || isWord(t, "dawn") || isWord(t, "dusk")
}

// isToken reports whether the word is one of the specification's.
func isToken(t token) bool {
	_, state := stateWords[t.text]
	return isWeekday(t) || isMonth(t) || isHoliday(t) || state || isWord(t, "week") || isWord(t, "easter")
}

// isYear reports whether a year stands n tokens ahead, not the hour of a time.
func (p *parser) isYear(n int) bool {
	return p.peek(n).kind == number && len(p.peek(n).text) == 4 && !p.isTime(n)
}

// isTime reports whether hours and minutes stand n tokens ahead, without a blank.
func (p *parser) isTime(n int) bool {
	h, colon, m := p.peek(n), p.peek(n+1), p.peek(n+2)
	return h.kind == number && colon.is(":") && m.kind == number && h.until == colon.at && colon.until == m.at
}

// isDay reports whether a day of the month stands n tokens ahead.
func (p *parser) isDay(n int) bool {
	return p.peek(n).kind == number && len(p.peek(n).text) <= 2 && !p.isTime(n)
}

// isDate reports whether a day of a year (month and day, or Easter) stands ahead.
func (p *parser) isDate(n int) bool {
	return isMonth(p.peek(n)) && p.isDay(n+1) || isWord(p.peek(n), "easter")
}

// selectors reads <wide_range_selectors> and <small_range_selectors>, each optional.
func (p *parser) selectors(rule *Rule) *SyntaxError {
	start := p.pos
	var err *SyntaxError
	if p.isYear(0) && !p.isDate(1) {
		if rule.Years, err = p.years(); err != nil {
			return err
		}
	}
	if p.isYear(0) && p.isDate(1) || isMonth(p.peek(0)) || isWord(p.peek(0), "easter") {
		if rule.Dates, err = p.dates(len(rule.Years) > 0); err != nil {
			return err
		}
	}
	if isWord(p.peek(0), "week") {
		if rule.Weeks, err = p.weeks(); err != nil {
			return err
		}
	}
	if p.pos > start {
		p.taking(":") // separator_for_readability
	}
	if isWeekday(p.peek(0)) || isHoliday(p.peek(0)) {
		if rule.Days, err = p.days(); err != nil {
			return err
		}
	}
	if p.isTime(0) || p.peek(0).kind == number && p.peek(1).is("-") {
		if rule.Times, err = p.times(); err != nil {
			return err
		}
	}
	return nil
}

// years reads <year_selector>.
func (p *parser) years() ([]YearRange, *SyntaxError) {
	var ranges []YearRange
	for {
		from := p.take()
		r := YearRange{From: from.value, To: from.value, Step: 1}
		switch {
		case p.taking("+"):
			r.To = MaxYear
		case p.peek(0).is("-"):
			p.pos++
			if !p.isYear(0) {
				return nil, p.fail(p.peek(0), "a range of years needs a second year", "write it with four digits, as in 2026-2028")
			}
			r.To = p.take().value
			if r.To <= r.From {
				return nil, p.fail(from, "the range of years ends before a second year", "write the earlier year first, and a single year only once")
			}
			if p.taking("/") {
				n := p.take()
				if n.kind != number || n.value < 1 || n.value > MaxYear {
					return nil, p.fail(n, "the step must be a number of years", "write it as in 2026-2040/2")
				}
				r.Step = n.value
			}
		}
		if r.From < MinYear || r.From >= MaxYear {
			return nil, p.fail(from, "years are 1900 to 9998", "write another year")
		}
		ranges = append(ranges, r)
		if !p.peek(0).is(",") || !p.isYear(1) {
			return ranges, nil
		}
		p.pos++
	}
}

// weeks reads <week_selector>.
func (p *parser) weeks() ([]WeekRange, *SyntaxError) {
	var ranges []WeekRange
	for {
		if isWord(p.peek(0), "week") {
			p.pos++
		}
		from, err := p.weekNumber()
		if err != nil {
			return nil, err
		}
		r := WeekRange{From: from.value, To: from.value, Step: 1}
		if p.taking("-") {
			to, err := p.weekNumber()
			if err != nil {
				return nil, err
			}
			r.To = to.value
			if r.To < r.From {
				return nil, p.fail(from, "the range of weeks runs backwards", "write two ranges, as in week 50-53,01-02")
			}
			if p.taking("/") {
				n := p.take()
				if n.kind != number || n.value < 1 || n.value > 53 {
					return nil, p.fail(n, "the step must be a number of weeks", "write it as in week 1-53/2")
				}
				r.Step = n.value
			}
		}
		if r.From == r.To {
			r.Step = 1
		}
		ranges = append(ranges, r)
		if !p.peek(0).is(",") || !p.isDay(1) && !isWord(p.peek(1), "week") {
			return ranges, nil
		}
		p.pos++
	}
}

func (p *parser) weekNumber() (token, *SyntaxError) {
	if !p.isDay(0) || p.peek(0).value < 1 || p.peek(0).value > 53 {
		return token{}, p.fail(p.peek(0), "a week is a number from 1 to 53", "write it as in week 1-20")
	}
	return p.take(), nil
}

// days reads <weekday_selector>.
func (p *parser) days() (Days, *SyntaxError) {
	var d Days
	for {
		t := p.peek(0)
		if isHoliday(t) {
			if d.Both {
				return d, p.fail(t, "holidays cannot follow here", "write holidays first, as in PH,SH Mo-Fr")
			}
			h, err := p.holidays()
			if err != nil {
				return d, err
			}
			d.Holidays = append(d.Holidays, h)
			if len(d.Weekdays) == 0 && isWeekday(p.peek(0)) {
				d.Both = true
				continue
			}
		} else {
			w, err := p.weekdays()
			if err != nil {
				return d, err
			}
			d.Weekdays = append(d.Weekdays, w)
			if isHoliday(p.peek(0)) {
				return d, p.fail(p.peek(0), "holidays cannot follow weekdays without a comma",
					"write Mo-Fr,PH for both, or PH Mo-Fr for the holidays on these weekdays")
			}
		}
		if !p.peek(0).is(",") || !isWeekday(p.peek(1)) && !isHoliday(p.peek(1)) {
			if p.peek(0).is(",") && (isMonth(p.peek(1)) || isWord(p.peek(1), "easter")) {
				return d, p.fail(p.peek(1), "a date cannot stand in a list of weekdays", "write a second rule after ;")
			}
			if p.peek(0).is(":") {
				return d, p.fail(p.peek(0), "no colon stands after weekdays", "write a blank")
			}
			return d, nil
		}
		p.pos++
	}
}

// holidays reads one <holiday>.
func (p *parser) holidays() (Holidays, *SyntaxError) {
	t := p.take()
	h := Holidays{School: t.text == "sh"}
	first := &p.schedule.publicAt
	if h.School {
		first = &p.schedule.schoolAt
	}
	if *first < 0 {
		*first = t.at
	}
	if p.peek(0).is("-") && (isWeekday(p.peek(1)) || isHoliday(p.peek(1))) {
		return h, p.fail(p.peek(0), "holidays have no order and make no range", "write PH,Mo-Fr or PH Mo-Fr")
	}
	var err *SyntaxError
	h.Offset, err = p.dayOffset()
	return h, err
}

// weekdays reads one <weekday_range>.
func (p *parser) weekdays() (WeekdayRange, *SyntaxError) {
	first := p.take()
	w := WeekdayRange{From: weekdayOf[first.text]}
	w.To = w.From
	switch {
	case p.taking("-"):
		if !isWeekday(p.peek(0)) {
			return w, p.fail(p.peek(0), "a range of weekdays needs a second weekday", "write it as in Mo-Fr")
		}
		w.To = weekdayOf[p.take().text]
		if p.peek(0).is("[") {
			return w, p.fail(p.peek(0), "a range of weekdays cannot be counted", "count single weekdays, as in Mo[1],Tu[1]")
		}
	case p.taking("["):
		var err *SyntaxError
		if w.Nth, err = p.nth(); err != nil {
			return w, err
		}
		if p.peek(0).is("-") && isWeekday(p.peek(1)) {
			return w, p.fail(p.peek(0), "a counted weekday makes no range", "count single weekdays, as in Mo[1],Tu[1]")
		}
		if w.Offset, err = p.dayOffset(); err != nil {
			return w, err
		}
	}
	return w, nil
}

// nth reads <nth_entry> {, <nth_entry>} and the closing bracket.
func (p *parser) nth() ([]NthRange, *SyntaxError) {
	var entries []NthRange
	const hint = "write 1 to 5, or -1 to -5 from the end of the month, as in Sa[1,3] or Fr[-1]"
	for {
		sign := 1
		if p.taking("-") {
			sign = -1
		}
		t := p.take()
		if t.kind != number || t.value < 1 || t.value > 5 {
			return nil, p.fail(t, "this cannot count weekdays", hint)
		}
		n := NthRange{sign * t.value, sign * t.value}
		if sign > 0 && p.taking("-") {
			to := p.take()
			if to.kind != number || to.value > 5 || to.value < n.From {
				return nil, p.fail(to, "this cannot end the count", hint)
			}
			n.To = to.value
		}
		entries = append(entries, n)
		if p.taking("]") {
			return entries, nil
		}
		if !p.taking(",") {
			return nil, p.fail(p.peek(0), "the bracket is not closed", hint)
		}
	}
}

// maxOffset bounds <day_offset>, so that no day depends on another far away.
const maxOffset = 300

// dayOffset reads an optional <day_offset>.
func (p *parser) dayOffset() (int, *SyntaxError) {
	plus := p.peek(0).is("+")
	if !plus && !(p.peek(0).is("-") && p.isDay(1) && (isWord(p.peek(2), "day") || isWord(p.peek(2), "days"))) {
		return 0, nil
	}
	p.pos++
	t := p.take()
	if unit := p.peek(0); t.kind != number || !isWord(unit, "day") && !isWord(unit, "days") {
		return 0, p.fail(t, "this offset is not a number of days", "write it as in +1 day or -2 days")
	}
	p.pos++
	if t.value > maxOffset {
		return 0, p.fail(t, "this offset is too large", "write at most 300 days")
	}
	if !plus {
		return -t.value, nil
	}
	return t.value, nil
}
