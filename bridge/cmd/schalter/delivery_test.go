package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// load is how much is sent while things break.
type load struct {
	conversations int
	messages      int           // each way and conversation, at least
	pace          time.Duration // between two messages of one writer
}

// fullLoad is what the delivery promise is tested with. SCHALTER_TEST_LOAD (conversations) can
// lower it for a quick look; CI does not.
func fullLoad() load {
	l := load{conversations: 20, messages: 50, pace: 250 * time.Millisecond}
	if n, err := strconv.Atoi(os.Getenv("SCHALTER_TEST_LOAD")); err == nil {
		l.conversations = n
	}
	return l
}

// traffic is citizens and clerks talking.
type traffic struct {
	s        *system
	load     load
	citizens []*citizen
	rooms    []string
	marks    []*readMarks
	clerks   []*clerk
	errs     chan error
}

// talk has everybody talk for at least load.messages and until calm is closed, then waits until
// everything written has come across.
func (s *system) talk(ctx context.Context, l load, clerks []*clerk, calm <-chan struct{}) *traffic {
	s.t.Helper()
	tr := &traffic{s: s, load: l, clerks: clerks, rooms: make([]string, l.conversations), errs: make(chan error, 4*l.conversations)}
	listening, stopListening := context.WithCancel(ctx)
	defer stopListening()
	var writers, listeners sync.WaitGroup
	for i := range l.conversations {
		marks := &readMarks{}
		c := &citizen{t: s.t, base: s.base, index: i, onEvent: marks.see}
		tr.citizens, tr.marks = append(tr.citizens, c), append(tr.marks, marks)
		writers.Go(func() {
			// Conversations begin one after the other, so that rooms are made all the while.
			pause(ctx, time.Duration(i)*l.pace)
			if err := c.open(ctx, []string{areaA, areaB}[i%2], "citizen 1"); err != nil {
				tr.errs <- fmt.Errorf("conversation %d: %w", i, err)
				return
			}
			listeners.Go(func() { c.listen(listening) })
			writers.Go(func() { tr.clerkWrites(ctx, i, calm) })
			for n := 2; n <= l.messages || !closed(calm); n++ {
				err := c.say(ctx, fmt.Sprintf("citizen %d", n))
				if err == nil {
					err = c.thinkAgain(ctx, n)
				}
				if err != nil {
					tr.errs <- fmt.Errorf("conversation %d, message %d: %w", i, n, err)
					return
				}
				pause(ctx, l.pace)
			}
		})
	}
	writers.Wait()
	close(tr.errs)
	for err := range tr.errs {
		s.t.Error(err)
	}
	if s.t.Failed() {
		s.t.FailNow()
	}
	tr.settle(ctx)
	stopListening()
	listeners.Wait()
	return tr
}

func (tr *traffic) clerkWrites(ctx context.Context, i int, calm <-chan struct{}) {
	staff := tr.clerks[i%len(tr.clerks)]
	room, err := tr.usableRoom(ctx, staff, i)
	if err != nil {
		tr.errs <- err
		return
	}
	tr.rooms[i] = room
	for n := 1; n <= tr.load.messages || !closed(calm); n++ {
		err := staff.say(ctx, room, fmt.Sprintf("clerk %d", n))
		if err == nil {
			err = staff.thinkAgain(ctx, room, n)
		}
		if err != nil {
			tr.errs <- fmt.Errorf("clerk in conversation %d, message %d: %w", i, n, err)
			return
		}
		pause(ctx, tr.load.pace)
	}
}

// usableRoom has a clerk enter the conversation's room and write there. A homeserver that is killed in
// createRoom can leave a room in which nobody can write; the conversation then gets another one, and
// its number with it.
func (tr *traffic) usableRoom(ctx context.Context, staff *clerk, i int) (string, error) {
	c := tr.citizens[i]
	for {
		var now struct {
			Number int64 `json:"number"`
		}
		_ = c.get("", &now)
		try, cancel := context.WithTimeout(ctx, 20*time.Second)
		room, err := staff.enter(try, cmp.Or(now.Number, c.number))
		if err == nil {
			err = staff.say(try, room, "clerk 0")
		}
		cancel()
		if err == nil || ctx.Err() != nil {
			return room, err
		}
	}
}

// settle waits until every acknowledged message is delivered and every stream has caught up.
func (tr *traffic) settle(ctx context.Context) {
	tr.s.t.Helper()
	for i, c := range tr.citizens {
		fromClerks := tr.awaitTruth(ctx, i)
		texts, _ := c.acknowledged()
		eventually(tr.s.t, 3*time.Minute, func() string {
			var look apiConversation
			if err := c.get("", &look); err != nil {
				return err.Error()
			}
			seen, _ := c.streamed()
			want := len(texts) + fromClerks
			if len(seen) < want || look.LastSeq < int64(want) {
				return fmt.Sprintf("conversation %d: %d of %d messages streamed, %d stored", i, len(seen), want, look.LastSeq)
			}
			last := int64(0)
			for _, m := range seen {
				if m.Direction == "citizen" {
					last = m.Seq
				}
			}
			if look.DeliveredSeq != last {
				return fmt.Sprintf("conversation %d: delivered up to %d of %d", i, look.DeliveredSeq, last)
			}
			events, err := tr.truth(ctx, i)
			if err != nil {
				return err.Error()
			}
			return c.differs(events)
		})
		tr.allRead(ctx, i)
	}
}

// awaitTruth waits until the homeserver's /sync shows every event whose ID it has returned to the
// clerk, and as many messages as the citizen has had acknowledged: under load it lags behind. It
// returns how many messages of clerks are in the room.
func (tr *traffic) awaitTruth(ctx context.Context, i int) int {
	tr.s.t.Helper()
	fromClerks, began, again := 0, time.Now(), false
	eventually(tr.s.t, 3*time.Minute, func() string {
		events, err := tr.truth(ctx, i)
		if err != nil {
			return err.Error()
		}
		if len(events) == 0 && !again && time.Since(began) > 30*time.Second {
			again = true
			tr.clerkComesAgain(ctx, i)
		}
		fromClerks = 0
		shown, fromCitizen := map[string]bool{}, 0
		for _, e := range events {
			shown[e.ID] = true
			if e.Type != "m.room.message" || e.isEdit() || e.isEmptied() {
				continue
			}
			if e.isClerks() {
				fromClerks++
			} else if isGhost(e.Sender) {
				fromCitizen++
			}
		}
		if want := len(tr.citizens[i].kept()); fromCitizen < want {
			return fmt.Sprintf("conversation %d: the room %s shows %d events, among them %d of the citizen's %d messages", i, tr.rooms[i], len(events), fromCitizen, want)
		}
		for _, id := range tr.clerks[i%len(tr.clerks)].returned(tr.rooms[i]) {
			if !shown[id] {
				return fmt.Sprintf("conversation %d: the homeserver returned an event and does not show it", i)
			}
		}
		return ""
	})
	return fromClerks
}

// clerkComesAgain has a clerk whose /sync does not tell of the room at all say once more that they are in
// it. A Dendrite that is killed can lose that on the way to its /sync, as it can for the bot.
func (tr *traffic) clerkComesAgain(ctx context.Context, i int) {
	tr.s.t.Helper()
	staff := tr.clerks[i%len(tr.clerks)]
	path := "rooms/" + url.PathEscape(tr.rooms[i]) + "/state/m.room.member/" + url.PathEscape(staff.id)
	status, err := staff.call(ctx, http.MethodPut, path, map[string]any{"membership": "join", "again": i}, nil)
	tr.s.t.Logf("conversation %d: the clerk's /sync does not show the room; said once more that they are in it: %d %v", i, status, err)
}

func (tr *traffic) truth(ctx context.Context, i int) ([]roomEvent, error) {
	return tr.clerks[i%len(tr.clerks)].timeline(ctx, tr.rooms[i])
}

func (e roomEvent) isClerks() bool {
	return e.Type == "m.room.message" && !strings.HasPrefix(e.Sender, "@citizen_") && !strings.HasPrefix(e.Sender, "@schalter_")
}

// verify holds both sides against the homeserver's own timeline: nothing lost, nothing doubled,
// nothing out of order, nothing acknowledged that is missing.
func (tr *traffic) verify(ctx context.Context) {
	t := tr.s.t
	t.Helper()
	total := 0
	for i, c := range tr.citizens {
		events, err := tr.truth(ctx, i)
		if err != nil {
			t.Fatal(err)
		}
		var fromCitizen, markers []string
		for _, e := range events {
			if e.Type == "m.room.message" && isGhost(e.Sender) && !e.isEdit() && !e.isEmptied() {
				fromCitizen, markers = append(fromCitizen, e.Content.Body), append(markers, e.Content.Marker)
			}
		}
		var texts, ids, finally []string
		for _, m := range c.kept() {
			texts, ids, finally = append(texts, m.text), append(ids, m.id), append(finally, m.now)
		}
		same(t, fmt.Sprintf("conversation %d: texts in the room", i), fromCitizen, texts)
		same(t, fmt.Sprintf("conversation %d: message IDs in the room", i), markers, ids)
		_, bad := c.streamed()
		for _, word := range bad {
			t.Errorf("conversation %d: %s", i, word)
		}
		if word := c.differs(events); word != "" {
			t.Errorf("conversation %d: %s", i, word)
		}
		var shown []string
		for _, l := range lines(c.shown(), "citizen") {
			shown = append(shown, l.Text)
		}
		same(t, fmt.Sprintf("conversation %d: what the citizen meant to say", i), shown, finally)
		total += len(c.shown())
	}
	tr.verifyRooms(ctx)
	if !t.Failed() {
		t.Logf("%d conversations, %d messages: none lost, none doubled, none out of order", len(tr.citizens), total)
	}
}

// verifyRooms counts the rooms that the bot is in, by their own state: one for each conversation. A
// Dendrite that was killed can list a room, for ever, whose state does not have the bot in it.
func (tr *traffic) verifyRooms(ctx context.Context) {
	t := tr.s.t
	t.Helper()
	bot := tr.s.bot()
	eventually(t, time.Minute, func() string {
		var joined struct {
			Rooms []string `json:"joined_rooms"`
		}
		if status, err := bot.call(ctx, http.MethodGet, "joined_rooms", nil, &joined); err != nil || status != 200 {
			return fmt.Sprintf("joined_rooms: %d %v", status, err)
		}
		serving := map[string]string{}
		for _, room := range joined.Rooms {
			var create struct {
				Conversation string `json:"ch.schalter.conversation"`
			}
			if status, err := bot.call(ctx, http.MethodGet, "rooms/"+url.PathEscape(room)+"/state/m.room.create/", nil, &create); err != nil || status != 200 {
				return fmt.Sprintf("creation of a room: %d %v", status, err)
			}
			if create.Conversation == "" {
				continue // a space or a lobby
			}
			var member struct {
				Membership string `json:"membership"`
			}
			path := "rooms/" + url.PathEscape(room) + "/state/m.room.member/" + url.PathEscape("@schalter_bot:localhost")
			status, err := bot.call(ctx, http.MethodGet, path, nil, &member)
			if err != nil || status != http.StatusOK && status != http.StatusNotFound {
				return fmt.Sprintf("bot's membership of a room: %d %v", status, err)
			}
			if member.Membership != "join" {
				continue
			}
			if serving[create.Conversation] != "" {
				return "two rooms for conversation " + create.Conversation
			}
			serving[create.Conversation] = room
		}
		for i, c := range tr.citizens {
			if serving[c.id] != tr.rooms[i] {
				return fmt.Sprintf("conversation %d is served by %q, its alias leads to %q", i, serving[c.id], tr.rooms[i])
			}
		}
		if len(serving) != len(tr.citizens) {
			return fmt.Sprintf("%d rooms for %d conversations", len(serving), len(tr.citizens))
		}
		return ""
	})
}

func (c *clerk) returned(room string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.sent[room])
}

func same(t testing.TB, what string, have, want []string) {
	t.Helper()
	if slices.Equal(have, want) {
		return
	}
	for i := range max(len(have), len(want)) {
		if i >= len(have) || i >= len(want) || have[i] != want[i] {
			t.Errorf("%s: %d instead of %d; from place %d on %q instead of %q", what, len(have), len(want), i,
				have[min(i, len(have)):min(i+3, len(have))], want[min(i, len(want)):min(i+3, len(want))])
			return
		}
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// pause is the rhythm of writers and of what breaks.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
