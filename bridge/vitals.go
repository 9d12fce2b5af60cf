package bridge

import (
	"slices"
	"sync/atomic"
	"time"
)

// Vitals says whether the way in is alive. Times are zero for what has not been since the start.
type Vitals struct {
	// Reads says whether this replica is the one that reads /sync, since Since.
	Reads bool
	Since time.Time
	// Sync is when the last response was committed, Echo when one last held an echo of ours.
	Sync, Echo time.Time
}

// vitals is written by the one goroutine that reads /sync.
type vitals struct {
	since, sync, echo atomic.Int64 // milliseconds; since 0: another replica reads
}

// Vitals may be called by anybody.
func (b *Bridge) Vitals() Vitals {
	at := func(v *atomic.Int64) time.Time {
		if ms := v.Load(); ms != 0 {
			return time.UnixMilli(ms)
		}
		return time.Time{}
	}
	v := Vitals{Since: at(&b.vitals.since), Sync: at(&b.vitals.sync), Echo: at(&b.vitals.echo)}
	v.Reads = !v.Since.IsZero()
	return v
}

func (b *Bridge) noteLease(ours bool) {
	if !ours {
		b.vitals.since.Store(0)
	} else if b.vitals.since.Load() == 0 {
		b.vitals.since.Store(b.now().UnixMilli())
	}
}

func (b *Bridge) noteSync(batch Batch) {
	now := b.now().UnixMilli()
	b.vitals.sync.Store(now)
	if slices.ContainsFunc(batch.Events, func(e Event) bool {
		return e.Kind == Echo || e.Kind == BareEcho || e.Kind == BareReaction || e.Kind == BarrierEcho
	}) {
		b.vitals.echo.Store(now)
	}
}
