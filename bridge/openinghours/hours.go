package openinghours

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	_ "time/tzdata" // so that every zone is known on every machine
)

// Hours are a Schedule at a place: with its time zone, its holidays and the
// exceptions made by people. Hours are immutable and safe for concurrent use.
type Hours struct {
	schedule   *Schedule
	rules      []compiled
	zone       *time.Location
	offsets    *offsets // of the zone
	calendar   *Calendar
	exceptions []Exception
	layer      []exceptionDays // sorted and disjoint
	comments   []string        // by comment number, 0 is none
	spills     bool            // a rule has a span past midnight
	uniform    bool            // the rules say one thing for ever
	lastYear   int             // after it, the rules say one thing for ever; 0: there is no such year
}

// compiled is a rule ready for evaluation.
type compiled struct {
	*Rule
	replaces bool  // drops the rules before it on the days it selects
	fallback bool  // speaks only where it is closed so far
	spills   bool  // has a span past midnight
	comment  int16 // number of the comment
}

// New puts a schedule into a zone, with a calendar of holidays. The calendar may be
// nil if the schedule mentions no holidays; the error for one that does is a
// *SyntaxError at the first PH or SH.
func New(schedule *Schedule, zone *time.Location, calendar *Calendar) (*Hours, error) {
	if schedule == nil || len(schedule.Rules) == 0 || zone == nil {
		return nil, errors.New("opening hours need a schedule and a time zone")
	}
	if len(schedule.texts) != len(schedule.Rules) {
		return nil, errors.New("this schedule was not made by Parse")
	}
	if schedule.publicAt >= 0 && calendar == nil {
		return nil, &SyntaxError{schedule.publicAt, "PH needs a calendar of public holidays", "name one, such as ch-ag-aarau, or leave PH away"}
	}
	if schedule.schoolAt >= 0 && (calendar == nil || !calendar.schools) {
		return nil, &SyntaxError{schedule.schoolAt, "SH needs a calendar with school holidays", "write the dates, or add school holidays to the calendar"}
	}
	if calendar == nil {
		calendar, _ = CalendarByName("none")
	}
	h := &Hours{schedule: schedule, zone: zone, offsets: offsetsOf(zone), calendar: calendar, comments: []string{""}}
	steady := true // every day is like every other
	for i := range schedule.Rules {
		h.rules = append(h.rules, h.compile(i))
		h.spills = h.spills || h.rules[i].spills
		steady = steady && !schedule.Rules[i].HasDays()
	}
	h.lastYear = schedule.lastYear()
	if steady {
		c := canvas{h: h}
		v := c.day(0)[0].verdict
		h.uniform = !slices.ContainsFunc(c.segments, func(s segment) bool { return !s.verdict.alike(v) })
	}
	return h, nil
}

func (h *Hours) compile(i int) compiled {
	r := &h.schedule.Rules[i]
	c := compiled{Rule: r, comment: h.commentNumber(r.Comment)}
	switch r.Join {
	case Fallback:
		c.fallback = true
	case Add: // goes on in the manner of the rule before
		c.fallback = h.rules[i-1].fallback
	case Replace:
		if r.HasDays() {
			c.replaces = r.State != Closed
		} else {
			c.replaces = r.State == Open && i > 0 && !h.rules[i-1].HasDays()
		}
	}
	for _, t := range r.Times {
		c.spills = c.spills || t.To > minutesPerDay
	}
	return c
}

func (h *Hours) commentNumber(comment string) int16 {
	if i := slices.Index(h.comments, comment); i >= 0 {
		return int16(i)
	}
	h.comments = append(h.comments, comment)
	return int16(len(h.comments) - 1)
}

// WithExceptions gives the same hours with these exceptions instead of any earlier
// ones. Where two cover the same day, the later in the list counts. At most 2,000.
func (h *Hours) WithExceptions(exceptions ...Exception) (*Hours, error) {
	if len(exceptions) > 2_000 {
		return nil, errors.New("more than 2,000 exceptions")
	}
	changed := *h
	changed.exceptions = slices.Clone(exceptions)
	for i := range changed.exceptions {
		e := &changed.exceptions[i]
		if e.To == (Date{}) {
			e.To = e.From
		}
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("exception %d (%s): %w", i+1, e.From, err)
		}
		e.Times = slices.Clone(e.Times)
		e.Comment = maps.Clone(e.Comment)
	}
	changed.layer = layer(changed.exceptions)
	return &changed, nil
}

// Schedule gives the parsed value.
func (h *Hours) Schedule() *Schedule { return h.schedule }

// Zone gives the time zone.
func (h *Hours) Zone() *time.Location { return h.zone }

// Calendar gives the holidays; never nil.
func (h *Hours) Calendar() *Calendar { return h.calendar }

// Exceptions lists the exceptions in their order.
func (h *Hours) Exceptions() []Exception { return slices.Clone(h.exceptions) }

// IsOpen reports whether the hours say open at t; Unknown is not open. It does not
// allocate.
func (h *Hours) IsOpen(t time.Time) bool {
	wall := t.Unix() + h.offsets.around(t.Unix()).offset
	number := floorDiv(wall, secondsPerDay)
	return h.at(int32(number), int32(wall-number*secondsPerDay)/60).state == Open
}

// Status is the answer for one instant.
type Status struct {
	State   State
	Comment string // of the rule; of the exception in German, see Exception.In
	// Rule is the index of the rule that decided, RuleText that rule as written.
	// -1 and "": no rule spoke (closed by default), or an exception did.
	Rule      int
	RuleText  string
	Exception *Exception // that decided, nil if none; not to be changed
	// Since is when this State began, Until when it ends, whichever rules say so.
	// Zero: not within Horizon.
	Since, Until time.Time
}

// At gives the full answer for an instant, in the zone of the hours.
func (h *Hours) At(t time.Time) Status {
	w := h.walk(t)
	v := w.verdict
	s := Status{State: v.state, Rule: int(v.rule)}
	s.Comment, s.RuleText, s.Exception = h.explain(v)
	same := func(u verdict) bool { return u.state == v.state }
	s.Until, _ = w.change(t, same)
	w.seek(t.Unix())
	s.Since, _ = w.since(t, same)
	return s
}

func (h *Hours) explain(v verdict) (comment, rule string, e *Exception) {
	if v.exception >= 0 {
		e = &h.exceptions[v.exception]
		return e.In("de"), "", e
	}
	if v.rule >= 0 {
		return h.comments[v.comment], h.schedule.texts[v.rule], nil
	}
	return "", "", nil
}
