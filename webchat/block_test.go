package webchat_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

// Whoever is blocked reads a sentence, in whatever way they come; the core is told from where.
func TestBlockedBrowser(t *testing.T) {
	h := newHouse(t)
	o := h.open(`{"service_area":"fundbuero","language":"de"}`)
	for _, method := range []string{"Open", "FromCitizen", "Reopen", "LeaveRequest"} {
		h.core.setFail(method, bridge.ErrBlocked)
	}
	const sentence = "Der Chat steht Ihnen zurzeit nicht zur Verfügung."
	for path, body := range map[string]string{
		conversations:          `{"service_area":"fundbuero","language":"de"}`,
		"/api/v1/requests":     `{"service_area":"fundbuero","language":"de","text":"Hallo"}`,
		o.path() + "/messages": `{"client_id":"1","text":"Hallo"}`,
		o.path() + "/reopen":   ``,
	} {
		a := h.post(path, body, "Authorization", o.bearer())
		var p struct{ Type, Detail string }
		a.into(t, http.StatusForbidden, &p)
		if p.Type != "/problems/blocked" || !strings.HasPrefix(p.Detail, sentence) {
			t.Errorf("%s: %+v", path, p)
		}
	}
	page := h.get("/plain?area=fundbuero")
	values := filledIn(string(page.body), "do", "open", "area", "fundbuero", "text", "Hallo").Encode()
	a := h.post("/plain", values, "Content-Type", "application/x-www-form-urlencoded", "Origin", h.http.URL)
	if a.status != http.StatusForbidden || !strings.Contains(string(a.body), sentence) {
		t.Errorf("/plain: %d", a.status)
	}
}

// In the widget the sentence stands as an alert, and what was typed is not lost.
func TestWidgetOfBlockedBrowser(t *testing.T) {
	h := newHouse(t)
	h.core.setFail("Open", bridge.ErrBlocked)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(h.http.URL+"/?area=fundbuero&language=de-CH"), visible("#text"), written("Hallo"),
		says(".alert", "Ihre Nachricht wurde nicht angenommen: Der Chat steht Ihnen zurzeit nicht zur Verfügung."), says(".alert", "Der Text steht wieder im Feld."),
		until(`$("#text").value === "Hallo" && !$(".message")`))
	if kept := evaluate[int](t, ctx, `localStorage.length`); kept != 0 {
		t.Errorf("%d entries are kept of a chat that was not begun", kept)
	}
}

// The core learns the address that the limits count by.
func TestTheCoreLearnsTheAddress(t *testing.T) {
	h := newHouse(t)
	h.open(`{"service_area":"fundbuero","language":"de"}`)
	h.core.mu.Lock()
	defer h.core.mu.Unlock()
	if got := h.core.opened.Address; got != "127.0.0.1" {
		t.Errorf("address %q", got)
	}
}
