package webchat

import (
	"sync"

	"schalter/bridge"
)

// Hub tells the streams of this process that a conversation has changed. Whoever is told reads the
// store; a clerk's message comes along, so that it need not be read first. Who is typing (typing.go)
// stands in no store and is held here. The zero value is not usable; see NewHub.
type Hub struct {
	// mu guards all of it. Owners: SubscribeAll and its End; of writers also Typing.
	mu      sync.RWMutex
	streams map[bridge.ConversationID]map[*listener]struct{}
	writers map[bridge.ConversationID]writer
}

// listener is what one stream is told on.
type listener struct {
	changed, typing chan struct{}
	messages        chan bridge.Message
}

// Subscription is what a stream hears.
type Subscription struct {
	// Changed holds a value when the conversation has changed since the last receive, Typing when
	// who is writing has.
	Changed, Typing <-chan struct{}
	// Messages is what Deliver gives.
	Messages <-chan bridge.Message
	// End ends it. It may be called twice.
	End func()
}

var _ bridge.Browsers = (*Hub)(nil)

// NewHub returns a hub without streams.
func NewHub() *Hub {
	return &Hub{streams: map[bridge.ConversationID]map[*listener]struct{}{}, writers: map[bridge.ConversationID]writer{}}
}

// Notify tells the conversation's streams, after the commit. It never blocks: a stream that has
// been told and has not looked yet needs not be told twice.
func (h *Hub) Notify(id bridge.ConversationID) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for l := range h.streams[id] {
		tell(l.changed)
	}
}

// Deliver gives a message to its conversation's streams. It never blocks: a stream that has too many
// waiting reads them from the store.
func (h *Hub) Deliver(m bridge.Message) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for l := range h.streams[m.Conversation] {
		select {
		case l.messages <- m:
		default:
		}
	}
}

// NotifyAll tells every stream, for when notices of other replicas may have been missed.
func (h *Hub) NotifyAll() {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, streams := range h.streams {
		for l := range streams {
			tell(l.changed)
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
	all := h.SubscribeAll(id)
	return all.Changed, all.End
}

// messagesWaiting is how many messages are kept for a stream that is busy.
const messagesWaiting = 16

// SubscribeAll is Subscribe for everything that there is to hear.
func (h *Hub) SubscribeAll(id bridge.ConversationID) Subscription {
	l := &listener{make(chan struct{}, 1), make(chan struct{}, 1), make(chan bridge.Message, messagesWaiting)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.streams[id] == nil {
		h.streams[id] = map[*listener]struct{}{}
	}
	h.streams[id][l] = struct{}{}
	return Subscription{Changed: l.changed, Typing: l.typing, Messages: l.messages, End: func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.streams[id], l)
		if len(h.streams[id]) == 0 {
			delete(h.streams, id)
			delete(h.writers, id)
		}
	}}
}
