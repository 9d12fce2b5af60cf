package bridge_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"schalter/bridge"
	"schalter/bridge/store"
)

// start is when these tests begin.
var start = time.UnixMilli(1_765_432_100_000).UTC()

// The staff of the tests.
const (
	keller  bridge.UserID = "@keller:example.org" // a clerk of "hunde"
	vogt    bridge.UserID = "@vogt:example.org"   // another one
	meier   bridge.UserID = "@meier:example.org"  // a clerk of "fund" only
	nobody  bridge.UserID = "@nobody:example.org" // no clerk at all
	hunde                 = bridge.ServiceAreaID("hunde")
	fund                  = bridge.ServiceAreaID("fund")
	forever               = time.Minute // how long a test waits for what must come
)

var areas = []bridge.ServiceArea{
	{ID: hunde, Name: map[string]string{"de": "Hundekontrolle"}, Clerks: []bridge.UserID{keller, vogt}, Reopen: time.Hour, Files: bridge.FileRules{MaxBytes: 1 << 19, MaxCount: 5, Types: []string{"application/pdf", "image/jpeg", "text/plain"}}},
	{ID: fund, Name: map[string]string{"de": "Fundbüro"}, Clerks: []bridge.UserID{meier}, Reopen: time.Hour},
}

// reporter is what *testing.T and *rapid.T have in common.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// world is a bridge on a real SQLite store, before a homeserver with chosen faults. Its clock
// stands still until pass moves it; its /sync is read when the test says so.
type world struct {
	t   reporter
	hs  *homeserver
	url string

	mu  sync.Mutex
	now time.Time

	db   *store.DB
	b    *bridge.Bridge
	stop func()
	told *told
	// change, if set, makes the options others.
	change func(*bridge.Options)
}

// told counts what browsers were told.
type told struct {
	mu    sync.Mutex
	count map[bridge.ConversationID]int
	// messages were handed on without a read.
	messages []bridge.Message
	// writes is who was said to be typing, in order.
	writes map[bridge.ConversationID][]string
}

func (b *told) Deliver(m bridge.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, m)
}

func (b *told) Typing(id bridge.ConversationID, clerk string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.writes == nil {
		b.writes = map[bridge.ConversationID][]string{}
	}
	b.writes[id] = append(b.writes[id], clerk)
}

func (b *told) typing(id bridge.ConversationID) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.writes[id])
}

func (b *told) Notify(id bridge.ConversationID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count[id]++
}

func (b *told) times(id bridge.ConversationID) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count[id]
}

// newWorld returns a world whose service areas have their rooms.
func newWorld(t *testing.T, change ...func(*bridge.Options)) *world {
	t.Helper()
	w := newWorldIn(t, filepath.Join(t.TempDir(), "schalter.db"), change...)
	t.Cleanup(w.crash)
	return w
}

func newWorldIn(t reporter, file string, change ...func(*bridge.Options)) *world {
	t.Helper()
	w := &world{t: t, hs: newHomeserver(), url: "sqlite:" + file, now: start}
	for _, w.change = range change {
	}
	w.run()
	w.await("service areas set up", func() bool {
		rooms, err := w.db.AreaRooms(context.Background())
		return err == nil && len(rooms) == len(areas) && !slices.ContainsFunc(rooms, func(r bridge.AreaRooms) bool {
			return r.Space == "" || r.Lobby == ""
		})
	})
	w.idle()
	return w
}

// raw opens the database beside the store, to see what is really in it. It waits, as the store does,
// while the other connection has the file for itself.
func (w *world) raw() *sql.DB {
	w.t.Helper()
	db, err := sql.Open("sqlite", strings.TrimPrefix(w.url, "sqlite:")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		w.t.Fatalf("open: %v", err)
	}
	return db
}

// run opens the store and starts a bridge on it.
func (w *world) run() {
	w.t.Helper()
	db, err := store.Open(context.Background(), w.url)
	if err != nil {
		w.t.Fatalf("open store: %v", err)
	}
	w.told = &told{count: map[bridge.ConversationID]int{}}
	o := bridge.Options{Store: db, Rooms: w.hs, Browsers: w.told, Areas: areas, Log: zerolog.Nop(), Now: w.clock}
	if w.change != nil {
		w.change(&o)
	}
	b, err := bridge.New(o)
	if err != nil {
		w.t.Fatalf("new bridge: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.Run(ctx) // after a crash it can't retire
	}()
	w.db, w.b = db, b
	w.stop = func() {
		cancel()
		<-done
	}
}

// crash takes the database away from the running bridge, as a kill would: what was not committed
// by now never will be.
func (w *world) crash() {
	_ = w.db.Close()
	w.stop()
}

// leave ends the bridge in order.
func (w *world) leave() {
	w.stop()
	_ = w.db.Close()
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// pass moves the clock.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
	w.b.Wake()
}

// await waits for what must come by itself.
func (w *world) await(what string, yes func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(forever); !yes(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: not within %s", what, forever)
		}
	}
}

// passUntil moves the clock in steps until what is expected has come: for what is due some time
// after a moment that can't be seen from here. Between two steps there is time to work, so that the
// clock does not run away from a busy machine.
func (w *world) passUntil(what string, step time.Duration, yes func() bool) {
	w.t.Helper()
	var last time.Time
	w.await(what, func() bool {
		if time.Since(last) >= 20*time.Millisecond {
			w.pass(step)
			last = time.Now()
		}
		return yes()
	})
}

// passUntilCalled moves the clock in steps until the n-th call of a method has its answer.
func (w *world) passUntilCalled(method string, room bridge.RoomID, n int, step time.Duration) {
	w.t.Helper()
	w.passUntil(fmt.Sprintf("call %d of %s", n, method), step, func() bool {
		return len(w.hs.did(method, room)) >= n
	})
	w.awaitCalls(method, room, n)
}

// passUntilDelivered moves the clock in steps until the conversation's last message is delivered.
func (w *world) passUntilDelivered(id bridge.ConversationID, step time.Duration) {
	w.t.Helper()
	w.passUntil("delivered", step, func() bool { c := w.look(id); return c.DeliveredSeq == c.LastSeq })
	w.delivered(id)
}

// awaitBegun waits for the n-th call of a method, for a room if it is not empty.
func (w *world) awaitBegun(method string, room bridge.RoomID, n int) {
	w.t.Helper()
	w.await(fmt.Sprintf("call %d of %s", n, method), func() bool { return len(w.hs.did(method, room)) >= n })
}

// awaitCalls waits for the answer to the n-th call of a method, for a room if it is not empty, and
// returns the call.
func (w *world) awaitCalls(method string, room bridge.RoomID, n int) call {
	w.t.Helper()
	w.await(fmt.Sprintf("answer to call %d of %s", n, method), func() bool {
		calls := w.hs.did(method, room)
		return len(calls) >= n && calls[n-1].done
	})
	return w.hs.did(method, room)[n-1]
}

// idle waits until the outbox has done all that is due now.
func (w *world) idle() {
	w.t.Helper()
	ctx := context.Background()
	tried := func() bool {
		f, err := w.db.Figures(ctx)
		return err == nil && f.Outbox[bridge.Trying] == 0
	}
	w.await("outbox idle", func() bool {
		w.b.Wake()
		if !tried() {
			return false
		}
		due, err := w.db.NextDue(ctx)
		return err == nil && (due.IsZero() || due.After(w.clock())) && tried()
	})
}

// probe is the text of a message that no script applies to.
const probe = "probe"

// settled waits until the outbox has done all that is due now, and what is enqueued by it: it has come
// to the lobby's notice of a conversation that was opened last.
func (w *world) settled() { w.t.Helper(); w.settledIn(fund) }

// settledIn is settled by a conversation of an area that is open.
func (w *world) settledIn(area bridge.ServiceAreaID) {
	w.t.Helper()
	w.b.Wake()
	last := w.open(area, probe)
	w.await("outbox settled", func() bool { return w.look(last.ID).Notice != "" })
	w.idle()
}

// sync reads everything new from the homeserver into the bridge.
func (w *world) sync() {
	w.t.Helper()
	if err := w.trySync(1 << 30); err != nil {
		w.t.Fatalf("sync: %v", err)
	}
}

// trySync reads at most limit events.
func (w *world) trySync(limit int) error {
	lease, ours, err := w.b.TakeSync(context.Background())
	if err != nil {
		return err
	}
	if !ours {
		return errors.New("another replica reads /sync")
	}
	since, _ := strconv.Atoi(lease.Since) // "" is the beginning
	events := w.hs.since(since)
	events = events[:min(limit, len(events))]
	return w.b.FromMatrix(context.Background(), bridge.Batch{
		Lease: lease, Next: strconv.Itoa(since + len(events)), Events: events,
		Names: map[bridge.UserID]string{keller: "Frau Keller", meier: "Herr Meier", nobody: "Niemand"},
	})
}

// syncTo reads the timeline up to, and not with, its n-th event.
func (w *world) syncTo(n int) {
	w.t.Helper()
	lease, _, err := w.b.TakeSync(context.Background())
	if err != nil {
		w.t.Fatalf("take sync: %v", err)
	}
	since, _ := strconv.Atoi(lease.Since)
	if err := w.trySync(n - since); err != nil {
		w.t.Fatalf("sync: %v", err)
	}
}

// open starts a conversation with a first message.
func (w *world) open(area bridge.ServiceAreaID, text string) bridge.Conversation {
	w.t.Helper()
	o, err := w.b.Open(context.Background(), bridge.Opening{
		Area: area, Language: "de", Name: "Anna", Message: &bridge.CitizenMessage{ClientID: "first", Text: text},
	})
	if err != nil {
		w.t.Fatalf("open: %v", err)
	}
	return o.Conversation
}

// opened is open, and waits for the room and the first message in it.
func (w *world) opened(text string) bridge.Conversation {
	w.t.Helper()
	return w.delivered(w.open(hunde, text).ID)
}

// onItsBoard waits until everything that the bot posts of a new chat is there, in its room and in
// the lobby: for tests that count events or calls after it.
func (w *world) onItsBoard(c bridge.Conversation) {
	w.t.Helper()
	w.awaitCalls("FirstNotice", c.Room, 1)
	w.await("the button", func() bool { return len(w.hs.reactions(w.look(c.ID).Notice)) > 0 })
}

// say sends a message of the citizen; its text serves as client_id.
func (w *world) say(id bridge.ConversationID, text string) bridge.Message {
	w.t.Helper()
	m, err := w.b.FromCitizen(context.Background(), id, bridge.CitizenMessage{ClientID: text, Text: text})
	if err != nil {
		w.t.Fatalf("say: %v", err)
	}
	return m
}

func (w *world) look(id bridge.ConversationID) bridge.Conversation {
	w.t.Helper()
	c, err := w.db.Conversation(context.Background(), id)
	if err != nil {
		w.t.Fatalf("read conversation: %v", err)
	}
	return c
}

// delivered waits until everything the citizen has said is in the room, and nothing is under way.
func (w *world) delivered(id bridge.ConversationID) bridge.Conversation {
	w.t.Helper()
	w.arrived(id)
	w.idle()
	return w.look(id)
}

// arrived waits until everything the citizen has said is in the room.
func (w *world) arrived(id bridge.ConversationID) {
	w.t.Helper()
	w.await("delivered", func() bool { c := w.look(id); return c.DeliveredSeq == c.LastSeq })
}

func (w *world) history(id bridge.ConversationID) []bridge.Message {
	w.t.Helper()
	m, err := w.b.History(context.Background(), id, 0, 1000)
	if err != nil {
		w.t.Fatalf("history: %v", err)
	}
	return m
}

func (w *world) wantSaid(room bridge.RoomID, want ...string) {
	w.t.Helper()
	if got := w.hs.said(room); !slices.Equal(got, want) {
		w.t.Errorf("the room holds %q, want %q", got, want)
	}
}

// entry returns the outbox entry of a message, or false when it is done.
func (w *world) entry(id bridge.MessageID) (e bridge.Entry, found bool) {
	w.t.Helper()
	err := w.db.Update(context.Background(), func(tx bridge.Tx) (err error) {
		e, err = tx.Entry(string(id))
		return err
	})
	if err != nil && !errors.Is(err, bridge.ErrNotFound) {
		w.t.Fatalf("read entry: %v", err)
	}
	return e, err == nil
}

// inPhase waits until the entry of a message is in a phase.
func (w *world) inPhase(id bridge.MessageID, want bridge.Phase) bridge.Entry {
	w.t.Helper()
	var e bridge.Entry
	w.await("phase "+string(want), func() bool {
		e, _ = w.entry(id)
		return e.Phase == want
	})
	return e
}
