package openinghours

import "time"

// State is what the hours say about one instant. The zero value is Closed.
type State uint8

// The states of the specification's rule_modifier; "off" is Closed.
const (
	Closed State = iota
	Open
	Unknown // open only perhaps; the comment says on what it depends
)

// String gives "closed", "open" or "unknown".
func (s State) String() string {
	switch s {
	case Open:
		return "open"
	case Unknown:
		return "unknown"
	default:
		return "closed"
	}
}

// MarshalText makes a State a word in JSON.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Schedule is a parsed opening_hours value: the syntax tree and nothing else, no
// zone and no holidays. Only Parse makes one. It is read-only once made, and then
// safe for concurrent use.
type Schedule struct {
	// Rules in the order written, at least one.
	Rules []Rule

	texts    []string // the rules as written, for explanations
	publicAt int      // byte offset of the first PH, -1 if there is none
	schoolAt int      // the same of SH
}

// UsesHolidays tells whether the value mentions public holidays (PH) and school
// holidays (SH), so that New needs a calendar that knows them.
func (s *Schedule) UsesHolidays() (public, school bool) {
	return s.publicAt >= 0, s.schoolAt >= 0
}

// Join says how a rule meets the rules before it (any_rule_separator).
type Join uint8

// The separators. The first rule of a value has Replace.
const (
	Replace  Join = iota // ;
	Add                  // ,
	Fallback             // ||
)

// Rule is one rule_sequence. Each of Years, Dates, Weeks and Days limits the days
// for which the rule speaks; an empty one does not limit.
type Rule struct {
	Join    Join
	Years   []YearRange
	Dates   []DateRange
	Weeks   []WeekRange
	Days    Days
	Times   []TimeSpan // empty: the whole day
	State   State
	Comment string // without the quotes; "" if there is none
	// Always is the literal 24/7, which selects every day and every time.
	Always bool
}

// HasDays reports whether any selector limits the days of the rule.
func (r *Rule) HasDays() bool {
	return len(r.Years)+len(r.Dates)+len(r.Weeks) > 0 || !r.Days.empty()
}

// lastYear is the last year in which a rule makes one day unlike another; 0 if there is none.
func (s *Schedule) lastYear() int {
	last := MinYear
	for i := range s.Rules {
		r := &s.Rules[i]
		switch {
		case len(r.Years) > 0:
			for _, y := range r.Years {
				last = max(last, y.To)
			}
		case len(r.Dates) > 0:
			for _, d := range r.Dates {
				if d.From.Year == 0 {
					return 0
				}
				last = max(last, d.To.Year+1) // a day may be moved over New Year
			}
		case r.HasDays() || len(r.Times) > 0:
			return 0
		}
	}
	return last
}

// YearRange is every Step-th year from From to To, both included (year_range).
type YearRange struct {
	From, To int // To is MaxYear for the open form "2026+"
	Step     int // at least 1
}

// MinYear and MaxYear bound the years that can be written.
const (
	MinYear = 1900
	MaxYear = 9999
)

// DateRange is a stretch of days (monthday_range): a month or months ("Jan",
// "Nov-Feb": Whole), or one day or days, both ends included. A range whose end
// comes before its start runs over New Year.
type DateRange struct {
	From, To DateEnd
	Whole    bool // only the months of From and To count
}

// DateEnd is one end of a DateRange (date_from, date_to).
type DateEnd struct {
	Year   int        // 0: every year
	Month  time.Month // 0: Easter Sunday
	Day    int        // 1 to 31; 0 in a Whole range and for Easter
	Offset int        // days after Easter Sunday, negative before; 0 unless Easter
}

// WeekRange is every Step-th ISO 8601 week from From to To (week_selector), both
// 1 to 53.
type WeekRange struct {
	From, To int
	Step     int // at least 1
}

// Days is a weekday_selector: weekdays, holidays or both.
type Days struct {
	Weekdays []WeekdayRange
	Holidays []Holidays
	// Both asks for days that are in Holidays and in Weekdays ("PH Mo-Fr"); else
	// it is enough to be in either ("PH,Mo-Fr").
	Both bool
}

func (d *Days) empty() bool { return len(d.Weekdays) == 0 && len(d.Holidays) == 0 }

// WeekdayRange is From to To in the order of the week, both included; a range may
// run past Sunday ("Fr-Mo"). With Nth it is a single weekday, counted in its month.
type WeekdayRange struct {
	From, To time.Weekday
	Nth      []NthRange // empty: every one
	Offset   int        // days after the day so found, only with Nth
}

// NthRange counts a weekday in its month: 1 to 5 from the start, -1 to -5 from the
// end. From and To are equal for a single entry, and for every negative one.
type NthRange struct{ From, To int }

// Holidays selects the public holidays (PH), or the school holidays (SH), of the
// calendar, moved by Offset days.
type Holidays struct {
	School bool
	Offset int
}

// TimeSpan is a half-open span in minutes after midnight of the day it belongs to:
// 0 <= From < 1440, From < To <= 2880. A To above 1440 lies on the following day.
type TimeSpan struct{ From, To int }
