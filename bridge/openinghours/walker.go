package openinghours

import (
	"math"
	"time"
)

// walker stands on a piece of time in which one verdict counts and the offset of the
// zone does not change, and steps from piece to piece in either direction.
type walker struct {
	canvas           canvas
	zone             *time.Location
	offset           int64 // of the zone, in seconds
	zoneFrom, zoneTo int64 // Unix seconds between which it counts
	from, to         int64 // the piece, Unix seconds, half-open
	verdict          verdict
}

// walk starts on the piece around t.
func (h *Hours) walk(t time.Time) *walker {
	w := &walker{canvas: canvas{h: h}, zone: h.zone}
	w.seek(t.Unix())
	return w
}

func (w *walker) forward()  { w.seek(w.to) }
func (w *walker) backward() { w.seek(w.from - 1) }

// start is when the piece begins.
func (w *walker) start() time.Time { return time.Unix(w.from, 0).In(w.zone) }

func (w *walker) seek(unix int64) {
	if unix < w.zoneFrom || unix >= w.zoneTo {
		w.enterZone(unix)
	}
	wall := unix + w.offset
	number := floorDiv(wall, secondsPerDay)
	midnight := number*secondsPerDay - w.offset
	for _, s := range w.canvas.day(int32(number)) {
		if to := midnight + int64(s.to)*60; unix < to {
			w.from = max(midnight+int64(s.from)*60, w.zoneFrom)
			w.to = min(to, w.zoneTo)
			w.verdict = s.verdict
			return
		}
	}
}

func (w *walker) enterZone(unix int64) {
	t := time.Unix(unix, 0).In(w.zone)
	_, offset := t.Zone()
	w.offset, w.zoneFrom, w.zoneTo = int64(offset), math.MinInt64, math.MaxInt64
	from, to := t.ZoneBounds()
	if !from.IsZero() {
		w.zoneFrom = from.Unix()
	}
	if !to.IsZero() {
		w.zoneTo = to.Unix()
	}
}
