package webchat

import (
	"sync"

	"schalter/bridge"
)

// Hub tells the streams of this process that a conversation has changed. It carries no content:
// whoever is told reads the store. The zero value is not usable; see NewHub.
type Hub struct {
	// mu guards streams. Owners: Subscribe and its cancel.
	mu      sync.RWMutex
	streams map[bridge.ConversationID]map[chan struct{}]struct{}
}

var _ bridge.Browsers = (*Hub)(nil)

// NewHub returns a hub without streams.
func NewHub() *Hub {
	return &Hub{streams: map[bridge.ConversationID]map[chan struct{}]struct{}{}}
}

// Notify tells the conversation's streams, after the commit. It never blocks: a stream that has
// been told and has not looked yet needs not be told twice.
func (h *Hub) Notify(id bridge.ConversationID) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for c := range h.streams[id] {
		tell(c)
	}
}

// NotifyAll tells every stream, for when notices of other replicas may have been missed.
func (h *Hub) NotifyAll() {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, streams := range h.streams {
		for c := range streams {
			tell(c)
		}
	}
}

func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Subscribe returns a channel that holds a value when the conversation has changed since the last
// receive, and a function that ends the subscription. Subscribe first and read the store then, so
// that nothing falls between.
func (h *Hub) Subscribe(id bridge.ConversationID) (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.streams[id] == nil {
		h.streams[id] = map[chan struct{}]struct{}{}
	}
	h.streams[id][c] = struct{}{}
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.streams[id], c)
		if len(h.streams[id]) == 0 {
			delete(h.streams, id)
		}
	}
}
