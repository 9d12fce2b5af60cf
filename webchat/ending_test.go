package webchat_test

import (
	"encoding/json"
	"testing"
	"time"

	"schalter/bridge"
)

// ended is what a conversation's JSON says about its end.
type ended struct {
	State       string     `json:"state"`
	ClosedBy    string     `json:"closed_by"`
	ReopenUntil *time.Time `json:"reopen_until"`
}

func TestCloseAndReopen(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	events := h.stream(o, "")
	events.next("conversation")
	for range 2 {
		var c ended
		h.post(o.path()+"/close", "", "Authorization", o.bearer()).into(t, 200, &c)
		if c.State != "closed" || c.ClosedBy != "citizen" || c.ReopenUntil == nil || !c.ReopenUntil.Equal(at("2026-11-23T10:00:00+01:00")) {
			t.Errorf("%+v", c)
		}
	}
	if told := events.next("conversation"); told.id != "" {
		t.Errorf("%+v", told)
	}
	var c ended
	h.post(o.path()+"/reopen", "", "Authorization", o.bearer()).into(t, 200, &c)
	if c.State != "waiting" || c.ClosedBy != "" || c.ReopenUntil != nil {
		t.Errorf("%+v", c)
	}
	h.post(o.path()+"/close", "", "Authorization", "Bearer x").wantProblem(t, 401, "unauthorized", "")
	h.core.setFail("Close", bridge.ErrUnavailable)
	h.post(o.path()+"/close", "", "Authorization", o.bearer()).wantProblem(t, 503, "unavailable", "")
}

// The warning stands in the stream, as a sentence, and one call takes it away.
func TestIdleWarning(t *testing.T) {
	h := newHouse(t)
	o := h.open(`{"service_area":"einwohnerkontrolle"}`)
	events := h.stream(o, "")
	events.next("conversation")
	type idle struct {
		Idle *struct {
			EndsAt time.Time `json:"ends_at"`
			Text   string    `json:"text"`
		} `json:"idle"`
	}
	h.core.set(func() { h.core.idleEnds = at("2026-11-23T09:30:00+01:00") })
	h.hub.Notify(o.ID)
	var warned idle
	if err := json.Unmarshal([]byte(events.next("conversation").data), &warned); err != nil {
		t.Fatal(err)
	}
	if warned.Idle == nil || warned.Idle.Text != "Sind Sie noch da? Das Gespräch endet um 9.30 Uhr, wenn Sie nichts schreiben." {
		t.Errorf("%+v", warned.Idle)
	}
	var now idle
	h.post(o.path()+"/stay", "", "Authorization", o.bearer()).into(t, 200, &now)
	if now.Idle != nil {
		t.Errorf("%+v", now.Idle)
	}
	h.core.setFail("Stay", bridge.ErrUnavailable)
	h.post(o.path()+"/stay", "", "Authorization", o.bearer()).wantProblem(t, 503, "unavailable", "")
}

// What a dead token opened is told apart from what never was: the citizen shall start anew.
func TestConversationIsOver(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	h.core.setFail("Authorize", bridge.ErrOver)
	for _, path := range []string{"", "/messages", "/stream"} {
		p := h.get(o.path()+path, "Authorization", o.bearer()).wantProblem(t, 401, "conversation-ended", "")
		if p["detail"] != "Dieses Gespräch ist beendet. Bitte beginnen Sie ein neues." {
			t.Errorf("%v", p["detail"])
		}
	}
	a := h.post(o.path()+"/messages", `{"client_id":"1","text":"x"}`, "Authorization", o.bearer())
	a.wantProblem(t, 401, "conversation-ended", "")
	if a.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%v", a.header)
	}
}

func TestForget(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	if a := h.request("DELETE", o.path(), "", "Authorization", "Bearer x"); a.status != 401 {
		t.Errorf("a wrong token: %d", a.status)
	}
	if a := h.request("DELETE", o.path(), "", "Authorization", o.bearer()); a.status != 204 || len(a.body) != 0 {
		t.Errorf("%d %s", a.status, a.body)
	}
	h.get(o.path(), "Authorization", o.bearer()).wantProblem(t, 401, "unauthorized", "")
	h.request("DELETE", o.path(), "", "Authorization", o.bearer()).wantProblem(t, 401, "unauthorized", "")
}

func TestRating(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	rate := func(body string) answer {
		t.Helper()
		return h.post(o.path()+"/rating", body, "Authorization", o.bearer())
	}
	rate(`{"score":5}`).wantProblem(t, 409, "not-ended", "")
	h.post(o.path()+"/close", "", "Authorization", o.bearer())
	rate(`{"score":0}`).wantProblem(t, 422, "invalid", "score")
	rate(`{"comment":"gut"}`).wantProblem(t, 422, "invalid", "score")
	rate(`{"score":null}`).wantProblem(t, 400, "bad-request", "score")
	rate(`{"score":4.5}`).wantProblem(t, 400, "bad-request", "score")
	rate(`{"score":"5"}`).wantProblem(t, 400, "bad-request", "score")
	rate(`{"score":5,"stars":5}`).wantProblem(t, 400, "bad-request", "stars")
	if a := rate(`{"score":4,"comment":" Danke! "}`); a.status != 204 || h.core.rating != (bridge.Rating{Score: 4, Comment: "Danke!"}) {
		t.Errorf("%d %s %+v", a.status, a.body, h.core.rating)
	}
	h.core.setFail("Rate", bridge.ErrRated)
	rate(`{"score":1}`).wantProblem(t, 409, "already-rated", "")
}
