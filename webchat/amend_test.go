package webchat_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"schalter/bridge"
	"schalter/webchat"
)

func TestCitizenAmendsMessages(t *testing.T) {
	h := newHouse(t)
	o := h.open(`{"service_area":"fundbuero","message":{"client_id":"a","text":"Grüezi"}}`)
	m := h.core.messagesOf(o.ID)[0].ID
	path := o.path() + "/messages/" + string(m)
	do := func(method, path, body string) answer {
		t.Helper()
		return h.request(method, path, body, "Authorization", o.bearer())
	}
	var now amended
	do(http.MethodPatch, path, `{"client_id":"b","text":"Guten Tag"}`).into(t, 202, &now)
	if now.Text != "Guten Tag" || now.EditedAt == "" || now.Seq != 1 || h.core.messagesOf(o.ID)[0].Text != "Guten Tag" {
		t.Errorf("edited %+v", now)
	}
	for _, key := range []string{"👍", "👨‍👩‍👧", "+1", "ja?"} {
		do(http.MethodPut, path+"/reactions/"+url.PathEscape(key), "").into(t, 202, &now)
		if len(now.Reactions) != 1 || now.Reactions[0].Key != key || !now.Reactions[0].Mine {
			t.Errorf("reacted %+v", now)
		}
	}
	now = amended{}
	do(http.MethodDelete, path+"/reactions/"+url.PathEscape("👍"), "").into(t, 202, &now)
	if len(now.Reactions) != 0 {
		t.Errorf("reacted %+v", now)
	}
	var r receipt
	do(http.MethodPost, o.path()+"/messages", `{"client_id":"c","text":"noch etwas","reply_to":"`+string(m)+`"}`).into(t, 202, &r)
	do(http.MethodPost, o.path()+"/messages", `{"client_id":"d","text":"noch etwas","reply_to":null}`).into(t, 202, &r)
	if all := h.core.messagesOf(o.ID); all[1].ReplyTo != m || all[2].ReplyTo != "" {
		t.Errorf("replies %+v", all)
	}
	do(http.MethodDelete, path, "").into(t, 202, &now)
	if !now.Deleted || now.Text != "" {
		t.Errorf("deleted %+v", now)
	}

	for _, tc := range []struct {
		method, path, body string
		status             int
		kind, field        string
	}{
		{http.MethodPatch, path, `{"client_id":"e","text":" "`, 400, "bad-request", ""},
		{http.MethodPatch, path, `{"client_id":"e"}`, 422, "invalid", "text"},
		{http.MethodPatch, path, `{"client_id":"e","text":"x","reply_to":null}`, 400, "bad-request", "reply_to"},
		{http.MethodPatch, o.path() + "/messages/" + bridge.NewID(), `{"client_id":"e","text":"x"}`, 404, "unknown-message", ""},
		{http.MethodDelete, o.path() + "/messages/" + bridge.NewID(), "", 404, "unknown-message", ""},
		{http.MethodDelete, o.path() + "/messages/7", "", 404, "unknown-message", ""},
		{http.MethodDelete, o.path() + "/messages/" + strings.Repeat("%00", 26), "", 404, "unknown-message", ""},
		{http.MethodPut, o.path() + "/messages/x/reactions/👍", "", 404, "unknown-message", ""},
		{http.MethodPost, o.path() + "/messages", `{"client_id":"f","text":"x","reply_to":"7"}`, 422, "invalid", "reply_to"},
		{http.MethodPost, o.path() + "/messages", `{"client_id":"f","text":"x","reply_to":7}`, 400, "bad-request", "reply_to"},
		{http.MethodPost, path, "", 405, "method-not-allowed", ""},
	} {
		do(tc.method, tc.path, tc.body).wantProblem(t, tc.status, tc.kind, tc.field)
	}
	other := h.open(plainOpening)
	h.request(http.MethodDelete, path, "", "Authorization", other.bearer()).wantProblem(t, 401, "unauthorized", "")
	for err, want := range map[error]struct {
		status int
		kind   string
	}{bridge.ErrUnchangeable: {409, "message-unchangeable"}, bridge.ErrConversationClosed: {409, "conversation-ended"}, bridge.ErrUnavailable: {503, "unavailable"}} {
		h.core.setFail("Amend", err)
		do(http.MethodDelete, path, "").wantProblem(t, want.status, want.kind, "")
	}
}

func TestAmendmentsAreLimited(t *testing.T) {
	clock := newClock()
	h := newHouse(t, func(o *webchat.Options) {
		o.Now, o.Limits = clock.now, webchat.Limits{MessagesPerSecond: 0.5, MessagesBurst: 2}
	})
	o := h.open(`{"service_area":"fundbuero","message":{"client_id":"a","text":"Grüezi"}}`)
	path := o.path() + "/messages/" + string(h.core.messagesOf(o.ID)[0].ID) + "/reactions/x"
	var now amended
	for range 2 {
		h.request(http.MethodPut, path, "", "Authorization", o.bearer()).into(t, 202, &now)
	}
	h.request(http.MethodPut, path, "", "Authorization", o.bearer()).wantProblem(t, 429, "rate-limited", "")
}
