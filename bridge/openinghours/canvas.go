package openinghours

// segment is a part of a day, in minutes of the wall clock, half-open.
type segment struct {
	from, to int32
	verdict  verdict
}

// canvas paints whole days: it begins with silence and lets every rule that speaks
// for the day paint its spans over what is there. Its memory is used again for every
// day. The zero value is ready.
type canvas struct {
	h        *Hours
	number   int32
	painted  bool
	segments []segment // of day number: from 0 to 1440 without gaps, neighbours differ
	spare    []segment
	selected []bool
}

// day paints the day, unless it is the one painted last.
func (c *canvas) day(number int32) []segment {
	if c.painted && c.number == number {
		return c.segments
	}
	c.number, c.painted = number, true
	c.segments = append(c.segments[:0], segment{0, minutesPerDay, silence})
	h := c.h
	today, before := h.exceptionOn(number), h.exceptionOn(number-1)
	if today >= 0 {
		c.whole(verdict{Closed, 0, -1, today}, false)
	} else {
		c.rules(number, before < 0)
	}
	if before >= 0 {
		c.tails(h.exceptions[before].Times, verdict{Open, 0, -1, before}, false)
	}
	if today >= 0 {
		c.spans(h.exceptions[today].Times, verdict{Open, 0, -1, today}, false)
	}
	return c.segments
}

// rules paints what the rules say, with what they send over midnight if tails.
func (c *canvas) rules(number int32, tails bool) {
	h := c.h
	d := dayOf(number)
	if len(c.selected) < len(h.rules) {
		c.selected = make([]bool, len(h.rules))
	}
	first := len(h.rules) - 1
	for ; first >= 0; first-- {
		r := &h.rules[first]
		c.selected[first] = r.matches(&d, h.calendar)
		if c.selected[first] && r.replaces {
			break
		}
	}
	tails = tails && h.spills
	var yesterday day
	if tails {
		yesterday = dayOf(number - 1)
	}
	for i := max(first, 0); i < len(h.rules); i++ {
		r := &h.rules[i]
		if c.selected[i] {
			if len(r.Times) == 0 {
				c.whole(r.verdict(i), r.fallback)
			} else {
				c.spans(r.Times, r.verdict(i), r.fallback)
			}
		}
		if tails && r.spills && r.matches(&yesterday, h.calendar) {
			c.tails(r.Times, r.verdict(i), r.fallback)
		}
	}
}

func (c *canvas) whole(v verdict, fallback bool) { c.paint(0, minutesPerDay, v, fallback) }

func (c *canvas) spans(spans []TimeSpan, v verdict, fallback bool) {
	for _, s := range spans {
		c.paint(int32(s.From), int32(min(s.To, minutesPerDay)), v, fallback)
	}
}

func (c *canvas) tails(spans []TimeSpan, v verdict, fallback bool) {
	for _, s := range spans {
		if s.To > minutesPerDay {
			c.paint(0, int32(s.To-minutesPerDay), v, fallback)
		}
	}
}

// paint lets v count from one minute to another; a fallback only where it is closed.
func (c *canvas) paint(from, to int32, v verdict, fallback bool) {
	out := c.spare[:0]
	put := func(a, b int32, w verdict) {
		if n := len(out); n > 0 && out[n-1].verdict == w {
			out[n-1].to = b
		} else if a < b {
			out = append(out, segment{a, b, w})
		}
	}
	for _, s := range c.segments {
		a, b := max(s.from, from), min(s.to, to)
		if a >= b || fallback && s.verdict.state != Closed {
			put(s.from, s.to, s.verdict)
			continue
		}
		if s.from < a {
			put(s.from, a, s.verdict)
		}
		put(a, b, v)
		if b < s.to {
			put(b, s.to, s.verdict)
		}
	}
	c.spare, c.segments = c.segments, out
}
