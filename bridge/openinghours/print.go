package openinghours

import (
	"strconv"
	"strings"
)

var weekdayCodes = [7]string{"Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"}

var monthCodes = [13]string{"", "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// String writes the value in its canonical form: two-digit hours and days, one
// space between selectors, holidays before weekdays, "off" for closed. Parse reads
// it back to an equal tree.
func (s *Schedule) String() string {
	var b strings.Builder
	for i := range s.Rules {
		if i > 0 {
			b.WriteString([...]string{"; ", ", ", " || "}[s.Rules[i].Join])
		}
		b.WriteString(s.Rules[i].String())
		if i+1 < len(s.Rules) && s.Rules[i].runsInto(&s.Rules[i+1]) {
			b.WriteString(" open")
		}
	}
	return b.String()
}

// runsInto tells whether the comma before an additional rule would read as part of
// this one's last list, unless a state stands between.
func (r *Rule) runsInto(next *Rule) bool {
	unmarked := r.State == Open && r.Comment == "" && !r.Always && (r.HasDays() || len(r.Times) > 0)
	return unmarked && next.Join == Add && (len(r.Times) == 0 || len(next.Times) > 0 && !next.HasDays())
}

// String writes the rule without the separator before it.
func (r *Rule) String() string {
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if r.Always {
		add("24/7")
	}
	add(list(r.Years, YearRange.String))
	add(list(r.Dates, DateRange.String))
	if len(r.Weeks) > 0 {
		add("week " + list(r.Weeks, WeekRange.String))
	}
	add(r.Days.String())
	add(list(r.Times, TimeSpan.String))
	switch {
	case r.State == Closed:
		add("off")
	case r.State == Unknown && r.Comment == "":
		add("unknown")
	case r.State == Open && (r.Comment != "" || len(parts) == 0):
		add("open")
	}
	if r.Comment != "" {
		add(`"` + r.Comment + `"`)
	}
	return strings.Join(parts, " ")
}

func list[T any](items []T, text func(T) string) string {
	var b strings.Builder
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(text(item))
	}
	return b.String()
}

func step(n int) string {
	if n == 1 {
		return ""
	}
	return "/" + strconv.Itoa(n)
}

// String writes the range as in a value.
func (y YearRange) String() string {
	switch {
	case y.From == y.To:
		return strconv.Itoa(y.From)
	case y.To == MaxYear && y.Step == 1:
		return strconv.Itoa(y.From) + "+"
	default:
		return strconv.Itoa(y.From) + "-" + strconv.Itoa(y.To) + step(y.Step)
	}
}

// String writes the range as in a value.
func (w WeekRange) String() string {
	if w.From == w.To {
		return pad(w.From)
	}
	return pad(w.From) + "-" + pad(w.To) + step(w.Step)
}

// String writes the range as in a value.
func (d DateRange) String() string {
	switch {
	case d.Whole && d.From == d.To:
		return monthCodes[d.From.Month]
	case d.Whole:
		return monthCodes[d.From.Month] + "-" + monthCodes[d.To.Month]
	case d.From == d.To:
		return d.From.String()
	default:
		return d.From.String() + "-" + d.To.String()
	}
}

// String writes the day as in a value.
func (e DateEnd) String() string {
	s := ""
	if e.Year != 0 {
		s = strconv.Itoa(e.Year) + " "
	}
	if e.Month == 0 {
		return s + "easter" + offset(e.Offset)
	}
	return s + monthCodes[e.Month] + " " + pad(e.Day)
}

// String writes the selector as in a value; "" if it is empty.
func (d Days) String() string {
	holidays := list(d.Holidays, Holidays.String)
	weekdays := list(d.Weekdays, WeekdayRange.String)
	switch {
	case holidays == "" || weekdays == "":
		return holidays + weekdays
	case d.Both:
		return holidays + " " + weekdays
	default:
		return holidays + "," + weekdays
	}
}

// String writes PH or SH with its offset.
func (h Holidays) String() string {
	if h.School {
		return "SH" + offset(h.Offset)
	}
	return "PH" + offset(h.Offset)
}

// String writes the range as in a value.
func (w WeekdayRange) String() string {
	if len(w.Nth) > 0 {
		return weekdayCodes[w.From] + "[" + list(w.Nth, NthRange.String) + "]" + offset(w.Offset)
	}
	if w.From == w.To {
		return weekdayCodes[w.From]
	}
	return weekdayCodes[w.From] + "-" + weekdayCodes[w.To]
}

// String writes the entry as in a value.
func (n NthRange) String() string {
	if n.From == n.To {
		return strconv.Itoa(n.From)
	}
	return strconv.Itoa(n.From) + "-" + strconv.Itoa(n.To)
}

// String writes the span as in a value: an end on the following day as a plain
// time where that is unambiguous ("20:00-02:00"), else as an extended hour.
func (t TimeSpan) String() string {
	to := t.To
	if to > minutesPerDay && to-minutesPerDay <= t.From {
		to -= minutesPerDay
	}
	return clock(t.From) + "-" + clock(to)
}

func clock(minute int) string { return pad(minute/60) + ":" + pad(minute%60) }

func pad(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

func offset(days int) string {
	if days == 0 {
		return ""
	}
	s := " +"
	if days < 0 {
		s, days = " -", -days
	}
	s += strconv.Itoa(days) + " day"
	if days > 1 {
		s += "s"
	}
	return s
}
