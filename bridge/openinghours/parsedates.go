package openinghours

import "time"

// dates reads <monthday_selector>. hasYears tells that a year_selector came before.
func (p *parser) dates(hasYears bool) ([]DateRange, *SyntaxError) {
	var ranges []DateRange
	for {
		r, err := p.dateRange()
		if err != nil {
			return nil, err
		}
		ranges = append(ranges, r)
		// "Dec 24,26,31": further days of the month just named.
		for !r.Whole && r.To.Month != 0 && p.peek(0).is(",") && p.isDay(1) {
			p.pos++
			r.From = DateEnd{Year: r.To.Year, Month: r.To.Month, Day: p.peek(0).value}
			if r, err = p.rangeFrom(p.take(), r.From); err != nil {
				return nil, err
			}
			ranges = append(ranges, r)
		}
		next := p.peek(1)
		if hasYears && p.peek(0).is(",") && p.isYear(1) {
			return nil, p.fail(next, "a year cannot stand here as well as before the dates", "write the year in front of every date, as in 2026 Jan 01,2027 Feb 03")
		}
		if !p.peek(0).is(",") || !isMonth(next) && !isWord(next, "easter") && !(p.isYear(1) && p.isDate(2)) {
			return ranges, nil
		}
		p.pos++
	}
}

// dateRange reads one <monthday_range>.
func (p *parser) dateRange() (DateRange, *SyntaxError) {
	first := p.peek(0)
	if isMonth(first) && !p.isDay(1) {
		return p.monthRange()
	}
	from, err := p.dateEnd()
	if err != nil {
		return DateRange{}, err
	}
	return p.rangeFrom(first, from)
}

// monthRange reads a month or a range of months.
func (p *parser) monthRange() (DateRange, *SyntaxError) {
	from := DateEnd{Month: monthOf[p.take().text]}
	r := DateRange{From: from, To: from, Whole: true}
	if !p.taking("-") {
		return r, nil
	}
	t := p.take()
	if !isMonth(t) {
		return r, p.fail(t, "a range of months needs a second month", "write it as in Nov-Feb, or with days on both sides, as in Nov 01-Feb 15")
	}
	if p.isDay(0) {
		return r, p.fail(p.peek(0), "the range starts with a month and ends with a day", "write a day on both sides, as in Nov 01-Feb 15")
	}
	r.To.Month = monthOf[t.text]
	return r, nil
}

// rangeFrom reads the rest of a range of days that starts with from, at token first.
func (p *parser) rangeFrom(first token, from DateEnd) (DateRange, *SyntaxError) {
	r := DateRange{From: from, To: from}
	if err := p.checkDay(first, from); err != nil {
		return r, err
	}
	switch {
	case p.peek(0).is("+"):
		return r, p.fail(p.peek(0), "moved dates are not supported", "write the date itself; only easter, PH, SH and counted weekdays can be moved")
	case !p.peek(0).is("-"):
		return r, nil
	case p.isDay(1) && from.Month != 0:
		p.pos++
		t := p.take()
		r.To.Day = t.value
		if r.To.Day < r.From.Day {
			return r, p.fail(t, "the range of days runs backwards", "name the month on both sides, as in Dec 28-Jan 03")
		}
		if err := p.checkDay(t, r.To); err != nil {
			return r, err
		}
	default:
		p.pos++
		t := p.peek(0)
		var err *SyntaxError
		if r.To, err = p.dateEnd(); err != nil {
			return r, err
		}
		if err := p.checkDay(t, r.To); err != nil {
			return r, err
		}
		if (r.From.Year == 0) != (r.To.Year == 0) {
			return r, p.fail(t, "only one end of the range has a year", "write the year on both sides, as in 2026 Dec 24-2027 Jan 02")
		}
		if r.From.Year != 0 && r.To.resolve(r.To.Year, false) < r.From.resolve(r.From.Year, true) {
			return r, p.fail(first, "the range of dates runs backwards", "write the earlier date first")
		}
	}
	if p.peek(0).is("/") {
		return r, p.fail(p.peek(0), "steps of dates are not supported", "write the dates, as in Jan 10,15,20")
	}
	return r, nil
}

// dateEnd reads <date_from>.
func (p *parser) dateEnd() (DateEnd, *SyntaxError) {
	var e DateEnd
	if p.isYear(0) {
		t := p.take()
		if e.Year = t.value; e.Year < MinYear {
			return e, p.fail(t, "years start at 1900", "write a later year")
		}
	}
	if isWord(p.peek(0), "easter") {
		p.pos++
		var err *SyntaxError
		e.Offset, err = p.dayOffset()
		return e, err
	}
	t := p.peek(0)
	if !isMonth(t) || !p.isDay(1) {
		return e, p.fail(t, "a date needs a month and a day here", "write it as in Dec 24, or easter")
	}
	e.Month = monthOf[p.take().text]
	e.Day = p.take().value
	return e, nil
}

// checkDay refuses days that their month never has.
func (p *parser) checkDay(t token, e DateEnd) *SyntaxError {
	year := e.Year
	if year == 0 {
		year = 2000 // a leap year: Feb 29 may be written
	}
	if e.Month != 0 && (e.Day < 1 || e.Day > daysIn(year, e.Month)) {
		return p.fail(t, "the month has no such day", "write a day of the month, as in "+monthCodes[e.Month]+" "+pad(daysIn(year, e.Month)))
	}
	return nil
}

// resolve gives the day number of the end in a year. Where the year has no 29
// February, a range that starts there starts on 1 March, one that ends there ends on
// 28 February.
func (e DateEnd) resolve(year int, start bool) int32 {
	if e.Month == 0 {
		return easter(year) + int32(e.Offset)
	}
	d := dayNumber(year, e.Month, e.Day)
	if e.Month == time.February && e.Day == 29 && !start && !leap(year) {
		d--
	}
	return d
}
