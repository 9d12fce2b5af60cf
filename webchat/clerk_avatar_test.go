package webchat_test

import (
	"strings"
	"testing"

	"schalter/bridge"
)

// The clerk's picture is there for who has the token, while a clerk serves, and its path names nobody.
func TestClerkAvatar(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	path := func() (now struct {
		Avatar *string `json:"clerk_avatar"`
	}) {
		t.Helper()
		h.get(o.path(), "Authorization", o.bearer()).into(t, 200, &now)
		return now
	}
	if now := path(); now.Avatar != nil {
		t.Errorf("while nobody serves: %s", *now.Avatar)
	}
	h.get(o.path()+"/clerk-avatar", "Authorization", o.bearer()).wantProblem(t, 404, "not-found", "")
	served := func(clerk bridge.UserID) string {
		t.Helper()
		h.core.change(o.ID, func(c *bridge.Conversation) { c.State, c.Clerk, c.ClerkID = bridge.Active, "Nora Keller", clerk })
		now := path()
		if now.Avatar == nil || !strings.HasPrefix(*now.Avatar, o.path()+"/clerk-avatar?") || strings.Contains(*now.Avatar, "nora") {
			t.Fatalf("%v", now.Avatar)
		}
		return *now.Avatar
	}
	nora := served("@nora:example.org")
	a := h.get(nora, "Authorization", o.bearer())
	if a.status != 200 || a.header.Get("Content-Type") != "image/png" || string(a.body) != "\x89PNG of @nora:example.org" {
		t.Errorf("%d %s %q", a.status, a.header.Get("Content-Type"), a.body)
	}
	for header, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=600",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	} {
		if got := a.header.Get(header); got != want {
			t.Errorf("%s: %s", header, got)
		}
	}
	h.get(nora).wantProblem(t, 401, "unauthorized", "")
	if reto := served("@reto:example.org"); reto == nora {
		t.Error("another clerk's is where this one's was")
	}
}
