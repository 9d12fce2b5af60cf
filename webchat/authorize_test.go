package webchat_test

import (
	"net/http"
	"strings"
	"testing"

	"schalter/bridge"
)

// Whoever has not the token learns nothing, not even whether there is such a conversation.
func TestUnauthorized(t *testing.T) {
	h := newHouse(t)
	o, other := h.open(plainOpening), h.open(plainOpening)
	nowhere := conversations + "/" + bridge.NewID()
	var first string
	for _, tc := range []struct{ name, path, authorization string }{
		{"none", o.path(), ""},
		{"empty", o.path(), "Bearer "},
		{"another scheme", o.path(), "Basic " + o.Token},
		{"wrong", o.path(), "Bearer " + strings.Repeat("x", 43)},
		{"endless", o.path(), "Bearer " + strings.Repeat("x", 5000)},
		{"foreign", o.path(), other.bearer()},
		{"no such conversation", nowhere, o.bearer()},
		{"no ID at all", conversations + "/%00", o.bearer()},
	} {
		for _, call := range []struct{ method, path, body string }{
			{http.MethodGet, tc.path, ""},
			{http.MethodGet, tc.path + "/messages", ""},
			{http.MethodPost, tc.path + "/messages", `{"client_id":"a","text":"b"}`},
			{http.MethodGet, tc.path + "/stream", ""},
		} {
			a := h.request(call.method, call.path, call.body, "Authorization", tc.authorization)
			a.wantProblem(t, 401, "unauthorized", "")
			if a.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s: WWW-Authenticate %q", tc.name, a.header.Get("WWW-Authenticate"))
			}
			if first == "" {
				first = string(a.body)
			}
			if string(a.body) != first {
				t.Errorf("%s: %s differs from %s", tc.name, a.body, first)
			}
		}
	}
	if a := h.get(o.path(), "Authorization", "bearer "+o.Token); a.status != 200 {
		t.Errorf("the scheme's letter case must not count: %s", a.body)
	}
	h.core.setFail("Authorize", bridge.ErrUnavailable)
	h.get(o.path(), "Authorization", o.bearer()).wantProblem(t, 503, "unavailable", "")
}
