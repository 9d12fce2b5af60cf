package webchat_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"schalter/bridge"
	"schalter/webchat"
)

type receipt struct {
	ID, State string
	Seq       int64
	ClientID  string `json:"client_id"`
	CreatedAt string `json:"created_at"`
}

func TestMessage(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	post := func(body string) answer {
		t.Helper()
		return h.post(o.path()+"/messages", body, "Authorization", o.bearer())
	}

	var one, again receipt
	post(`{"client_id":"a","text":"Grüezi \ud83d\udfe1\n\"ja\" \\ud800"}`).into(t, http.StatusAccepted, &one)
	if one.Seq != 1 || one.State != "stored" || one.ClientID != "a" || !strings.HasSuffix(one.CreatedAt, "Z") {
		t.Errorf("receipt %+v", one)
	}
	if text := h.core.messages[o.ID][0].Text; text != "Grüezi 🟡\n\"ja\" \\ud800" {
		t.Errorf("the core was given %q", text)
	}
	h.core.deliver(o.ID)
	post(`{"client_id":"a","text":"Grüezi \ud83d\udfe1\n\"ja\" \\ud800"}`).into(t, http.StatusAccepted, &again)
	if again.ID != one.ID || again.State != "delivered" {
		t.Errorf("repeated: %+v, first %+v", again, one)
	}
	post(`{"client_id":"a","text":"anders"}`).wantProblem(t, 409, "client-id-reused", "client_id")
	h.core.change(o.ID, func(c *bridge.Conversation) { c.State = bridge.Closed })
	post(`{"client_id":"b","text":"noch etwas"}`).wantProblem(t, 409, "conversation-ended", "")
}

func TestMessageRefuses(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	for _, tc := range []struct {
		body   string
		status int
		kind   string
		field  string
	}{
		{`{`, 400, "bad-request", ""},
		{`{"client_id":"a","text":"b"}}`, 400, "bad-request", ""},
		{`"a"`, 400, "bad-request", ""},
		{`{"client_id":1,"text":"b"}`, 400, "bad-request", "client_id"},
		{`{"client_id":"a","text":{"b":1}}`, 400, "bad-request", "text"},
		{`{"client_id":"a","text":null}`, 400, "bad-request", "text"},
		{`{"client_id":"a","text":"b","seq":3}`, 400, "bad-request", "seq"},
		{`{"client_id":"a","text":"b","text":"c"}`, 400, "bad-request", "text"},
		{`{"client_id":"a","text":"b","` + strings.Repeat("k", 100) + `":1}`, 400, "bad-request", strings.Repeat("k", 60) + "…"},
		{"{\"client_id\":\"a\",\"text\":\"\xc3\x28\"}", 400, "bad-request", ""},
		{`{"client_id":"a","text":"\ud800"}`, 400, "bad-request", ""},
		{`{"client_id":"a","text":"\udc00\ud800"}`, 400, "bad-request", ""},
		{`{"client_id":"a"}`, 422, "invalid", "text"},
		{`{"text":"b"}`, 422, "invalid", "client_id"},
		{`{"client_id":"a","text":"\u0000"}`, 422, "invalid", "text"},
		{`{"client_id":"a","text":"` + strings.Repeat("ä", bridge.MaxText+1) + `"}`, 422, "invalid", "text"},
		{`{"client_id":"a","text":"` + strings.Repeat("a", 70_000) + `"}`, 413, "too-large", ""},
	} {
		h.post(o.path()+"/messages", tc.body, "Authorization", o.bearer()).wantProblem(t, tc.status, tc.kind, tc.field)
	}
	if len(h.core.messages[o.ID]) != 0 {
		t.Error("a refused message was stored")
	}
}

// The longest text passes, also when every character of it is a pair of escapes.
func TestMessageOfMostBytes(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	body := `{"client_id":"a","text":"` + strings.Repeat(`\ud83d\udfe1`, bridge.MaxText) + `"}`
	var r receipt
	h.post(o.path()+"/messages", body, "Authorization", o.bearer()).into(t, http.StatusAccepted, &r)
}

func TestMessagesOfOneConversationAreLimited(t *testing.T) {
	clock := newClock()
	h := newHouse(t, func(o *webchat.Options) {
		o.Now, o.Limits = clock.now, webchat.Limits{MessagesPerSecond: 0.5, MessagesBurst: 2}
	})
	o, other := h.open(plainOpening), h.open(plainOpening)
	n := 0
	post := func(o opened) answer {
		t.Helper()
		n++
		return h.post(o.path()+"/messages", fmt.Sprintf(`{"client_id":"%d","text":"x"}`, n), "Authorization", o.bearer())
	}
	var r receipt
	post(o).into(t, 202, &r)
	post(o).into(t, 202, &r)
	a := post(o)
	a.wantProblem(t, 429, "rate-limited", "")
	if a.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	post(other).into(t, 202, &r)
	clock.pass(2)
	post(o).into(t, 202, &r)
	post(o).wantProblem(t, 429, "rate-limited", "")
}
