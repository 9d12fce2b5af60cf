package webchat_test

import (
	"net/http"
	"testing"

	"schalter/bridge"
	"schalter/webchat"
)

func TestCitizenShowsThePage(t *testing.T) {
	const city = "https://www.aarau.example"
	h := newHouse(t, func(o *webchat.Options) { o.AllowedOrigins = []string{city} })
	o := h.open(`{"service_area":"fundbuero","message":{"client_id":"a","text":"Grüezi"}}`)
	h.core.card(o.ID, "Auf welcher Seite?", bridge.Card{Kind: bridge.LocationCard, Title: "Seite?", Location: &bridge.Location{}})
	path := o.path() + "/messages/" + string(h.core.messagesOf(o.ID)[1].ID) + "/location"
	do := func(method, body string, header ...string) answer {
		t.Helper()
		return h.request(method, path, body, append(header, "Authorization", o.bearer())...)
	}
	var now struct {
		Card struct{ Location map[string]any }
	}
	for _, tc := range []struct{ origin, url string }{
		{city, city + "/umzug"}, {"https://evil.example", "/umzug"},
	} {
		do(http.MethodPut, `{"title":"Umzug","path":"/umzug"}`, "Origin", tc.origin).into(t, 202, &now)
		if at := now.Card.Location; at["url"] != tc.url || at["title"] != "Umzug" || at["shared"] != true {
			t.Errorf("%s: %v", tc.origin, at)
		}
	}
	now.Card.Location = nil
	do(http.MethodDelete, "").into(t, 202, &now)
	if at := now.Card.Location; at["shared"] != nil || at["url"] != nil {
		t.Errorf("no longer shown: %v", at)
	}
	for body, want := range map[string]struct {
		status      int
		kind, field string
	}{
		`{"title":"x"}`:                       {422, "invalid", "path"},
		`{"path":7}`:                          {400, "bad-request", "path"},
		`{"path":"umzug"}`:                    {422, "invalid", "path"},
		`{"path":"https://evil.example/"}`:    {422, "invalid", "path"},
		`{"path":"/","url":"x"}`:              {400, "bad-request", "url"},
		`{"path":"@evil.example/","title":1}`: {400, "bad-request", "title"},
	} {
		do(http.MethodPut, body).wantProblem(t, want.status, want.kind, want.field)
	}
	h.request(http.MethodPut, path, `{"path":"/"}`, "Authorization", h.open(plainOpening).bearer()).wantProblem(t, 401, "unauthorized", "")
	h.core.setFail("Amend", bridge.ErrUnknownMessage)
	do(http.MethodDelete, "").wantProblem(t, 404, "unknown-message", "")
}
