package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"schalter/bridge/store/postgrestest"
)

// BenchmarkDelivery measures, in one run against one homeserver, what the bridge adds:
//
//	to-clerk    citizen's POST → a clerk's /sync, against a ghost's own PUT → the same /sync
//	to-citizen  clerk's PUT → the citizen's stream, against the same PUT → a second client's /sync
//
// The two ways of a pair take turns. Reported are the medians in milliseconds and their ratio.
// Run it with -benchtime=200x.
func BenchmarkDelivery(b *testing.B) {
	for _, kind := range []string{"dendrite", "synapse"} {
		b.Run(kind, func(b *testing.B) {
			b.Run("sqlite", func(b *testing.B) { benchmarkDelivery(b, kind, "sqlite") })
			b.Run("postgres", func(b *testing.B) { benchmarkDelivery(b, kind, postgrestest.Database(b)) })
		})
	}
}

func benchmarkDelivery(b *testing.B, kind, database string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	hs, reg := home(b, kind)
	s := newSystemAt(b, hs, reg, hs.URL(), database, 10)
	s.mustStart()
	nora, reto := s.clerk("nora"), s.clerk("reto")
	for _, c := range []*clerk{nora, reto} {
		if err := c.acceptInvites(ctx, 4); err != nil {
			b.Fatal(err)
		}
	}
	c := &citizen{t: b, base: s.base}
	if err := c.open(ctx, areaA, "first"); err != nil {
		b.Fatal(err)
	}
	room, err := nora.enter(ctx, c.number)
	if err == nil {
		_, err = reto.enter(ctx, c.number)
	}
	if err != nil {
		b.Fatal(err)
	}
	ghost := s.own("@citizen_" + strings.ToLower(c.id) + ":localhost")
	seen := newArrivals()
	go seen.readSync(ctx, "second", reto.matrixUser)
	go seen.readStream(ctx, "stream", c)
	say := func(body string) error { return c.say(ctx, body) }
	direct := func(body string) error { return put(ctx, ghost, room, body) }
	answer := func(body string) error { return put(ctx, nora.matrixUser, room, body) }
	for i := range 5 { // everybody listens
		measure(b, seen, fmt.Sprintf("warm %d", i), say, "second")
		measure(b, seen, fmt.Sprintf("warm direct %d", i), direct, "second")
		measure(b, seen, fmt.Sprintf("warm answer %d", i), answer, "second", "stream")
	}
	times := map[string][]time.Duration{}
	note := func(key string, d time.Duration) { times[key] = append(times[key], d) }
	b.ResetTimer()
	for i := range b.N {
		through := func() { note("post", measure(b, seen, fmt.Sprintf("post %d", i), say, "second")[0]) }
		alone := func() { note("direct", measure(b, seen, fmt.Sprintf("direct %d", i), direct, "second")[0]) }
		if i%2 == 0 {
			through()
			alone()
		} else {
			alone()
			through()
		}
		d := measure(b, seen, fmt.Sprintf("answer %d", i), answer, "second", "stream")
		note("second", d[0])
		note("stream", d[1])
	}
	b.StopTimer()
	median := func(key string) float64 {
		slices.Sort(times[key])
		return float64(times[key][len(times[key])/2].Microseconds()) / 1000
	}
	b.ReportMetric(median("post"), "ms-citizen-to-clerk")
	b.ReportMetric(median("direct"), "ms-ghost-to-clerk")
	b.ReportMetric(median("post")/median("direct"), "ratio-to-clerk")
	b.ReportMetric(median("stream"), "ms-clerk-to-citizen")
	b.ReportMetric(median("second"), "ms-clerk-to-client")
	b.ReportMetric(median("stream")/median("second"), "ratio-to-citizen")
	b.ReportMetric(0, "ns/op")
}

func put(ctx context.Context, m *matrixUser, room, body string) error {
	path := fmt.Sprintf("rooms/%s/send/m.room.message/b%d", url.PathEscape(room), time.Now().UnixNano())
	status, err := m.call(ctx, http.MethodPut, path, map[string]string{"msgtype": "m.text", "body": body}, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("send answered %d", status)
	}
	return err
}

// pace lies between two messages, for every way alike: without it the homeserver and the bridge still
// work at the one before, on the same processors, and each is measured in the other's wake.
const pace = 60 * time.Millisecond

// measure sends a body and returns how long it took to each of the observers.
func measure(b *testing.B, seen *arrivals, body string, send func(string) error, observers ...string) []time.Duration {
	b.Helper()
	pause(b.Context(), pace)
	began := time.Now()
	if err := send(body); err != nil {
		b.Fatal(err)
	}
	out := make([]time.Duration, len(observers))
	for i, o := range observers {
		at, ok := seen.await(o, body, 30*time.Second)
		if !ok {
			b.Fatalf("%q did not reach %s", body, o)
		}
		out[i] = at.Sub(began)
	}
	return out
}

// arrivals remembers when which observer saw which text.
type arrivals struct {
	mu   sync.Mutex
	more *sync.Cond
	at   map[string]time.Time
}

func newArrivals() *arrivals {
	a := &arrivals{at: map[string]time.Time{}}
	a.more = sync.NewCond(&a.mu)
	return a
}

func (a *arrivals) note(observer, body string, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.at[observer+"\x00"+body]; !known {
		a.at[observer+"\x00"+body] = at
		a.more.Broadcast()
	}
}

func (a *arrivals) await(observer, body string, within time.Duration) (time.Time, bool) {
	deadline := time.AfterFunc(within, a.more.Broadcast)
	defer deadline.Stop()
	end := time.Now().Add(within)
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		if at, ok := a.at[observer+"\x00"+body]; ok {
			return at, true
		}
		if time.Now().After(end) {
			return time.Time{}, false
		}
		a.more.Wait()
	}
}

// readSync is a Matrix client that waits for news.
func (a *arrivals) readSync(ctx context.Context, observer string, m *matrixUser) {
	filter := url.QueryEscape(`{"room":{"timeline":{"limit":50},"state":{"lazy_load_members":true}},"presence":{"not_types":["*"]}}`)
	since := ""
	for ctx.Err() == nil {
		var r struct {
			NextBatch string `json:"next_batch"`
			Rooms     struct {
				Join map[string]struct {
					Timeline struct {
						Events []roomEvent `json:"events"`
					} `json:"timeline"`
				} `json:"join"`
			} `json:"rooms"`
		}
		path := "sync?timeout=20000&filter=" + filter
		if since != "" {
			path += "&since=" + url.QueryEscape(since)
		}
		status, err := m.call(ctx, http.MethodGet, path, nil, &r)
		at := time.Now()
		if err != nil || status != http.StatusOK {
			continue
		}
		since = r.NextBatch
		for _, room := range r.Rooms.Join {
			for _, e := range room.Timeline.Events {
				a.note(observer, e.Content.Body, at)
			}
		}
	}
}

// readStream is the citizen's browser.
func (a *arrivals) readStream(ctx context.Context, observer string, c *citizen) {
	c.onMessage = func(m apiMessage) { a.note(observer, m.Text, time.Now()) }
	c.listen(ctx)
}
