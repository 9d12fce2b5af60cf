package bridge

import (
	"context"
	"errors"
	"time"
)

// outboxWorkers is how many streams are served at once.
const outboxWorkers = 32

// claimFresh is how long after its claim an entry may still be started.
const claimFresh = ClaimFor / 2

// Wake makes the outbox look for work now, for instance when another replica has enqueued some.
// It never blocks.
func (b *Bridge) Wake() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// dispatch starts entries that were claimed in the transaction that made them: the usual case,
// which spares a message the round through Claim.
func (b *Bridge) dispatch(claimed []Entry) {
	for _, e := range claimed {
		b.begin(e.Stream)
		select {
		case b.direct <- e:
		default:
			b.end(e.Stream)
			// All workers and the queue before them are busy. The entry has not been tried, so
			// it is given back and found by Claim.
			go b.giveBack(e)
		}
	}
	if len(claimed) == 0 {
		b.Wake()
	}
}

func (b *Bridge) giveBack(e Entry) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	e.DueAt = b.now()
	err := b.store.Update(ctx, func(tx Tx) error {
		_, err := tx.SettleEntry(e)
		return err
	})
	if err != nil {
		b.log.Warn().Err(err).Str("entry", e.ID).Msg("outbox entry not given back")
		b.doubt(e.Stream)
	}
	b.Wake()
}

// graceful is how long calls in flight may go on when the process is about to end.
const graceful = 5 * time.Second

// runOutbox serves the streams until ctx ends and the calls in flight have come back.
func (b *Bridge) runOutbox(ctx context.Context) {
	calls, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	context.AfterFunc(ctx, func() { time.AfterFunc(graceful, stop) })
	free := make(chan struct{}, outboxWorkers)
	start := func(e Entry) {
		free <- struct{}{}
		go func() {
			b.follow(ctx, calls, e)
			b.end(e.Stream)
			full := len(free) == outboxWorkers
			<-free
			if full {
				b.Wake() // the loop may have found no free worker
			}
		}()
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	lost := false
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case e := <-b.direct:
			start(e)
			continue
		case <-b.wake:
		case <-timer.C:
		}
		room := outboxWorkers - len(free)
		if ctx.Err() != nil || room == 0 {
			continue // a worker that ends wakes the loop
		}
		if lost {
			// A claim went unanswered and may stand all the same. When nobody works, whatever
			// we hold is such a one.
			if room == outboxWorkers && len(b.direct) == 0 {
				lost = b.store.Update(ctx, func(tx Tx) error { return tx.ReleaseOwner(b.replica, b.now()) }) != nil
			}
			if lost {
				timer.Reset(100 * time.Millisecond)
				continue
			}
		}
		entries, err := b.store.Claim(ctx, b.replica, b.now(), room)
		if err != nil && ctx.Err() == nil {
			lost = true
			b.log.Error().Err(err).Msg("outbox cannot claim entries")
		}
		for _, e := range entries {
			b.begin(e.Stream)
			start(e)
		}
		timer.Reset(b.untilDue(ctx, err != nil, len(entries) == room))
	}
	for range outboxWorkers { // wait for every worker
		free <- struct{}{}
	}
}

// untilDue is how long the outbox may sleep: until the next entry falls due, but never longer
// than a second, in case a notification was lost.
func (b *Bridge) untilDue(ctx context.Context, failed, more bool) time.Duration {
	if more && !failed {
		return 0
	}
	due, err := b.store.NextDue(ctx)
	if err != nil || failed || due.IsZero() {
		return time.Second
	}
	return min(max(due.Sub(b.now()), 5*time.Millisecond), time.Second)
}

// follow works on an entry and then on whatever stands behind it in its stream. The end of ctx
// keeps it from beginning another one, the end of calls breaks off the one at hand.
func (b *Bridge) follow(ctx, calls context.Context, e Entry) {
	for {
		if ctx.Err() != nil || (!e.ClaimedAt.IsZero() && b.now().Sub(e.ClaimedAt) > claimFresh) {
			b.giveBack(e)
			return
		}
		next, ok := b.attempt(calls, e)
		if !ok {
			return
		}
		e = next
	}
}

// attempt does one step for an entry and commits what came of it. It returns the next entry of
// the stream, claimed, when this one is done.
func (b *Bridge) attempt(ctx context.Context, e Entry) (Entry, bool) {
	if e.Kind.sends() && e.Phase != Ready {
		b.raiseBarrier(ctx, e)
		return Entry{}, false
	}
	e.Attempts++
	outcome, err := b.perform(ctx, e)
	if e.Kind != SendMail {
		b.note(err)
	}
	// A call that was made is settled even when the process is about to end.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err != nil {
		b.settleFailure(end, e, err)
		return Entry{}, false
	}
	var next Entry
	var found bool
	err = b.store.Update(end, func(tx Tx) error {
		found = false
		if err := outcome(tx); err != nil {
			return err
		}
		var err error
		next, err = tx.ClaimNext(e.Stream, b.replica, b.now())
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		found = err == nil
		return err
	})
	if err != nil {
		// The homeserver has acted and we could not write it down: the echo will tell.
		b.log.Error().Err(err).Str("entry", e.ID).Str("kind", string(e.Kind)).Msg("outbox entry done but not recorded")
		b.doubt(e.Stream)
		return Entry{}, false
	}
	if e.Conversation != "" && e.Kind != MoveReceipt { // which changes nothing that citizens see
		b.browsers.Notify(e.Conversation)
	}
	if e.Kind == OpenRoom {
		b.Wake() // the lobby's notice stands in another stream
	}
	return next, found
}

// note keeps track of whether the homeserver answers.
func (b *Bridge) note(err error) {
	switch {
	case err == nil, errors.Is(err, ErrRefused), errors.Is(err, ErrForbidden),
		errors.Is(err, ErrAliasTaken), errors.Is(err, ErrRoomBroken):
		b.down.Store(false)
	case errors.Is(err, ErrNotYet), errors.Is(err, context.Canceled):
	default:
		b.down.Store(true)
	}
}

func finish(tx Tx, e Entry) error {
	_, err := tx.FinishEntry(e.ID)
	return err
}
