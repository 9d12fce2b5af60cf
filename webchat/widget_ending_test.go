package webchat_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

// Who waits is told how long, and may leave a request instead: with what has been written.
func TestWidgetWaits(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	h.core.set(func() { h.core.expected = 200 * time.Second })
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt"), click(".launcher"), says(`[data-area=fundbuero] em`, "etwa 4 Min."))
	h.core.set(func() { h.core.expected = 40 * time.Second })
	do(t, ctx, says(`[data-area=fundbuero] em`, "sofort"), click(`[data-area=fundbuero]`), written("Ich habe ein Velo gefunden."),
		says(".status", "als Nächstes an der Reihe. Wartezeit etwa 1 Min."), until(`$$(".idle").every((e) => e.hidden)`))
	id := h.core.only(t)
	h.core.set(func() { h.core.offer = true })
	h.hub.Notify(id)
	do(t, ctx, says(".status", "Es dauert länger als üblich."), typed("#text", "Es ist rot."), click(".idle:not([hidden]) button"),
		until(`$("#request-text")?.value === "Ich habe ein Velo gefunden.\n\nEs ist rot."`), until(focused+` === "request-text"`),
		// Back, nothing is lost; and what comes meanwhile is told.
		click("header .bare"), until(`$("#text")?.value === "Es ist rot."`), click(".idle:not([hidden]) button"), visible("#request-text"))
	h.core.fromClerk(id, "Nora Keller", "Grüezi")
	do(t, ctx, says(".alert", "Neue Nachricht"), click(".request .primary"), says("h2", "Anfrage Nr. 4711"))
	await(t, "the chat to end", func() bool { return h.core.state(id) == bridge.Closed })
	if got := h.core.left[0]; got.Text != "Ich habe ein Velo gefunden.\n\nEs ist rot." || got.Area != "fundbuero" {
		t.Errorf("left %+v", got)
	}
}

// A chat can be ended and kept, and its transcript saved.
func TestWidgetEndsAndKeeps(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt"))
	talk(t, ctx, h)
	const catch = `(window.saved = "", HTMLAnchorElement.prototype.click = function () { fetch(this.href).then((r) => r.text()).then((text) => saved = this.download + " " + text); })`
	do(t, ctx, chromedp.Evaluate[chromedp.Void](catch+";undefined"), click("footer .end"), visible(".confirm"),
		click(".confirm button:nth-of-type(3)"), until(`saved.startsWith("chat-4711.html <!doctype html>") && saved.includes("Grüezi Frau Muster")`),
		click(".confirm button:nth-of-type(2)"), says(".status", "Dieses Gespräch ist beendet."), visible(".after"), until(`$(".alert").innerText === "" && localStorage["schalter.chat"]`),
		chromedp.Evaluate[chromedp.Void](`saved = "";undefined`), click(".after button:nth-of-type(3)"), until(`saved.includes("Grüezi Frau Muster")`))
	if h.core.state(h.core.only(t)) != bridge.Closed {
		t.Error("the chat goes on")
	}
}

// What is deleted while the server can't be reached is told to it later, also from the next page.
func TestWidgetDeletesLater(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt"))
	talk(t, ctx, h)
	id := h.core.only(t)
	h.core.setFail("Forget", bridge.ErrUnavailable)
	do(t, ctx, click("footer .end"), click(".confirm .primary"), visible("[data-area=fundbuero]"), says(".alert", "Hier gelöscht; beim Schalter"))
	kept := evaluate[string](t, ctx, `JSON.stringify(localStorage)`)
	if strings.Contains(kept, "schalter.chat") || strings.Contains(kept, "Grüezi") || !strings.Contains(kept, string(id)) {
		t.Errorf("kept: %s", kept)
	}
	do(t, ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(host))
	h.core.setFail("Forget", nil)
	await(t, "the chat to be forgotten", func() bool { return h.core.state(id) == bridge.Closed })
	do(t, ctx, until(`localStorage.length === 0`), until(`!$(".alert").innerText`))
}
