package webchat_test

import (
	"net/http"
	"testing"

	"schalter/bridge"
)

func TestLanguageIsChosen(t *testing.T) {
	h := newHouse(t)
	o := h.open(`{"service_area":"fundbuero","message":{"client_id":"a","text":"Grüezi"}}`)
	do := func(body string) answer {
		t.Helper()
		return h.request(http.MethodPost, o.path()+"/language", body, "Authorization", o.bearer())
	}
	if a := do(`{"language":"fr"}`); a.status != http.StatusNoContent {
		t.Errorf("answered %d %s", a.status, a.body)
	}
	h.core.fromClerk(o.ID, "Nora Keller", "Bonjour")
	var page struct{ Messages []struct{ Language string } }
	h.request(http.MethodGet, o.path()+"/messages", "", "Authorization", o.bearer()).into(t, 200, &page)
	if m := page.Messages; len(m) != 2 || m[0].Language != "de" || m[1].Language != "fr" {
		t.Errorf("messages %+v", m)
	}
	do(`{"language":"rm"}`).wantProblem(t, 422, "invalid", "language")
	do(`{}`).wantProblem(t, 422, "invalid", "language")
	do(`{"language":7}`).wantProblem(t, 400, "bad-request", "language")
	h.core.setFail("SetLanguage", bridge.ErrUnavailable)
	do(`{"language":"it"}`).wantProblem(t, 503, "unavailable", "")
}
