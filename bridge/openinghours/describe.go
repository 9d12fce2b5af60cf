package openinghours

import (
	"fmt"
	"strconv"
	"strings"
)

// Describe writes the hours for citizens in a language ("de", "fr", "it", "en", also
// as "de-CH"; German for every other): «Mo–Fr 8.00–11.30, 14.00–17.00 Uhr; Feiertage
// geschlossen». Exceptions are not mentioned.
func (h *Hours) Describe(lang string) string { return h.schedule.Describe(lang) }

// Describe is as Hours.Describe.
func (s *Schedule) Describe(lang string) string {
	w := wordsIn(lang)
	var b strings.Builder
	for i := range s.Rules {
		r := &s.Rules[i]
		if i > 0 {
			b.WriteString("; ")
		}
		if r.Join == Fallback {
			b.WriteString(w.otherwise)
		}
		b.WriteString(w.rule(r))
	}
	return b.String()
}

func (w *words) rule(r *Rule) string {
	var selectors []string
	for _, s := range []string{
		texts(r.Years, ", ", w.years), texts(r.Dates, ", ", w.dates), texts(r.Weeks, ", ", w.weeks), w.daysText(&r.Days),
	} {
		if s != "" {
			selectors = append(selectors, s)
		}
	}
	text := strings.Join(selectors, ", ")
	add := func(s string) {
		if text != "" && s != "" {
			text += " "
		}
		text += s
	}
	switch {
	case len(r.Times) == 1 && r.Times[0] == TimeSpan{0, minutesPerDay}:
		add(w.allDay)
	case len(r.Times) > 0:
		add(texts(r.Times, ", ", w.span) + w.oclock)
	case r.State == Open && text == "":
		add(w.always)
	case r.State == Open:
		add(w.allDay)
	}
	switch {
	case r.State == Closed:
		add(w.closed)
	case r.State == Unknown && r.Comment == "":
		add(w.unknown)
	case r.State == Unknown && text == "":
		return r.Comment
	}
	if r.Comment != "" {
		add("(" + r.Comment + ")")
	}
	return text
}

func texts[T any](items []T, between string, text func(T) string) string {
	all := make([]string, len(items))
	for i, item := range items {
		all[i] = text(item)
	}
	return strings.Join(all, between)
}

func (w *words) span(t TimeSpan) string { return w.clockText(t.From) + "–" + w.clockText(t.To) }

func (w *words) years(y YearRange) string {
	switch {
	case y.From == y.To:
		return strconv.Itoa(y.From)
	case y.To == MaxYear:
		return fmt.Sprintf(w.since, y.From) + w.everyText(y.Step)
	}
	return fmt.Sprintf("%d–%d", y.From, y.To) + w.everyText(y.Step)
}

func (w *words) weeks(r WeekRange) string {
	if r.From == r.To {
		return w.week + strconv.Itoa(r.From)
	}
	return fmt.Sprintf("%s%d–%d", w.week, r.From, r.To) + w.everyText(r.Step)
}

func (w *words) everyText(step int) string {
	if step == 1 {
		return ""
	}
	return fmt.Sprintf(w.every, step)
}

func (w *words) dates(r DateRange) string {
	switch {
	case r.Whole && r.From == r.To:
		return w.months[r.From.Month]
	case r.Whole:
		return w.months[r.From.Month] + "–" + w.months[r.To.Month]
	case r.From == r.To:
		return w.dateEnd(r.From)
	case r.From.Month != 0 && r.From.Month == r.To.Month && r.From.Year == r.To.Year && r.From.Day < r.To.Day:
		return w.dayText(r.From.Day) + "–" + w.dateEnd(r.To)
	}
	return w.dateEnd(r.From) + " – " + w.dateEnd(r.To)
}

func (w *words) dateEnd(e DateEnd) string {
	var s string
	switch {
	case e.Month != 0:
		s = w.dayText(e.Day) + " " + w.months[e.Month]
	case e.Offset == 0:
		s = w.easter
	default:
		s = w.shifted(e.Offset, w.anEaster)
	}
	if e.Year != 0 {
		s += " " + strconv.Itoa(e.Year)
	}
	return s
}

func (w *words) shifted(days int, what string) string {
	format := w.shiftedAfter
	if days < 0 {
		format, days = w.shiftedBack, -days
	}
	count := w.oneDay
	if days > 1 {
		count = fmt.Sprintf(w.manyDays, days)
	}
	return fmt.Sprintf(format, count, what)
}

func (w *words) daysText(d *Days) string {
	holidays, weekdays := texts(d.Holidays, ", ", w.holiday), texts(d.Weekdays, ", ", w.weekdayRange)
	switch {
	case holidays == "" || weekdays == "":
		return holidays + weekdays
	case d.Both:
		return fmt.Sprintf(w.both, holidays, weekdays)
	}
	return weekdays + ", " + holidays
}

func (w *words) holiday(h Holidays) string {
	plain, moved := w.holidays, w.aHoliday
	if h.School {
		plain, moved = w.school, w.aSchool
	}
	if h.Offset == 0 {
		return plain
	}
	return w.shifted(h.Offset, moved)
}

func (w *words) weekdayRange(r WeekdayRange) string {
	if len(r.Nth) == 0 {
		if r.From == r.To {
			return w.days[r.From]
		}
		return w.days[r.From] + "–" + w.days[r.To]
	}
	var counts []string
	for _, n := range r.Nth {
		for i := n.From; i <= n.To; i++ {
			counts = append(counts, w.nth[i])
		}
	}
	count := counts[len(counts)-1]
	if len(counts) > 1 {
		count = strings.Join(counts[:len(counts)-1], ", ") + w.and + count
	}
	day := fmt.Sprintf(w.ofMonth, count, w.days[r.From])
	if r.Offset != 0 {
		return w.shifted(r.Offset, day)
	}
	return day
}
