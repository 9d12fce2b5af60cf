package webchat

import (
	"sync"

	"schalter/bridge"
)

// Hub tells the streams of this process that a conversation has changed. Whoever is told reads the
// store; a clerk's message comes along, so that it need not be read first. The zero value is not usable; see NewHub.
type Hub struct {
	// mu guards streams. Owners: Subscribe and its cancel.
	mu      sync.RWMutex
	streams map[bridge.ConversationID]map[chan struct{}]chan bridge.Message
}

var _ bridge.Browsers = (*Hub)(nil)

// NewHub returns a hub without streams.
func NewHub() *Hub {
	return &Hub{streams: map[bridge.ConversationID]map[chan struct{}]chan bridge.Message{}}
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

// Deliver gives a message to its conversation's streams. It never blocks: a stream that has too many
// waiting reads them from the store.
func (h *Hub) Deliver(m bridge.Message) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, messages := range h.streams[m.Conversation] {
		select {
		case messages <- m:
		default:
		}
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
	changed, _, cancel := h.SubscribeMessages(id)
	return changed, cancel
}

// messagesWaiting is how many messages are kept for a stream that is busy.
const messagesWaiting = 16

// SubscribeMessages is Subscribe with a second channel, for what Deliver gives.
func (h *Hub) SubscribeMessages(id bridge.ConversationID) (<-chan struct{}, <-chan bridge.Message, func()) {
	c, messages := make(chan struct{}, 1), make(chan bridge.Message, messagesWaiting)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.streams[id] == nil {
		h.streams[id] = map[chan struct{}]chan bridge.Message{}
	}
	h.streams[id][c] = messages
	return c, messages, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.streams[id], c)
		if len(h.streams[id]) == 0 {
			delete(h.streams, id)
		}
	}
}
