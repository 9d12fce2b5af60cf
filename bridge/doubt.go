package bridge

import (
	"context"
	"errors"
	"time"
)

// doubt says that this replica no longer knows what it holds in a stream: a commit went
// unanswered, so claims may stand in the database that nobody here works on. It never blocks.
func (b *Bridge) doubt(stream string) {
	b.doubtMu.Lock()
	b.doubtful[stream] = true
	b.doubtMu.Unlock()
}

// begin and end say that this replica works on a stream. What is being worked on is not given back:
// two workers on one stream would open one room at once.
func (b *Bridge) begin(stream string) {
	b.doubtMu.Lock()
	b.working[stream]++
	b.doubtMu.Unlock()
}

func (b *Bridge) end(stream string) {
	b.doubtMu.Lock()
	defer b.doubtMu.Unlock()
	if b.working[stream]--; b.working[stream] == 0 {
		delete(b.working, stream)
	}
}

// takeDoubtful returns the streams in doubt that nobody works on, and keeps the others.
func (b *Bridge) takeDoubtful() []string {
	b.doubtMu.Lock()
	defer b.doubtMu.Unlock()
	var idle []string
	for stream := range b.doubtful {
		if b.working[stream] == 0 {
			idle = append(idle, stream)
			delete(b.doubtful, stream)
		}
	}
	return idle
}

// doubtIf doubts after a failure that may hide a commit.
func (b *Bridge) doubtIf(err error, stream string) {
	if errors.Is(err, ErrUnavailable) {
		b.doubt(stream)
	}
}

// releaseDoubtful gives such claims back as soon as the database answers again. Entries become
// Unsure: whether they were sent is found out as after a crash.
func (b *Bridge) releaseDoubtful(ctx context.Context) {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return // Retire gives everything back
		case <-every.C:
		}
		streams := b.takeDoubtful()
		for _, stream := range streams {
			err := b.store.Update(ctx, func(tx Tx) error { return tx.ReleaseStream(stream, b.replica, b.now()) })
			if err != nil {
				b.doubt(stream)
			}
		}
		if len(streams) > 0 {
			b.Wake()
		}
	}
}
