package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"schalter/bridge"
	"schalter/bridge/store"
	"schalter/bridge/store/postgrestest"
)

// listener is a running notifier and what it has heard.
type listener struct {
	*store.Notifier
	stop func() // returns when it has stopped

	mu     sync.Mutex
	heard  map[bridge.ConversationID]int
	writes map[bridge.ConversationID][]string
}

func listen(t *testing.T, db *store.DB) *listener { return listenAndLog(t, db, zerolog.Nop()) }

func listenAndLog(t *testing.T, db *store.DB, log zerolog.Logger) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &listener{Notifier: store.NewNotifier(db, log), heard: map[bridge.ConversationID]int{}, writes: map[bridge.ConversationID][]string{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run(ctx, ears{l})
	}()
	l.stop = func() {
		t.Helper()
		cancel()
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			t.Error("notifier does not stop")
		}
	}
	t.Cleanup(l.stop)
	return l
}

// ears are where a listener hears.
type ears struct{ l *listener }

func (e ears) Notify(id bridge.ConversationID) {
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	e.l.heard[id]++
}

func (e ears) Typing(id bridge.ConversationID, clerk string) {
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	e.l.writes[id] = append(e.l.writes[id], clerk)
}

func (e ears) Missed() { e.Notify("") }

func (l *listener) hears(id bridge.ConversationID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard[id] > 0
}

// connect waits until to hears what from says.
func connect(t *testing.T, from, to *listener) {
	t.Helper()
	eventually(t, "notifiers connected", func() bool {
		from.Notify("hello")
		return to.hears("hello")
	})
}

func TestNotifierTellsTheOtherReplicas(t *testing.T) {
	url := postgrestest.Database(t)
	one, two := listen(t, open(t, url)), listen(t, open(t, url))
	elsewhere := listen(t, open(t, postgrestest.Database(t)))
	connect(t, one, two)
	connect(t, two, one)
	// More than one payload can hold.
	var all []bridge.ConversationID
	for range 1000 {
		all = append(all, bridge.ConversationID(bridge.NewID()))
	}
	for _, id := range all {
		one.Notify(id)
	}
	eventually(t, "all heard", func() bool {
		for _, id := range all {
			if !two.hears(id) {
				return false
			}
		}
		return true
	})
	if elsewhere.hears("hello") || elsewhere.hears(all[0]) {
		t.Error("heard from another database")
	}
}

func TestNotifierIsBackAfterAnOutage(t *testing.T) {
	server := postgrestest.Start(t)
	url := server.Database(t)
	one, two := listen(t, open(t, url)), listen(t, open(t, url))
	connect(t, one, two)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	one.Notify("lost")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "told that news may have been missed", func() bool { return two.hears("") })
	eventually(t, "heard again", func() bool {
		one.Notify("news")
		return two.hears("news")
	})
}

// logged counts log lines.
type logged struct{ lines atomic.Int64 }

func (l *logged) Write(p []byte) (int, error) {
	l.lines.Add(1)
	return len(p), nil
}

func TestNotifierStopsWhileTheDatabaseIsDown(t *testing.T) {
	server := postgrestest.Start(t)
	db := open(t, server.Database(t))
	if err := server.Stop(postgrestest.Fast); err != nil {
		t.Fatal(err)
	}
	var log logged
	l := listenAndLog(t, db, zerolog.New(&log)) // it never connects
	for n := range int64(3) {
		l.Notify("nobody")
		eventually(t, "a failure to tell is logged", func() bool { return log.lines.Load() > n })
	}
	l.stop()
}

func TestNotifierOnSQLiteDoesNothing(t *testing.T) {
	l := listen(t, open(t, sqliteURL(t)))
	l.Notify("nobody")
	l.stop()
	if len(l.heard) != 0 {
		t.Errorf("heard %v", l.heard)
	}
}

// Who is typing reaches the other replicas, the newest word last, whatever the name.
func TestNotifierTellsWhoIsTyping(t *testing.T) {
	url := postgrestest.Database(t)
	one, two := listen(t, open(t, url)), listen(t, open(t, url))
	connect(t, one, two)
	id := bridge.ConversationID(bridge.NewID())
	last := func() string {
		two.mu.Lock()
		defer two.mu.Unlock()
		if n := len(two.writes[id]); n > 0 {
			return two.writes[id][n-1]
		}
		return "nothing heard"
	}
	for _, clerk := range []string{"Frau Keller ~ «Ä» 👋", "", "Reto"} {
		one.Notify(id)
		one.Typing(id, "überholt")
		one.Typing(id, clerk)
		eventually(t, "heard of "+clerk, func() bool { return last() == clerk })
	}
	if !two.hears(id) {
		t.Error("the change itself was not heard")
	}
}

// What a process tells comes back to it from PostgreSQL, and would make it read everything twice.
func TestNotifierDoesNotHearItself(t *testing.T) {
	url := postgrestest.Database(t)
	one, two := listen(t, open(t, url)), listen(t, open(t, url))
	connect(t, one, two)
	connect(t, two, one)
	one.Notify("mine")
	eventually(t, "the other hears it", func() bool { return two.hears("mine") })
	// Notices come in the order of their commits, so what one says would have come before this.
	two.Notify("yours")
	eventually(t, "the answer is heard", func() bool { return one.hears("yours") })
	if one.hears("mine") {
		t.Error("a process hears what it has said itself")
	}
}
