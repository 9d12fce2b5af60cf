package openinghours

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Holiday is one entry of a Calendar: the same date every year (Month, Day), a
// number of days from Easter Sunday (Easter true, Offset), or one date (Date). The
// functions Yearly, FromEaster, Once and ParseHoliday make them.
type Holiday struct {
	Name   string            // what it is called where no other language is asked for
	Names  map[string]string // by language ("de", "fr", "it", "en"); may be nil
	Month  time.Month
	Day    int
	Easter bool
	Offset int // days after Easter Sunday, -300 to 300
	Date   Date
	School bool // school holidays (SH), not a public holiday (PH); only with Date
	Until  Date // with Date: the last day of a stretch; zero for a single day
}

// Yearly is a holiday on the same date every year.
func Yearly(month time.Month, day int, name string) Holiday {
	return Holiday{Name: name, Month: month, Day: day}
}

// FromEaster is a holiday some days after Easter Sunday, or before (negative).
func FromEaster(days int, name string) Holiday {
	return Holiday{Name: name, Easter: true, Offset: days}
}

// Once is a holiday on one date.
func Once(date Date, name string) Holiday { return Holiday{Name: name, Date: date} }

// ParseHoliday reads one line of a town's own list: when, a blank, and the name.
// When is "08-01" (every year), "easter+39" or "easter-2" or "easter", "2026-07-03",
// or "2026-07-04..2026-08-09"; "SH " in front makes it school holidays.
func ParseHoliday(line string) (Holiday, error) {
	const forms = `write for example "08-01 Bundesfeier", "easter+39 Auffahrt", "2026-07-03 Maienzug" or "SH 2026-07-04..2026-08-09 Sommerferien"`
	rest, school := strings.CutPrefix(strings.TrimSpace(line), "SH ")
	when, name, _ := strings.Cut(strings.TrimSpace(rest), " ")
	h := Holiday{Name: strings.TrimSpace(name), School: school}
	var err error
	if days, ok := strings.CutPrefix(when, "easter"); ok {
		h.Easter = true
		if days != "" {
			if days[0] != '+' && days[0] != '-' {
				err = errors.New("after easter stands + or -")
			} else if h.Offset, err = strconv.Atoi(days); err != nil {
				err = errors.New("after easter stands a number of days")
			}
		}
	} else if len(when) == len("08-01") {
		var t time.Time
		t, err = time.Parse("2006-01-02", "2000-"+when)
		h.Month, h.Day = t.Month(), t.Day()
	} else {
		from, until, stretch := strings.Cut(when, "..")
		if h.Date, err = ParseDate(from); err == nil && stretch {
			h.Until, err = ParseDate(until)
		}
	}
	if err == nil {
		err = h.check()
	}
	if err != nil {
		return Holiday{}, fmt.Errorf("holiday %q: %w; %s", line, err, forms)
	}
	return h, nil
}

func (h Holiday) check() error {
	if h.Name == "" {
		return errors.New("it has no name")
	}
	if h.School && h.Date == (Date{}) {
		return errors.New("school holidays have no dates")
	}
	switch {
	case h.Easter:
		if h.Offset < -maxOffset || h.Offset > maxOffset {
			return fmt.Errorf("it is more than %d days from Easter", maxOffset)
		}
	case h.Date != Date{}:
		if err := h.Date.check(); err != nil {
			return err
		}
		if h.Until != (Date{}) && (h.Until.check() != nil || h.Until.Compare(h.Date) < 0) {
			return errors.New("it ends before it starts")
		}
	default:
		if h.Month < 1 || h.Month > 12 || h.Day < 1 || h.Day > daysIn(2000, h.Month) {
			return errNoSuchDay
		}
	}
	return nil
}

// in gives the name in a language, or else the plain name.
func (h *Holiday) in(lang string) string {
	if name, ok := h.Names[language(lang)]; ok {
		return name
	}
	return h.Name
}

// Calendar is a list of holidays, immutable and safe for concurrent use.
type Calendar struct {
	name     string
	holidays []Holiday
	yearly   [13][32]int16 // 1 + index into holidays of the first entry that day
	easter   []int16       // indices
	dated    []int16       // indices, sorted by Date
	schools  bool
}

// NewCalendar makes a calendar from entries in any order.
func NewCalendar(name string, holidays ...Holiday) (*Calendar, error) {
	if len(holidays) > 10_000 {
		return nil, fmt.Errorf("calendar %s: more than 10,000 holidays", name)
	}
	c := &Calendar{name: name, holidays: slices.Clone(holidays)}
	for i := range c.holidays {
		h := &c.holidays[i]
		if err := h.check(); err != nil {
			return nil, fmt.Errorf("calendar %s, holiday %d (%s): %w", name, i+1, h.Name, err)
		}
		h.Names = maps.Clone(h.Names)
		c.schools = c.schools || h.School
		switch {
		case h.Easter:
			c.easter = append(c.easter, int16(i))
		case h.Date != Date{}:
			c.dated = append(c.dated, int16(i))
		case c.yearly[h.Month][h.Day] == 0:
			c.yearly[h.Month][h.Day] = int16(i) + 1
		}
	}
	slices.SortStableFunc(c.dated, func(a, b int16) int {
		return cmp.Compare(c.holidays[a].Date.number(), c.holidays[b].Date.number())
	})
	return c, nil
}

// Name is the name it was made with, such as "ch-ag-aarau".
func (c *Calendar) Name() string { return c.name }

// HasSchoolHolidays tells whether SH may be used with this calendar.
func (c *Calendar) HasSchoolHolidays() bool { return c.schools }

// Holiday tells what public holiday the date is, in a language; "" if none.
func (c *Calendar) Holiday(d Date, lang string) string {
	if h := c.find(d.number(), d, false); h != nil {
		return h.in(lang)
	}
	return ""
}

// Year lists the public holidays of a year in order.
func (c *Calendar) Year(year int) []Date {
	var dates []Date
	for n, last := dayNumber(year, 1, 1), dayNumber(year+1, 1, 1); n < last; n++ {
		if d := dateOfNumber(n); c.find(n, d, false) != nil {
			dates = append(dates, d)
		}
	}
	return dates
}

// find gives the holiday of a day, nil if there is none. It does not allocate.
func (c *Calendar) find(n int32, d Date, school bool) *Holiday {
	if !school {
		if i := c.yearly[d.Month][d.Day]; i > 0 {
			return &c.holidays[i-1]
		}
	}
	for _, i := range c.easter {
		h := &c.holidays[i]
		if h.School == school && n-int32(h.Offset) == easter(dateOfNumber(n-int32(h.Offset)).Year) {
			return h
		}
	}
	for _, i := range c.dated {
		h := &c.holidays[i]
		from := h.Date.number()
		if from > n {
			break
		}
		if h.School == school && (from == n || h.Until != Date{} && n <= h.Until.number()) {
			return h
		}
	}
	return nil
}
