package openinghours

const minutesPerDay = 24 * 60

// times reads <time_selector>.
func (p *parser) times() ([]TimeSpan, *SyntaxError) {
	var spans []TimeSpan
	for {
		s, err := p.timeSpan()
		if err != nil {
			return nil, err
		}
		spans = append(spans, s)
		next := p.peek(1)
		more := isEvent(next) || next.is("(") || next.kind == number && !p.isYear(1) && !p.isAlways(1)
		if !p.peek(0).is(",") || !more {
			return spans, nil // the comma, if there is one, starts an additional rule
		}
		p.pos++
	}
}

// timeSpan reads one <timespan>.
func (p *parser) timeSpan() (TimeSpan, *SyntaxError) {
	var s TimeSpan
	first := p.peek(0)
	var err *SyntaxError
	if s.From, err = p.time(); err != nil {
		return s, err
	}
	if s.From >= minutesPerDay {
		return s, p.fail(first, "a span cannot start after the end of its day", "write it on the following day")
	}
	switch {
	case p.taking("-"):
	case p.peek(0).is("+"):
		return s, p.fail(p.peek(0), "open ends are not supported", hintOpenEnd)
	default:
		return s, p.fail(first, "points in time are not supported", hintPointInTime)
	}
	last := p.peek(0)
	if s.To, err = p.time(); err != nil {
		return s, err
	}
	if s.To > 2*minutesPerDay {
		return s, p.fail(last, "a span cannot end after 48:00", "write two rules")
	}
	if s.To <= s.From {
		s.To += minutesPerDay // past midnight
	}
	switch {
	case p.peek(0).is("+"):
		return s, p.fail(p.peek(0), "open ends are not supported", "leave the + away")
	case p.peek(0).is("/"):
		return s, p.fail(p.peek(0), "points in time are not supported", "leave the / and what follows away")
	}
	return s, nil
}

// time reads <extended_hour_minutes>, in minutes.
func (p *parser) time() (int, *SyntaxError) {
	t := p.peek(0)
	switch {
	case p.isTime(0):
	case t.is("(") || isEvent(t):
		return 0, p.fail(t, "variable times are not supported", hintVariableTime)
	case t.kind == number:
		return 0, p.fail(t, "this is not a time", hintTime)
	default:
		return 0, p.fail(t, "a time must stand here", hintTime)
	}
	minute := p.peek(2)
	p.pos += 3
	if len(t.text) > 2 || t.value > 48 {
		return 0, p.fail(t, "there is no such hour", "hours are 00 to 23, at the end of a span up to 48")
	}
	if len(minute.text) != 2 || minute.value > 59 {
		return 0, p.fail(minute, "minutes are two digits from 00 to 59", hintTime)
	}
	return t.value*60 + minute.value, nil
}
