package webchat_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/webchat"
)

// events reads a stream as a browser does.
type events struct {
	t    *testing.T
	res  *http.Response
	scan *bufio.Scanner
}

type event struct {
	name, id, data, comment, retry string
}

func (h *house) stream(o opened, query string, header ...string) *events {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.http.URL+o.path()+"/stream"+query, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", o.bearer())
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" ||
		res.Header.Get("X-Accel-Buffering") != "no" || res.Header.Get("Cache-Control") != "no-store" {
		h.t.Fatalf("stream: %s %v", res.Status, res.Header)
	}
	scan := bufio.NewScanner(res.Body)
	scan.Buffer(nil, 1<<20)
	return &events{t: h.t, res: res, scan: scan}
}

// read returns the next block of the stream; false at its end.
func (e *events) read() (event, bool) {
	var ev event
	for e.scan.Scan() {
		line := e.scan.Text()
		if line == "" {
			return ev, true
		}
		field, value, _ := strings.Cut(line, ": ")
		switch field {
		case "event":
			ev.name = value
		case "id":
			ev.id = value
		case "data":
			ev.data = value
		case "retry":
			ev.retry = value
		case "":
			ev.comment = value
		}
	}
	return ev, false
}

// next returns the next event of a name, having held it against the description.
func (e *events) next(name string) event {
	e.t.Helper()
	for {
		ev, ok := e.read()
		if !ok {
			e.t.Fatalf("the stream ended before a %s: %v", name, e.scan.Err())
		}
		if ev.name != name {
			continue
		}
		_, doc := described()
		validate(e.t, doc, map[string]string{"message": "Message", "message_changed": "Message", "conversation": "Conversation", "areas": "ServiceAreas", "typing": "Typing"}[name], []byte(ev.data))
		return ev
	}
}

func (e *events) untilEnd() {
	for ok := true; ok; {
		_, ok = e.read()
	}
}

type streamed struct {
	Seq       int64
	Direction string
	Text      string
	State     string
	Sender    string
	Clerk     string
	Delivered int64 `json:"delivered_seq"`
	Read      int64 `json:"read_seq"`
	Delayed   bool
	Position  int `json:"queue_position"`
}

func (ev event) decode(t *testing.T) streamed {
	t.Helper()
	var s streamed
	if err := json.Unmarshal([]byte(ev.data), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStream(t *testing.T) {
	h := newHouse(t)
	o := h.open(`{"service_area":"fundbuero","message":{"client_id":"a","text":"Grüezi"}}`)
	e := h.stream(o, "")

	if now := e.next("conversation").decode(t); now.State != "waiting" || now.Position != 1 {
		t.Errorf("begins with %+v", now)
	}
	first := e.next("message")
	if m := first.decode(t); first.id != "1" || m.Text != "Grüezi" || m.State != "stored" || m.Direction != "citizen" {
		t.Errorf("first message %+v", first)
	}
	h.core.deliver(o.ID)
	if now := e.next("conversation").decode(t); now.Delivered != 1 {
		t.Errorf("after delivery: %+v", now)
	}
	h.core.fromClerk(o.ID, "Nora Keller", "Guten Tag\nWie kann ich helfen?")
	answered := e.next("message")
	if m := answered.decode(t); answered.id != "2" || m.Text != "Guten Tag\nWie kann ich helfen?" || m.Sender != "Nora Keller" {
		t.Errorf("answer %+v", answered)
	}
	if now := e.next("conversation").decode(t); now.State != "active" || now.Clerk != "Nora Keller" {
		t.Errorf("after the answer: %+v", now)
	}
}

// What the hub delivers is sent as it is, if it is the next; what it delivers twice, early or late
// changes nothing.
func TestStreamTakesDeliveredMessages(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	e := h.stream(o, "")
	e.next("conversation")
	send := func(m bridge.Message) {
		m.ID, m.Conversation, m.Direction, m.Sender = "m", o.ID, bridge.FromClerkDirection, "Nora"
		h.hub.Deliver(m)
	}
	send(bridge.Message{Seq: 2, Text: "too early"})
	send(bridge.Message{Seq: 1, Text: "delivered, not read"})
	if ev := e.next("message"); ev.id != "1" || ev.decode(t).Text != "delivered, not read" {
		t.Errorf("first %+v", ev)
	}
	send(bridge.Message{Seq: 1, Text: "again"})
	h.core.fromClerk(o.ID, "Nora", "stored as 1")
	h.core.fromClerk(o.ID, "Nora", "read")
	send(bridge.Message{Seq: 2, Text: "late"})
	h.core.fromClerk(o.ID, "Nora", "last")
	for _, want := range []string{"2", "3"} {
		if ev := e.next("message"); ev.id != want || ev.decode(t).Text == "again" {
			t.Errorf("then %+v, want %s", ev, want)
		}
	}
}

func TestStreamResumes(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	const n = 450 // more than two pages
	for i := range n {
		h.core.fromClerk(o.ID, "Nora", strconv.Itoa(i+1))
	}
	for _, tc := range []struct {
		name, query string
		header      []string
		from        int
	}{
		{"from the start", "", nil, 1},
		{"after", "?after=448", nil, 449},
		{"last event ID", "", []string{"Last-Event-ID", "447"}, 448},
		{"the header goes first", "?after=3", []string{"Last-Event-ID", "447"}, 448},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := h.stream(o, tc.query, tc.header...)
			for want := tc.from; want <= n; want++ {
				if ev := e.next("message"); ev.id != strconv.Itoa(want) || ev.decode(t).Text != ev.id {
					t.Fatalf("got %s, want %d", ev.id, want)
				}
			}
		})
	}
	for query, field := range map[string]string{"?after=-1": "after", "?after=x": "after"} {
		h.get(o.path()+"/stream"+query, "Authorization", o.bearer()).wantProblem(t, 400, "bad-request", field)
	}
	h.get(o.path()+"/stream", "Authorization", o.bearer(), "Last-Event-ID", "x").wantProblem(t, 400, "bad-request", "Last-Event-ID")
}

// Messages that come while a stream is being opened are not lost, and none is sent twice.
func TestStreamMissesNothing(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	const n = 300
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for range n {
			h.core.fromClerk(o.ID, "Nora", "x")
		}
	}()
	e := h.stream(o, "")
	for want := 1; want <= n; want++ {
		if ev := e.next("message"); ev.id != strconv.Itoa(want) {
			t.Fatalf("got %s, want %d", ev.id, want)
		}
	}
	<-sent
}

// Without any notice, the safety net finds the message, and the ping keeps the connection alive.
func TestStreamRereads(t *testing.T) {
	h := newHouse(t)
	h.server.SetRhythm(time.Millisecond, time.Hour)
	o := h.open(plainOpening)
	e := h.stream(o, "")
	for {
		if ev, ok := e.read(); !ok {
			t.Fatal("ended before a ping")
		} else if ev.comment == "ping" {
			break
		}
	}
	h.core.mu.Lock()
	c := h.core.conversations[o.ID]
	c.LastSeq++
	h.core.messages[o.ID] = append(h.core.messages[o.ID], bridge.Message{
		ID: "m", Conversation: o.ID, Seq: c.LastSeq, Direction: bridge.FromClerkDirection, Text: "still da", CreatedAt: time.Now(),
	})
	h.core.mu.Unlock()
	if m := e.next("message").decode(t); m.Text != "still da" {
		t.Errorf("got %+v", m)
	}
	// A token that dies ends the stream.
	h.core.mu.Lock()
	clear(h.core.tokens)
	h.core.mu.Unlock()
	e.untilEnd()
}

func TestStreamTellsDelay(t *testing.T) {
	h := newHouse(t)
	h.server.SetRhythm(time.Hour, time.Millisecond)
	o := h.open(plainOpening)
	e := h.stream(o, "")
	e.next("conversation")
	for _, delayed := range []bool{true, false} {
		h.core.setDelayed(delayed)
		if now := e.next("conversation").decode(t); now.Delayed != delayed {
			t.Errorf("delayed %v, want %v", now.Delayed, delayed)
		}
	}
}

func TestStreamEndsWhenTheStoreFails(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	e := h.stream(o, "")
	e.next("conversation")
	h.core.setFail("History", bridge.ErrUnavailable)
	h.hub.Notify(o.ID)
	e.untilEnd()
	await(t, "the reason in the log", func() bool { return strings.Contains(h.log.String(), "stream ended") })

	h.core.setFail("Look", errors.New("no"))
	h.get(o.path()+"/stream", "Authorization", o.bearer()).wantProblem(t, 500, "internal", "")
	h.core.setFail("Look", bridge.ErrUnavailable)
	h.get(o.path()+"/stream", "Authorization", o.bearer()).wantProblem(t, 503, "unavailable", "")
}

func TestStreamsOfOneConversationAreCounted(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	var open []*events
	for range webchat.MostStreams {
		open = append(open, h.stream(o, ""))
	}
	h.get(o.path()+"/stream", "Authorization", o.bearer()).wantProblem(t, 429, "too-many-streams", "")
	_ = open[0].res.Body.Close()
	await(t, "the place to be free again", func() bool {
		r, _ := http.NewRequest(http.MethodGet, h.http.URL+o.path()+"/stream", nil)
		r.Header.Set("Authorization", o.bearer())
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}
