package openinghours

import (
	"slices"
	"time"
)

// OpeningHoursSpecification is the schema.org type of that name
// (https://schema.org/OpeningHoursSpecification), ready for encoding/json. Times are
// local, "08:00"; a Closes before Opens lies on the following day; the end of the day
// is "23:59", and a day that is closed all day opens and closes at "00:00".
type OpeningHoursSpecification struct {
	Type         string   `json:"@type"`
	DayOfWeek    []string `json:"dayOfWeek,omitempty"`
	Opens        string   `json:"opens"`
	Closes       string   `json:"closes"`
	ValidFrom    string   `json:"validFrom,omitempty"`
	ValidThrough string   `json:"validThrough,omitempty"`
}

// maxSpecified bounds the days that Specification looks at.
const maxSpecified = 3660

// Specification describes the days from a date on (at most 3660 of them) for search
// engines: what is usual for each weekday, the more common of its days deciding, and
// then every date that differs, holidays and exceptions among them. Only Open counts;
// Unknown is left out.
func (h *Hours) Specification(from Date, days int) []OpeningHoursSpecification {
	days = min(max(days, 0), maxSpecified)
	first := from.number()
	all := make([][]TimeSpan, days)
	c := &canvas{h: h}
	for i := range all {
		all[i] = c.openSpans(first + int32(i))
	}
	usual := usualWeek(first, all)

	specs := weekly(usual)
	for i, spans := range all {
		number := first + int32(i)
		if slices.Equal(spans, usual[weekday(number)]) {
			continue
		}
		if len(spans) == 0 {
			spans = []TimeSpan{{0, 0}}
		}
		date := dateOfNumber(number).String()
		for _, s := range spans {
			specs = append(specs, OpeningHoursSpecification{Type: "OpeningHoursSpecification",
				Opens: clock(s.From), Closes: closing(s), ValidFrom: date, ValidThrough: date})
		}
	}
	return specs
}

// usualWeek gives the most common spans of each weekday, the earlier on a tie.
func usualWeek(first int32, all [][]TimeSpan) (usual [7][]TimeSpan) {
	for day := range usual {
		best := 0
		seen := map[string]int{}
		for i, spans := range all {
			if weekday(first+int32(i)) != time.Weekday(day) {
				continue
			}
			seen[list(spans, TimeSpan.String)]++
		}
		for i, spans := range all {
			if n := seen[list(spans, TimeSpan.String)]; weekday(first+int32(i)) == time.Weekday(day) && n > best {
				best, usual[day] = n, spans
			}
		}
	}
	return usual
}

// weekly writes the usual week, with the weekdays of equal spans together, from Monday.
func weekly(usual [7][]TimeSpan) []OpeningHoursSpecification {
	specs := []OpeningHoursSpecification{}
	for i := range 7 {
		day := time.Weekday((i + 1) % 7)
		for _, s := range usual[day] {
			name := "https://schema.org/" + day.String()
			same := func(o OpeningHoursSpecification) bool { return o.Opens == clock(s.From) && o.Closes == closing(s) }
			if j := slices.IndexFunc(specs, same); j >= 0 {
				specs[j].DayOfWeek = append(specs[j].DayOfWeek, name)
				continue
			}
			specs = append(specs, OpeningHoursSpecification{Type: "OpeningHoursSpecification",
				DayOfWeek: []string{name}, Opens: clock(s.From), Closes: closing(s)})
		}
	}
	return specs
}

func closing(s TimeSpan) string {
	switch {
	case s.To == minutesPerDay:
		return "23:59"
	case s.To > minutesPerDay:
		return clock(s.To - minutesPerDay)
	}
	return clock(s.To)
}

// openSpans gives the open spans of a day. A span that goes on after midnight, for less
// than would make it 24 hours and until noon at most, belongs to the day it starts on.
func (c *canvas) openSpans(number int32) []TimeSpan {
	var spans []TimeSpan
	into, _ := c.overMidnight(number - 1)
	out, length := c.overMidnight(number)
	for _, s := range c.day(number) {
		if s.verdict.state != Open || into && s.from == 0 {
			continue
		}
		if n := len(spans); n > 0 && spans[n-1].To == int(s.from) {
			spans[n-1].To = int(s.to)
			continue
		}
		spans = append(spans, TimeSpan{int(s.from), int(s.to)})
	}
	if n := len(spans); out && n > 0 {
		spans[n-1].To += length
	}
	return spans
}

// overMidnight reports whether the last span of a day goes on into the next one, and
// for how many minutes.
func (c *canvas) overMidnight(number int32) (bool, int) {
	from, to := minutesPerDay, 0
	today := c.day(number)
	for i := len(today) - 1; i >= 0 && today[i].verdict.state == Open; i-- {
		from = int(today[i].from)
	}
	for _, s := range c.day(number + 1) {
		if s.verdict.state != Open {
			break
		}
		to = int(s.to)
	}
	return from < minutesPerDay && to > 0 && to <= min(from, minutesPerDay/2), to
}
