package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"schalter/bridge"
)

// alarm says so when texts were sent and none comes back: the service looks alive, and is not.
type alarm struct {
	vitals      func() bridge.Vitals
	unconfirmed func(context.Context) (time.Time, error)
	log         zerolog.Logger
	// raised is what the last look found.
	raised atomic.Bool
	// told is when the log was last told. It belongs to run.
	told time.Time
}

const (
	// silence is how long an echo may be missing, and how often the log says that it is.
	silence   = time.Minute
	lookEvery = 10 * time.Second
)

func (a *alarm) run(ctx context.Context, now func() time.Time) {
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			a.look(ctx, now())
		}
	}
}

// look raises the alarm when this replica has read /sync for a minute, a text has been under way for
// as long, and no echo of any text has come since.
func (a *alarm) look(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	v := a.vitals()
	quiet := v.Reads && now.Sub(v.Since) > silence && now.Sub(v.Echo) > silence
	if !quiet {
		a.raised.Store(false)
		return
	}
	since, err := a.unconfirmed(ctx)
	if err != nil {
		return // readiness tells of the database; what was found last still counts
	}
	stalled := !since.IsZero() && now.Sub(since) > silence
	a.raised.Store(stalled)
	if !stalled || now.Sub(a.told) < silence {
		return
	}
	a.told = now
	line := a.log.Error().Int64("waiting_ms", now.Sub(since).Milliseconds())
	if !v.Sync.IsZero() {
		line = line.Int64("since_sync_ms", now.Sub(v.Sync).Milliseconds())
	}
	if !v.Echo.IsZero() {
		line = line.Int64("since_echo_ms", now.Sub(v.Echo).Milliseconds())
	}
	line.Msg("texts are under way and no echo comes")
}
