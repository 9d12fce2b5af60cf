package openinghours

import "slices"

// verdict is what counts at one minute, and who said so.
type verdict struct {
	state     State
	comment   int16 // number of the rule's comment
	rule      int16 // -1: none
	exception int16 // -1: none
}

var silence = verdict{Closed, 0, -1, -1}

// alike reports whether a citizen sees no difference.
func (v verdict) alike(w verdict) bool {
	return v.state == w.state && v.comment == w.comment && v.exception == w.exception
}

func (c *compiled) verdict(i int) verdict { return verdict{c.State, c.comment, int16(i), -1} }

// exceptionOn gives the exception of a day, -1 if there is none.
func (h *Hours) exceptionOn(number int32) int16 {
	if len(h.layer) == 0 || number < h.layer[0].from {
		return -1
	}
	i, found := slices.BinarySearchFunc(h.layer, number, func(r exceptionDays, n int32) int { return int(r.from - n) })
	if !found {
		i--
	}
	if r := h.layer[i]; number <= r.to {
		return r.exception
	}
	return -1
}

// at gives the verdict for one minute of a day. It walks the rules from the last to
// the first, because the last one to speak decides; a fallback rule waits until the
// rules before it have left the minute closed. It does not allocate.
func (h *Hours) at(number, minute int32) verdict {
	today, before := h.exceptionOn(number), h.exceptionOn(number-1)
	if v, ok := h.exceptional(today, before, minute); ok {
		return v
	}
	d := dayOf(number)
	var yesterday day
	waiting := silence
	for i := len(h.rules) - 1; i >= 0; i-- {
		c := &h.rules[i]
		speaks := false
		if c.spills && before < 0 && spilled(c.Times, minute) {
			if yesterday.date.Day == 0 {
				yesterday = dayOf(number - 1)
			}
			speaks = c.matches(&yesterday, h.calendar)
		}
		selected := false
		if !speaks || c.replaces {
			selected = c.matches(&d, h.calendar)
			speaks = speaks || selected && (len(c.Times) == 0 || covered(c.Times, minute))
		}
		if speaks {
			v := c.verdict(i)
			switch {
			case !c.fallback:
				if v.state == Closed && waiting.rule >= 0 {
					return waiting
				}
				return v
			case v.state != Closed || waiting.rule < 0:
				waiting = v
			}
		}
		if c.replaces && selected {
			break
		}
	}
	return waiting
}

// exceptional gives the verdict of the exceptions of a day and of the day before
// (-1 for none), if they have one for the minute.
func (h *Hours) exceptional(today, before int16, minute int32) (verdict, bool) {
	if today >= 0 && covered(h.exceptions[today].Times, minute) {
		return verdict{Open, 0, -1, today}, true
	}
	if before >= 0 && spilled(h.exceptions[before].Times, minute) {
		return verdict{Open, 0, -1, before}, true
	}
	return verdict{Closed, 0, -1, today}, today >= 0
}

// covered reports whether a minute lies in a span on the day of the spans.
func covered(spans []TimeSpan, minute int32) bool {
	for _, s := range spans {
		if s.From <= int(minute) && int(minute) < s.To {
			return true
		}
	}
	return false
}

// spilled reports whether a minute lies in what the spans of the day before send
// over midnight.
func spilled(spans []TimeSpan, minute int32) bool {
	for _, s := range spans {
		if int(minute) < s.To-minutesPerDay {
			return true
		}
	}
	return false
}
