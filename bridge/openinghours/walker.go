package openinghours

import "time"

// walker stands on a piece of time in which one verdict counts and the offset of the
// zone does not change, and steps from piece to piece in either direction.
type walker struct {
	canvas   canvas
	zone     offsetSpan // in which the piece lies
	from, to int64      // the piece, Unix seconds, half-open
	verdict  verdict
}

// walk starts on the piece around t.
func (h *Hours) walk(t time.Time) *walker {
	w := &walker{canvas: canvas{h: h}}
	w.seek(t.Unix())
	return w
}

func (w *walker) forward()  { w.seek(w.to) }
func (w *walker) backward() { w.seek(w.from - 1) }

// start is when the piece begins.
func (w *walker) start() time.Time { return time.Unix(w.from, 0).In(w.canvas.h.zone) }

func (w *walker) seek(unix int64) {
	if unix < w.zone.from || unix >= w.zone.to {
		w.zone = w.canvas.h.offsets.around(unix)
	}
	wall := unix + w.zone.offset
	number := floorDiv(wall, secondsPerDay)
	midnight := number*secondsPerDay - w.zone.offset
	for _, s := range w.canvas.day(int32(number)) {
		if to := midnight + int64(s.to)*60; unix < to {
			w.from = max(midnight+int64(s.from)*60, w.zone.from)
			w.to = min(to, w.zone.to)
			w.verdict = s.verdict
			return
		}
	}
}
