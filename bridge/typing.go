package bridge

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// typingLasts is how long the homeserver shows a citizen as writing when no more is heard.
	typingLasts = 15 * time.Second
	// typingAgain is how soon the homeserver is told again that the citizen still is.
	typingAgain = 5 * time.Second
	// typingCall bounds one call; one that comes later says nothing true.
	typingCall = 5 * time.Second
	// typingQueues keep the calls of one conversation in order; typingQueued wait in each.
	typingQueues, typingQueued = 4, 32
)

// typing is what citizens who write at present have the homeserver told. It is of the moment, so it
// stands in no outbox, is dropped when there is too much of it, and lost with the process.
type typing struct {
	queues  [typingQueues]chan typingNews
	dropped atomic.Int64

	// mu guards told: when the homeserver was last told that a citizen writes; and swept.
	mu    sync.Mutex
	told  map[ConversationID]time.Time
	swept time.Time
}

type typingNews struct {
	room  RoomID
	ghost UserID
	lasts time.Duration
}

func newTyping() *typing {
	t := &typing{told: map[ConversationID]time.Time{}}
	for i := range t.queues {
		t.queues[i] = make(chan typingNews, typingQueued)
	}
	return t
}

// TypingByCitizen shows the clerks that the citizen is writing, or is no more. It never blocks and
// promises nothing; c may be a little old. A room that is not complete, or closed, is left alone.
func (b *Bridge) TypingByCitizen(c Conversation, writes bool) {
	if c.State == Closed || c.Room == "" || c.DeliveredSeq == 0 || b.Delayed() || !b.typing.changes(c.ID, writes, b.now()) {
		return
	}
	news := typingNews{room: c.Room, ghost: c.Ghost}
	if writes {
		news.lasts = typingLasts
	}
	select {
	case b.typing.queues[int(c.ID[len(c.ID)-1])%typingQueues] <- news:
	default:
		b.typing.dropped.Add(1)
	}
}

// TypingDropped counts what the homeserver was not told, because it was slow or refused.
func (b *Bridge) TypingDropped() int64 { return b.typing.dropped.Load() }

// changes reports whether the homeserver needs to be told.
func (t *typing) changes(id ConversationID, writes bool, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.swept) > typingLasts {
		for id, at := range t.told {
			if now.Sub(at) > typingLasts {
				delete(t.told, id)
			}
		}
		t.swept = now
	}
	at, known := t.told[id]
	if !writes {
		delete(t.told, id)
		return known
	}
	if known && now.Sub(at) < typingAgain {
		return false
	}
	t.told[id] = now
	return true
}

// runTyping tells the homeserver until ctx ends.
func (b *Bridge) runTyping(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, queue := range b.typing.queues {
		wg.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case n := <-queue:
					call, cancel := context.WithTimeout(ctx, typingCall)
					if b.rooms.SetTyping(call, n.room, n.ghost, n.lasts) != nil {
						b.typing.dropped.Add(1)
					}
					cancel()
				}
			}
		})
	}
}

// ShowTyping tells the browsers which clerk writes to them now. Only those staffed for the
// conversation's area and its guests are shown; of several, the first. What can't be looked up is not shown.
func (b *Bridge) ShowTyping(ctx context.Context, typing map[RoomID][]UserID) {
	for room, users := range typing {
		c, err := b.store.ConversationByRoom(ctx, room)
		if err != nil {
			continue // not a conversation's room, or the database is away
		}
		b.browsers.Typing(c.ID, b.writer(ctx, c, users))
	}
}

// writer is the name of the clerk among users; "" when there is none.
func (b *Bridge) writer(ctx context.Context, c Conversation, users []UserID) string {
	area, err := b.Area(c.Area)
	if err != nil || c.State == Closed {
		return ""
	}
	for _, user := range users {
		if !area.Staffs(user) && !b.visits(ctx, c, user) {
			continue
		}
		if name, err := b.store.UserName(ctx, user); err == nil {
			return displayName(name, user)
		}
	}
	return ""
}

// visits is isGuest for what is of the moment.
func (b *Bridge) visits(ctx context.Context, c Conversation, user UserID) bool {
	if !b.timetable.Load().staffs(user) {
		return false
	}
	guest, err := b.store.IsGuest(ctx, c.ID, user)
	return err == nil && guest
}
