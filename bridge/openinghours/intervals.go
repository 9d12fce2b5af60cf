package openinghours

import (
	"iter"
	"math"
	"time"
)

const secondsPerDay = 24 * 60 * 60

// Horizon is how far Next, NextOpening, Status.Since and Status.Until look, in days:
// a little more than ten years.
const Horizon = 3660

// Interval is a half-open stretch of time in which a citizen sees no change: one
// state, one comment, one exception. Its JSON has from and to in RFC 3339 with the
// offset of the zone, state, comment and rule (the text).
type Interval struct {
	From      time.Time  `json:"from"` // in the zone of the hours
	To        time.Time  `json:"to"`
	State     State      `json:"state"`
	Comment   string     `json:"comment"`
	RuleText  string     `json:"rule"` // the rule that decided, as written; "" if none
	Rule      int        `json:"-"`    // its index, -1 if none
	Exception *Exception `json:"-"`    // that decided, nil if none; not to be changed
}

// Intervals gives the intervals from one instant to another, closed ones included,
// without gaps; the first and the last are cut to fit. Where neighbouring rules say
// the same, the interval names the first of them that spoke. The memory does not grow
// with the range.
func (h *Hours) Intervals(from, to time.Time) iter.Seq[Interval] {
	return func(yield func(Interval) bool) {
		if !from.Before(to) {
			return
		}
		w := h.walk(from)
		for start := from; ; {
			v := w.verdict
			for w.forward(); w.verdict.alike(v) && w.start().Before(to); w.forward() {
				if v.rule < 0 {
					v.rule = w.verdict.rule
				}
			}
			end := w.start()
			if end.After(to) {
				end = to
			}
			i := Interval{From: start.In(h.zone), To: end.In(h.zone), State: v.state, Rule: int(v.rule)}
			i.Comment, i.RuleText, i.Exception = h.explain(v)
			if !yield(i) || !end.Before(to) {
				return
			}
			start = end
		}
	}
}

// Next gives the first instant after t at which a citizen sees a change: of state, of
// comment or of exception. False: there is none within Horizon.
func (h *Hours) Next(t time.Time) (time.Time, bool) {
	w := h.walk(t)
	return w.change(t, w.verdict.alike)
}

// NextOpening gives the first instant after t at which it opens, having not been open
// just before. False: not within Horizon.
func (h *Hours) NextOpening(t time.Time) (time.Time, bool) {
	w := h.walk(t)
	if w.verdict.state == Open {
		if _, ok := w.change(t, func(v verdict) bool { return v.state == Open }); !ok {
			return time.Time{}, false
		}
	}
	return w.change(t, func(v verdict) bool { return v.state != Open })
}

// unchanging reports whether one verdict counts for ever.
func (h *Hours) unchanging() bool { return h.uniform && len(h.layer) == 0 }

// change steps forward from a piece that is the same to the first that is not, and
// gives its start; t is where the looking ahead began.
func (w *walker) change(t time.Time, same func(verdict) bool) (time.Time, bool) {
	if w.canvas.h.unchanging() {
		return time.Time{}, false
	}
	for last := min(t.Unix()+Horizon*secondsPerDay, w.canvas.h.lastChange()); w.to <= last; {
		w.forward()
		if !same(w.verdict) {
			return w.start(), true
		}
	}
	return time.Time{}, false
}

// lastChange is an instant, in seconds, after which nothing changes any more.
func (h *Hours) lastChange() int64 {
	if h.lastYear == 0 || h.lastYear >= MaxYear {
		return math.MaxInt64
	}
	// Spans run at most to the end of the day after; and the zone may be behind.
	day := dayNumber(h.lastYear+1, time.January, 4)
	if n := len(h.layer); n > 0 {
		day = max(day, h.layer[n-1].to+4)
	}
	return int64(day) * secondsPerDay
}

// since steps backward to the first piece of those that are the same, and gives its
// start.
func (w *walker) since(t time.Time, same func(verdict) bool) (time.Time, bool) {
	if w.canvas.h.unchanging() {
		return time.Time{}, false
	}
	for first := t.Unix() - Horizon*secondsPerDay; w.from >= first; {
		start := w.start()
		w.backward()
		if !same(w.verdict) {
			return start, true
		}
	}
	return time.Time{}, false
}
