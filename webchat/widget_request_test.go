package webchat_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

// At night a request is left; what was typed survives an outage, and the link in the answer's mail
// opens the conversation that goes on with it.
func TestWidgetLeavesRequest(t *testing.T) {
	h := newHouse(t)
	night := func() { h.core.now = at("2026-11-22T22:00:00+01:00") }
	h.core.set(func() { night(); h.core.mail = true })
	ctx := browser(t)
	page := h.http.URL + "/?area=einwohnerkontrolle&language=de-CH"
	do(t, ctx, chromedp.Navigate(page), says("h2", "Wir sind wieder für Sie da"), visible("#request-text"), click(".request .primary"), until(focused+` === "request-text"`),
		typed("#request-text", "Ich habe am Samstag ein Velo gefunden."), typed("#request-name", "Anna"), typed("#request-email", "anna@aarau.test"))
	h.core.setFail("LeaveRequest", bridge.ErrUnavailable)
	do(t, ctx, click(".request .primary"), says(".alert", "nicht erreichbar"), until(`$("#request-text").value.includes("Velo")`))
	h.core.setFail("LeaveRequest", nil)
	// It opens while somebody writes: the form stays.
	h.core.set(func() { h.core.now = at("2026-11-23T09:00:00+01:00") })
	h.core.set(night)
	shoot(t, ctx, "request")
	do(t, ctx, visible("#request-text"), click(".request .primary"), says("h2", "Anfrage Nr. 4711"), says(".view", "Wir antworten Ihnen per E-Mail"), until(focused+` === "question"`))
	h.core.mu.Lock()
	left := h.core.left
	h.core.mu.Unlock()
	if len(left) != 1 || left[0].Text != "Ich habe am Samstag ein Velo gefunden." || left[0].Name != "Anna" || left[0].Email != "anna@aarau.test" || left[0].Phone != "" || len(left[0].Key) < 16 {
		t.Errorf("%+v", left)
	}
	if kept := evaluate[int](t, ctx, `localStorage.length`); kept != 0 {
		t.Errorf("%d entries kept on the device", kept)
	}

	// The link, still at night and then in the morning.
	const token = "0123456789abcdefghijABCDEFGHIJ0123456789abc"
	do(t, ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(h.http.URL+"/?language=de-CH#request="+token+"&service_area=einwohnerkontrolle"), says("h2", "Wir sind wieder für Sie da"))
	h.core.set(func() { h.core.now = at("2026-11-23T08:00:00+01:00") })
	do(t, ctx, visible("#text"), visible(".log"), until(`location.hash === ""`), written("Hier bin ich."), says(".citizen", "gespeichert"))
	if h.core.only(t); h.core.opened.Request != token || h.core.opened.Message != nil {
		t.Errorf("opened with %+v", h.core.opened)
	}
}
