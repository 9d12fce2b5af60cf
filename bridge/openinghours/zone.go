package openinghours

import (
	"math"
	"slices"
	"time"
)

// offsetSpan is a stretch of time, in Unix seconds and half-open, in which the offset
// of a zone stays the same.
type offsetSpan struct {
	from, to int64
	offset   int64 // seconds east of UTC
}

// offsets knows a zone's offsets by heart from 2000 to 2100, where asking package time
// takes longer than everything else that IsOpen does.
type offsets struct {
	zone  *time.Location
	known []offsetSpan // sorted, without gaps
}

var (
	knownFrom = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	knownTo   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
)

func offsetsOf(zone *time.Location) *offsets {
	o := &offsets{zone: zone}
	for at := knownFrom; at < knownTo; {
		s := o.ask(at)
		if n := len(o.known); n > 0 && o.known[n-1].offset == s.offset {
			o.known[n-1].to = s.to
		} else {
			o.known = append(o.known, s)
		}
		at = s.to
	}
	return o
}

// around gives the span around an instant. It does not allocate.
func (o *offsets) around(unix int64) offsetSpan {
	if unix < knownFrom || unix >= knownTo {
		return o.ask(unix)
	}
	i, found := slices.BinarySearchFunc(o.known, unix, func(s offsetSpan, u int64) int {
		switch {
		case s.to <= u:
			return -1
		case s.from > u:
			return 1
		}
		return 0
	})
	if !found {
		return o.ask(unix)
	}
	return o.known[i]
}

// ask asks package time. The span may be shorter than it could be.
func (o *offsets) ask(unix int64) offsetSpan {
	t := time.Unix(unix, 0).In(o.zone)
	_, offset := t.Zone()
	s := offsetSpan{math.MinInt64, math.MaxInt64, int64(offset)}
	from, to := t.ZoneBounds()
	if !from.IsZero() {
		s.from = from.Unix()
	}
	if !to.IsZero() {
		s.to = to.Unix()
	}
	// On the last day of a leap year ZoneBounds may end before t: it counts 365 days
	// for a year that the zone's rule for the future covers.
	if s.to <= unix {
		s.to = o.same(unix, s.offset, secondsPerDay)
	}
	if s.from > unix {
		s.from = o.same(unix, s.offset, -secondsPerDay)
	}
	return s
}

// same gives a point up to which the offset stays as it is at unix: a distance away,
// or nearer where it changes before.
func (o *offsets) same(unix, offset, distance int64) int64 {
	for ; distance > 1 || distance < -1; distance /= 2 {
		if _, there := time.Unix(unix+distance, 0).In(o.zone).Zone(); int64(there) == offset {
			break
		}
	}
	return unix + distance
}
