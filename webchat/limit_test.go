package webchat_test

import (
	"sync"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/webchat"
)

// clock passes when it is told to.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 23, 8, 4, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(seconds int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Duration(seconds) * time.Second)
}

func TestAddressKey(t *testing.T) {
	for ip, want := range map[string]string{
		"192.0.2.7":             "192.0.2.7",
		"::ffff:192.0.2.7":      "192.0.2.7",
		"2001:db8:1:2:3:4:5:6":  "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::":   "2001:db8:1:2::/64",
		"fe80::1%eth0":          "fe80::/64",
		"":                      "",
		"a name, not a number!": "",
	} {
		if got := webchat.AddressKey(ip); got != want {
			t.Errorf("%s: %q, want %q", ip, got, want)
		}
	}
}

func TestOpeningsOfOneAddressAreLimited(t *testing.T) {
	clock := newClock()
	h := newHouse(t, func(o *webchat.Options) {
		o.Now, o.TrustedProxies = clock.now, []string{"127.0.0.1", "::1", "10.0.0.0/8"}
		o.Limits = webchat.Limits{ConversationsPerMinute: 6, ConversationsBurst: 1}
	})
	from := func(forwarded string) answer {
		t.Helper()
		return h.post(conversations, plainOpening, "X-Forwarded-For", forwarded)
	}
	var o opened
	from("192.0.2.1").into(t, 201, &o)
	a := from("192.0.2.1")
	a.wantProblem(t, 429, "rate-limited", "")
	if a.header.Get("Retry-After") != "10" {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	from("192.0.2.2").into(t, 201, &o)
	// What stands before the last foreign address was written by the caller.
	from("203.0.113.9, 192.0.2.1, 10.1.1.1").wantProblem(t, 429, "rate-limited", "")
	from("2001:db8::1").into(t, 201, &o)
	from("2001:db8::2").wantProblem(t, 429, "rate-limited", "")
	from("2001:db8:0:1::2").into(t, 201, &o)
	clock.pass(10)
	from("192.0.2.1").into(t, 201, &o)
}

func TestNoProxyIsTrustedUnlessConfigured(t *testing.T) {
	h := newHouse(t, func(o *webchat.Options) {
		o.Now = newClock().now
		o.Limits = webchat.Limits{ConversationsBurst: 1}
	})
	var o opened
	h.post(conversations, plainOpening, "X-Forwarded-For", "192.0.2.1").into(t, 201, &o)
	h.post(conversations, plainOpening, "X-Forwarded-For", "192.0.2.2").wantProblem(t, 429, "rate-limited", "")
}

// One address that many share gets a cap for each area, counted in chats that still wait.
func TestWaitingChatsOfOneAddressAreCapped(t *testing.T) {
	h := newHouse(t, func(o *webchat.Options) { o.Limits = webchat.Limits{WaitingPerAddress: 2} })
	const key = "0123456789abcdef"
	first := h.open(plainOpening, "Idempotency-Key", key)
	h.open(plainOpening, "Idempotency-Key", key) // the same chat
	h.open(plainOpening)
	a := h.post(conversations, plainOpening)
	a.wantProblem(t, 429, "too-many-waiting", "")
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	h.open(`{"service_area":"allgemein"}`)
	h.core.change(first.ID, func(c *bridge.Conversation) { c.State = bridge.Active })
	h.open(plainOpening)
	h.post(conversations, plainOpening).wantProblem(t, 429, "too-many-waiting", "")
	// A conversation that is gone waits no longer.
	h.core.mu.Lock()
	clear(h.core.conversations)
	h.core.mu.Unlock()
	h.open(plainOpening)
	h.core.setFail("Look", bridge.ErrUnavailable)
	h.open(plainOpening)
	h.post(conversations, plainOpening).wantProblem(t, 503, "unavailable", "")
}
