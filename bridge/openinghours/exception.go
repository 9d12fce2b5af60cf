package openinghours

import (
	"fmt"
	"maps"
	"slices"
)

// Exception replaces the hours of one day or of a run of days: closed, or with times
// of its own. It stands above every rule, holidays included.
//
// A replaced day shows nothing of the rules: neither their spans, nor what comes over
// midnight from the day before; and its own rules send nothing into the day after.
// Spans of the exception may run past midnight, on top of the following day.
type Exception struct {
	ID       string            // the caller's, given back in answers; may be empty
	From, To Date              // both included; a zero To means From
	Times    []TimeSpan        // empty: closed
	Comment  map[string]string // for citizens, by language ("de", "fr", "it", "en"); may be nil
}

// In gives the comment in a language, else in German, else in English, else in any;
// "" if there is none.
func (e *Exception) In(lang string) string {
	for _, l := range []string{language(lang), "de", "en"} {
		if text := e.Comment[l]; text != "" {
			return text
		}
	}
	for _, l := range slices.Sorted(maps.Keys(e.Comment)) {
		if text := e.Comment[l]; text != "" {
			return text
		}
	}
	return ""
}

func (e *Exception) check() error {
	if err := e.From.check(); err != nil {
		return fmt.Errorf("from: %w", err)
	}
	if err := e.To.check(); err != nil {
		return fmt.Errorf("to: %w", err)
	}
	if e.To.Compare(e.From) < 0 {
		return fmt.Errorf("it ends on %s, before it starts on %s", e.To, e.From)
	}
	for _, t := range e.Times {
		if t.From < 0 || t.From >= minutesPerDay || t.To <= t.From || t.To > 2*minutesPerDay {
			return fmt.Errorf("the span from minute %d to %d is none", t.From, t.To)
		}
	}
	return nil
}

// ParseTimes reads the times of an exception, as in "08:00-11:30,14:00-16:00".
func ParseTimes(s string) ([]TimeSpan, error) {
	schedule, err := Parse(s)
	if err != nil {
		return nil, err
	}
	rule := &schedule.Rules[0]
	if len(schedule.Rules) > 1 || rule.HasDays() || len(rule.Times) == 0 || rule.State != Open || rule.Comment != "" {
		return nil, &SyntaxError{0, "these are not times only", "write for example 08:00-11:30,14:00-16:00"}
	}
	return rule.Times, nil
}

// exceptionDays is a run of days on which one exception counts.
type exceptionDays struct {
	from, to  int32
	exception int16
}

// layer sorts the exceptions into disjoint runs of days, the later one in the list
// winning where two meet.
func layer(exceptions []Exception) []exceptionDays {
	var runs []exceptionDays
	for i := range exceptions {
		from, to := exceptions[i].From.number(), exceptions[i].To.number()
		kept := runs[:0:0]
		for _, r := range runs {
			if r.to < from || to < r.from {
				kept = append(kept, r)
				continue
			}
			if r.from < from {
				kept = append(kept, exceptionDays{r.from, from - 1, r.exception})
			}
			if to < r.to {
				kept = append(kept, exceptionDays{to + 1, r.to, r.exception})
			}
		}
		runs = append(kept, exceptionDays{from, to, int16(i)})
	}
	slices.SortFunc(runs, func(a, b exceptionDays) int { return int(a.from - b.from) })
	return runs
}
