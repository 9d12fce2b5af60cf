package webchat

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits protect against floods. The zero value of a field means its default.
type Limits struct {
	// ConversationsPerMinute and ConversationsBurst count new conversations of one address; an
	// IPv6 address counts as its /64. Defaults 60 and 60.
	ConversationsPerMinute float64
	ConversationsBurst     int
	// WaitingPerAddress is how many chats of one address may wait in one area. Default 200.
	WaitingPerAddress int
	// MessagesPerSecond and MessagesBurst count messages of one conversation. Defaults 10 and 60.
	MessagesPerSecond float64
	MessagesBurst     int
	// MaxBodyBytes is the largest request. Default 64 KiB.
	MaxBodyBytes int64
	// Upload is how long a file may take to arrive. Default 30 minutes.
	Upload time.Duration
}

func (l Limits) withDefaults() Limits {
	if l.ConversationsPerMinute == 0 {
		l.ConversationsPerMinute = 60
	}
	if l.ConversationsBurst == 0 {
		l.ConversationsBurst = 60
	}
	if l.WaitingPerAddress == 0 {
		l.WaitingPerAddress = 200
	}
	if l.MessagesPerSecond == 0 {
		l.MessagesPerSecond = 10
	}
	if l.MessagesBurst == 0 {
		l.MessagesBurst = 60
	}
	if l.Upload == 0 {
		l.Upload = 30 * time.Minute
	}
	if l.MaxBodyBytes == 0 {
		l.MaxBodyBytes = 64 << 10
	}
	return l
}

// signalsPerSecond and signalsBurst count what a conversation's browsers tell about typing and
// reading, several tabs together.
const (
	signalsPerSecond = 2
	signalsBurst     = 20
)

// remembered is how many addresses or conversations a limit keeps apart. Beyond it the one that
// was idle longest is forgotten, which only ever errs in its favour.
const remembered = 20_000

// limiter is a token bucket for each key.
type limiter[K comparable] struct {
	rate  rate.Limit
	burst int
	now   func() time.Time

	mu      sync.Mutex
	buckets recent[K, *rate.Limiter]
}

func newLimiter[K comparable](perSecond float64, burst int, now func() time.Time) *limiter[K] {
	return &limiter[K]{
		rate: rate.Limit(perSecond), burst: burst, now: now,
		buckets: newRecent[K, *rate.Limiter](remembered),
	}
}

// allow takes one token; if there is none, it returns how long to wait for it.
func (l *limiter[K]) allow(key K) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.buckets.get(key, func() *rate.Limiter { return rate.NewLimiter(l.rate, l.burst) })
	now := l.now()
	r := bucket.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// recent keeps the values of the keys that were used last. Not for concurrent use.
type recent[K comparable, V any] struct {
	max   int
	order *list.List
	byKey map[K]*list.Element
}

type recentEntry[K comparable, V any] struct {
	key   K
	value V
}

func newRecent[K comparable, V any](limit int) recent[K, V] {
	return recent[K, V]{max: limit, order: list.New(), byKey: map[K]*list.Element{}}
}

func (r *recent[K, V]) get(key K, make func() V) V {
	if e, ok := r.byKey[key]; ok {
		r.order.MoveToFront(e)
		return e.Value.(*recentEntry[K, V]).value
	}
	for len(r.byKey) >= r.max {
		oldest := r.order.Back()
		delete(r.byKey, oldest.Value.(*recentEntry[K, V]).key)
		r.order.Remove(oldest)
	}
	v := make()
	r.byKey[key] = r.order.PushFront(&recentEntry[K, V]{key, v})
	return v
}

// addressKey is what counts as one address: all of IPv4, the /64 of IPv6, which is what one
// household or one phone gets.
func addressKey(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	network, _ := addr.Prefix(64) // 64 bits fit: cannot fail
	return network.String()
}
