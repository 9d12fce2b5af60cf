package webchat

import (
	"context"
	"errors"
	"slices"
	"sync"

	"schalter/bridge"
)

// waitingChats caps how many chats of one address wait in one area, so that one address that many
// share is never blocked, and one that floods fills no queue. In memory and per replica: it
// protects, it promises nothing.
type waitingChats struct {
	max int

	mu    sync.Mutex
	chats recent[waitingKey, *[]bridge.ConversationID]
}

type waitingKey struct {
	address string
	area    bridge.ServiceAreaID
}

func newWaitingChats(limit int) *waitingChats {
	return &waitingChats{max: limit, chats: newRecent[waitingKey, *[]bridge.ConversationID](remembered)}
}

// lookAtMost bounds the queries that one refused request can cause.
const lookAtMost = 10

// full reports whether the cap is reached. It looks after the oldest chats to see whether they
// still wait.
func (w *waitingChats) full(ctx context.Context, core Core, key waitingKey) (bool, error) {
	oldest := w.oldest(key)
	for _, id := range oldest {
		now, err := core.Look(ctx, id)
		if err != nil && !errors.Is(err, bridge.ErrNotFound) {
			return false, err
		}
		if err != nil || now.Conversation.State != bridge.Waiting {
			w.forget(key, id)
		}
	}
	return len(oldest) > 0 && len(w.oldest(key)) > 0, nil
}

// oldest returns the first chats of a key that has reached the cap, none of another.
func (w *waitingChats) oldest(key waitingKey) []bridge.ConversationID {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := *w.of(key)
	if len(ids) < w.max {
		return nil
	}
	return slices.Clone(ids[:min(len(ids), lookAtMost)])
}

func (w *waitingChats) add(key waitingKey, id bridge.ConversationID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ids := w.of(key); !slices.Contains(*ids, id) {
		*ids = append(*ids, id)
	}
}

func (w *waitingChats) forget(key waitingKey, id bridge.ConversationID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := w.of(key)
	*ids = slices.DeleteFunc(*ids, func(other bridge.ConversationID) bool { return other == id })
}

func (w *waitingChats) of(key waitingKey) *[]bridge.ConversationID {
	return w.chats.get(key, func() *[]bridge.ConversationID { return new([]bridge.ConversationID) })
}
