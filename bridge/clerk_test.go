package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/rs/zerolog"

	"schalter/bridge"
	"schalter/bridge/store"
	"schalter/bridge/store/postgrestest"
)

func clerkText(room bridge.RoomID, user bridge.UserID, text string) bridge.Event {
	return bridge.Event{Room: room, Sender: user, Kind: bridge.ClerkText, Text: text, HTML: "<b>" + text + "</b>"}
}

func TestClerksAnswersReachTheCitizenInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	for n := 1; n <= 10; n++ {
		w.hs.say(clerkText(c.Room, keller, fmt.Sprint("Antwort ", n)))
	}
	before := w.told.times(c.ID)
	w.sync()
	h := w.history(c.ID)
	if len(h) != 11 {
		t.Fatalf("%d messages, want 11", len(h))
	}
	for n := 1; n <= 10; n++ {
		m, want := h[n], fmt.Sprint("Antwort ", n)
		if m.Seq != int64(n+1) || m.Text != want || m.HTML != "<b>"+want+"</b>" || m.Sender != "Frau Keller" ||
			m.Direction != bridge.FromClerkDirection || m.Event == "" || !m.CreatedAt.Equal(start) {
			t.Errorf("message %d: %+v", n, m)
		}
	}
	if w.told.times(c.ID) <= before {
		t.Error("browsers were not told")
	}
	if got := w.look(c.ID); got.State != bridge.Active || got.Clerk != "Frau Keller" {
		t.Errorf("conversation %+v", got)
	}
	w.awaitCalls("UpdateRoom", c.Room, 1)
}

func TestOnlyStaffedClerksAreHeard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	rooms, err := w.db.AreaRooms(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range []bridge.Event{
		clerkText(c.Room, meier, "falsche Stelle"),
		clerkText(c.Room, nobody, "niemand"),
		clerkText(c.Room, "", "kein Absender"),
		clerkText(rooms[1].Lobby, keller, "in der Lobby"),
		clerkText("!nowhere", keller, "anderswo"),
		clerkText("", keller, "nirgends"),
		{Room: c.Room, Sender: meier, Kind: bridge.ClerkJoined},
		{Room: c.Room, Sender: keller, Kind: bridge.Other, Text: "kein Text"},
		{Room: c.Room, Sender: keller, Kind: bridge.Unreadable, Class: "mistyped"},
	} {
		w.hs.say(ev)
	}
	w.sync()
	if h := w.history(c.ID); len(h) != 1 {
		t.Errorf("heard %+v", h)
	}
	if got := w.look(c.ID); got.State != bridge.Waiting || got.Clerk != "" {
		t.Errorf("taken by somebody who may not: %+v", got)
	}
	if got, err := w.db.CountSetAside(context.Background()); err != nil || got["mistyped"] != 1 || len(got) != 1 {
		t.Errorf("set aside %v %v", got, err)
	}
}

// Two rooms came to exist for a conversation; a clerk found the one that does not serve.
func TestClerkIsHeardInEveryRoomOfTheConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	w.hs.say(clerkText(c.Room, keller, "eins"))
	w.hs.say(bridge.Event{Room: "!second", Sender: w.hs.BotID(), Kind: bridge.RoomCreated, Owner: bridge.RoomOwner{Conversation: c.ID}})
	w.hs.say(clerkText("!second", keller, "zwei"))
	w.hs.say(clerkText("!second", meier, "falsche Stelle"))
	w.sync()
	h := w.history(c.ID)
	if len(h) != 3 || h[1].Text != "eins" || h[2].Text != "zwei" {
		t.Errorf("history %+v", h)
	}
}

func TestFirstClerkToJoinTakesTheChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.ClerkJoined})
	w.sync()
	if got := w.look(c.ID); got.State != bridge.Active || got.Clerk != "Frau Keller" || got.LastSeq != 1 {
		t.Errorf("conversation %+v", got)
	}
}

// A response that is read again after a crash, or overlaps another one, has its effects once.
func TestEventsCountOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	ev := clerkText(c.Room, keller, "Antwort")
	ev.ID = "$once"
	for n := range 3 {
		lease, _, err := w.b.TakeSync(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		err = w.b.FromMatrix(context.Background(), bridge.Batch{Lease: lease, Next: fmt.Sprint("next-", n), Events: []bridge.Event{ev, ev}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if h := w.history(c.ID); len(h) != 2 || h[1].Event != "$once" || h[1].Sender != "keller" {
		t.Errorf("history %+v", h)
	}
	known, err := w.b.KnownEvents(context.Background(), []bridge.EventID{"$once", "$never"})
	if err != nil || !known["$once"] || known["$never"] {
		t.Errorf("known %v %v", known, err)
	}
}

func TestLostLeaseCommitsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	lease, _, err := w.b.TakeSync(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	events := []bridge.Event{clerkText(c.Room, keller, "Antwort")}
	events[0].ID = "$1"
	for name, change := range map[string]func(*bridge.SyncLease){
		"since":      func(l *bridge.SyncLease) { l.Since = "another" },
		"generation": func(l *bridge.SyncLease) { l.Generation-- },
		"owner":      func(l *bridge.SyncLease) { l.Owner = "another" },
	} {
		stale := lease
		change(&stale)
		err := w.b.FromMatrix(context.Background(), bridge.Batch{Lease: stale, Next: "next", Events: events})
		if !errors.Is(err, bridge.ErrLost) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if h := w.history(c.ID); len(h) != 1 {
		t.Errorf("stored under a lost lease: %+v", h)
	}
}

// PostgreSQL refuses what clerks can send. Whatever comes of the bad event, the next flows on.
func TestBadEventsStopNothing(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), postgrestest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w := &world{t: t, hs: newHomeserver(), db: db, now: start, told: &told{count: map[bridge.ConversationID]int{}}}
	b, err := bridge.New(bridge.Options{
		Store: db, Rooms: w.hs, Browsers: w.told, Areas: areas, Log: zerolog.Nop(), Now: w.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.b = b
	c := w.open(hunde, "Frage")
	w.hs.say(bridge.Event{Room: "!room", Sender: w.hs.BotID(), Kind: bridge.RoomCreated, Owner: bridge.RoomOwner{Conversation: c.ID}})
	bad := []bridge.Event{
		clerkText("!room", keller, "NUL \x00"),
		clerkText("!room", keller, "invalid \xff"),
		clerkText("!room\x00", keller, "room"),
		{Room: "!room", Sender: c.Ghost, Kind: bridge.Echo, Marker: "\x00"},
		{Room: "!room", Sender: c.Ghost, Kind: bridge.BarrierEcho, Marker: "\x00", Nonce: "\x00"},
		{Room: "!new", Sender: w.hs.BotID(), Kind: bridge.RoomCreated, Owner: bridge.RoomOwner{Conversation: "\x00"}},
		{Room: "!new", Sender: w.hs.BotID(), Kind: bridge.RoomCreated},
		{Room: "!room", Kind: bridge.Unreadable, Class: "class \x00"},
	}
	for n, ev := range bad {
		w.hs.say(ev)
		w.hs.say(clerkText("!room", keller, fmt.Sprint("Antwort ", n)))
	}
	lease, _, err := b.TakeSync(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	events := w.hs.since(0)
	events = append(events, bridge.Event{ID: "$\x00", Room: "!room", Sender: keller, Kind: bridge.Other}) // its ID can't be kept either
	last := clerkText("!room", keller, "zuletzt")
	last.ID = "$last"
	err = b.FromMatrix(t.Context(), bridge.Batch{
		Lease: lease, Next: "next", Events: append(events, last), Names: map[bridge.UserID]string{keller: "Frau \x00", "@\xff": "x"},
	})
	if err != nil {
		t.Fatalf("the way in is blocked: %v", err)
	}
	h := w.history(c.ID)
	if len(h) != 1+len(bad)+1 || h[len(h)-1].Text != "zuletzt" {
		t.Errorf("history %+v", h)
	}
	if got, err := db.CountSetAside(t.Context()); err != nil || got["not_stored"] == 0 {
		t.Errorf("set aside %v %v", got, err)
	}
	alone := clerkText("!room", keller, "allein und \x00")
	alone.ID = "$alone"
	lease.Since = "next"
	if err := b.FromMatrix(t.Context(), bridge.Batch{Lease: lease, Next: "after", Events: []bridge.Event{alone}}); err != nil {
		t.Fatal(err)
	}
	if got := w.told.messages; len(got) != 0 {
		t.Errorf("handed on though it was not stored: %+v", got)
	}
}
