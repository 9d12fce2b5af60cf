package bridge

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

const (
	// recentFor and recentMost say which chats tell how long one waits: those taken in the last hour,
	// the latest of them; recentLeast is below how many nothing is said.
	recentFor   = time.Hour
	recentMost  = 20
	recentLeast = 5
	// waitStep is to what an expected wait is rounded up: it is no more exact than that.
	waitStep = 30 * time.Second
)

// queues is what is known about the queues without asking the database.
type queues struct {
	// positions of the conversations that wait, from 1 in their area's queue.
	positions map[ConversationID]int
	// waiting counts them by area; places is how long each place of an area's queue took of late, 0
	// when too few chats tell.
	waiting map[ServiceAreaID]int
	places  map[ServiceAreaID]time.Duration
}

// perPlace is the median of how long each place in the queue took; 0 when too few chats tell.
func perPlace(recent []Turn) time.Duration {
	if len(recent) < recentLeast {
		return 0
	}
	waits := make([]time.Duration, len(recent))
	for i, t := range recent {
		waits[i] = t.TakenAt.Sub(t.Since) / time.Duration(max(t.Place, 1))
	}
	slices.Sort(waits)
	return max(waits[len(waits)/2], time.Second)
}

// expected is how long somebody at a place of an area's queue waits; false when it is not known.
func (q *queues) expected(area ServiceAreaID, place int) (time.Duration, bool) {
	each := q.places[area]
	if each == 0 || place < 1 {
		return 0, false
	}
	wait := each * time.Duration(place)
	return (wait + waitStep - 1) / waitStep * waitStep, true
}

// ExpectedWait is how long somebody who opens a chat in an area now waits; false when it is not
// known, for too few chats were taken of late.
func (b *Bridge) ExpectedWait(area ServiceAreaID) (time.Duration, bool) {
	q := b.queues.Load()
	return q.expected(area, q.waiting[area]+1)
}

// watchQueues looks at the queues, and tells browsers whose place has changed, or what the areas say
// of waiting.
func (b *Bridge) watchQueues(ctx context.Context) error {
	waiting, err := b.store.Waiting(ctx, mostWaiting)
	if err != nil {
		return fmt.Errorf("read queues: %w", err)
	}
	q := &queues{positions: map[ConversationID]int{}, waiting: map[ServiceAreaID]int{}, places: map[ServiceAreaID]time.Duration{}}
	for _, w := range waiting {
		q.waiting[w.Area]++
		q.positions[w.Conversation] = q.waiting[w.Area]
	}
	taken, err := b.store.RecentWaits(ctx, b.now().Add(-recentFor), mostWaiting)
	if err != nil {
		return fmt.Errorf("read recent waits: %w", err)
	}
	recent := map[ServiceAreaID][]Turn{}
	for _, t := range taken {
		if len(recent[t.Area]) < recentMost {
			recent[t.Area] = append(recent[t.Area], t)
		}
	}
	for area, turns := range recent {
		q.places[area] = perPlace(turns)
	}
	before := b.queues.Swap(q)
	for id, place := range q.positions {
		if was, waited := before.positions[id]; waited && was != place {
			b.browsers.Notify(id)
		}
	}
	if !maps.Equal(before.places, q.places) || !maps.Equal(before.waiting, q.waiting) {
		for _, a := range b.Areas() {
			then, knew := before.expected(a.ID, before.waiting[a.ID]+1)
			now, knows := q.expected(a.ID, q.waiting[a.ID]+1)
			if then != now || knew != knows {
				b.browsers.Notify(AreasNews)
				break
			}
		}
	}
	return nil
}
