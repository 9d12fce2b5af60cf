package webchat_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/webchat"
)

func TestTypingAndReadAreTaken(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	for _, body := range []string{`{"typing":true}`, `{"typing":false}`} {
		if a := h.post(o.path()+"/typing", body, "Authorization", o.bearer()); a.status != 204 || len(a.body) != 0 {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	for _, seq := range []int64{1, 3, 1<<53 - 1} {
		if a := h.post(o.path()+"/read", fmt.Sprintf(`{"seq":%d}`, seq), "Authorization", o.bearer()); a.status != 204 || len(a.body) != 0 {
			t.Errorf("%d: %d %s", seq, a.status, a.body)
		}
	}
	typed, read := h.core.signals()
	if !slices.Equal(typed, []bool{true, false}) || !slices.Equal(read, []int64{1, 3, 1<<53 - 1}) {
		t.Errorf("the core was told %v and %v", typed, read)
	}
	h.core.setFail("ReadByCitizen", bridge.ErrUnavailable)
	h.post(o.path()+"/read", `{"seq":4}`, "Authorization", o.bearer()).wantProblem(t, 503, "unavailable", "")
}

func TestTypingAndReadRefuse(t *testing.T) {
	h := newHouse(t, func(o *webchat.Options) { o.Now = func() time.Time { return time.Time{} } })
	for _, tc := range []struct {
		call, body string
		status     int
		kind       string
		field      string
	}{
		{"typing", `{`, 400, "bad-request", ""},
		{"typing", `{}`, 422, "invalid", "typing"},
		{"typing", `{"typing":"true"}`, 400, "bad-request", "typing"},
		{"typing", `{"typing":null}`, 400, "bad-request", "typing"},
		{"typing", `{"typing":true,"typing":true}`, 400, "bad-request", "typing"},
		{"typing", `{"typing":true,"who":"x"}`, 400, "bad-request", "who"},
		{"read", `{}`, 422, "invalid", "seq"},
		{"read", `{"seq":0}`, 400, "bad-request", "seq"},
		{"read", `{"seq":-1}`, 400, "bad-request", "seq"},
		{"read", `{"seq":1.5}`, 400, "bad-request", "seq"},
		{"read", `{"seq":1e2}`, 400, "bad-request", "seq"},
		{"read", `{"seq":9007199254740992}`, 400, "bad-request", "seq"},
		{"read", `{"seq":"1"}`, 400, "bad-request", "seq"},
		{"read", `[1]`, 400, "bad-request", ""},
	} {
		o := h.open(plainOpening)
		h.post(o.path()+"/"+tc.call, tc.body, "Authorization", o.bearer()).wantProblem(t, tc.status, tc.kind, tc.field)
		h.post(o.path()+"/"+tc.call, tc.body, "Authorization", "Bearer x").wantProblem(t, 401, "unauthorized", "")
	}
	// Both together are limited, for each conversation.
	o, other := h.open(plainOpening), h.open(plainOpening)
	for n := range 20 {
		call, body := "typing", `{"typing":true}`
		if n%2 == 0 {
			call, body = "read", `{"seq":1}`
		}
		if a := h.post(o.path()+"/"+call, body, "Authorization", o.bearer()); a.status != 204 {
			t.Fatalf("call %d: %d %s", n, a.status, a.body)
		}
	}
	h.post(o.path()+"/read", `{"seq":2}`, "Authorization", o.bearer()).wantProblem(t, 429, "rate-limited", "")
	h.post(o.path()+"/typing", `{"typing":true}`, "Authorization", o.bearer()).wantProblem(t, 429, "rate-limited", "")
	if a := h.post(other.path()+"/read", `{"seq":2}`, "Authorization", other.bearer()); a.status != 204 {
		t.Errorf("another conversation: %d", a.status)
	}
}

func TestStreamTellsWhoIsTyping(t *testing.T) {
	h := newHouse(t)
	o, other := h.open(plainOpening), h.open(plainOpening)
	e := h.stream(o, "")
	want := func(e *events, data string) {
		t.Helper()
		if got := e.next("typing"); got.data != data || got.id != "" {
			t.Errorf("typing %+v, want %s", got, data)
		}
	}
	const nobody, keller = `{"clerk":null}`, `{"clerk":"Frau Keller"}`
	want(e, nobody)
	h.hub.Typing(other.ID, "Herr Meier")
	h.hub.Typing(o.ID, "Frau Keller")
	want(e, keller)
	// It is no change of the conversation, so the store is not read for it.
	h.core.setFail("History", bridge.ErrUnavailable)
	h.hub.Typing(o.ID, "Frau Keller")
	h.hub.Typing(o.ID, "")
	want(e, nobody)
	h.hub.Typing(o.ID, "Frau Keller")
	want(e, keller)
	h.core.setFail("History", nil)
	// A second stream knows it from its start; when the last has gone, it is forgotten.
	second := h.stream(o, "")
	want(second, keller)
	for _, s := range []*events{e, second} {
		_ = s.res.Body.Close()
	}
	await(t, "the streams to end", func() bool { return h.hub.Streams() == 0 })
	await(t, "it to be forgotten", func() bool { return h.hub.Writing(o.ID) == "" })
	h.hub.Typing(o.ID, "Frau Keller") // nobody to be told
	want(h.stream(o, ""), nobody)
}

// When the end of it gets lost, it ends by itself.
func TestTypingEndsByItself(t *testing.T) {
	h := newHouse(t)
	h.server.SetRhythm(time.Hour, time.Millisecond)
	o := h.open(plainOpening)
	e := h.stream(o, "")
	e.next("typing")
	h.hub.Typing(o.ID, "Frau Keller")
	e.next("typing")
	h.hub.LetWritingGoStale()
	if got := e.next("typing").data; got != `{"clerk":null}` {
		t.Errorf("typing %s", got)
	}
}

func TestStreamTellsWhatWasRead(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	e := h.stream(o, "")
	if now := e.next("conversation").decode(t); now.Read != 0 {
		t.Errorf("begins with %+v", now)
	}
	h.core.change(o.ID, func(c *bridge.Conversation) { c.LastSeq, c.DeliveredSeq, c.ReadSeq = 3, 3, 2 })
	if now := e.next("conversation").decode(t); now.Read != 2 || now.Delivered != 3 {
		t.Errorf("after reading: %+v", now)
	}
}
