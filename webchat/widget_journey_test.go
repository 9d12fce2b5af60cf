package webchat_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

func TestWidgetJourney(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt offen"))
	if left := evaluate[int](t, ctx, `localStorage.length + sessionStorage.length + document.cookie.length`); left != 0 {
		t.Error("something is kept before anything was written")
	}
	do(t, ctx, click(".launcher"), visible(`[data-area=fundbuero]`))
	if areas := evaluate[int](t, ctx, `$$(".areas button").length`); areas != 5 {
		t.Errorf("%d areas", areas)
	}
	if focused := evaluate[string](t, ctx, `document.activeElement.shadowRoot.activeElement.id`); focused != "question" {
		t.Errorf("after opening the focus is in %q", focused)
	}

	// Choose, write: the citizen's own message stands there, and is stored.
	do(t, ctx, click(`[data-area=fundbuero]`), says(".notice", "Notfall: 117"), visible("#name"),
		typed("#name", "Anna Muster"), written("Grüezi, ich habe <b>meinen</b> Schirm verloren."),
		says(".citizen .text", "<b>meinen</b> Schirm"), says(".citizen", "gespeichert"), says(".status", "als Nächstes"), says("header", "Fundbüro"))
	id := h.core.only(t)
	if o := h.core.opened; o.Name != "Anna Muster" || o.Area != "fundbuero" || o.PageURL != "" || len(o.Key) < 16 || o.Language != "de" {
		t.Errorf("opened with %+v", o)
	}
	if evaluate[string](t, ctx, `document.activeElement.shadowRoot.activeElement.id`) != "text" {
		t.Error("after sending the focus has left the text")
	}

	h.core.deliver(id)
	do(t, ctx, says(".citizen", "zugestellt ✓"))
	h.core.fromClerk(id, "Nora Keller", "Guten Tag Frau Muster\nWelche Farbe hat er?")
	do(t, ctx, says(".clerk .text", "Welche Farbe hat er?"), says(".clerk .meta", "Nora Keller · "), says(".line", "Nora Keller hat Ihren Chat übernommen."),
		says(".line", "Heute"), says("header", "Nora Keller"), says("header", "im Gespräch"), says(".sign", "NK"))
	if evaluate[string](t, ctx, `document.activeElement.shadowRoot.activeElement.id`) != "text" {
		t.Error("an incoming message has moved the focus")
	}

	// The database is away for a while: the text is kept, sent again, and is there once.
	h.core.setFail("FromCitizen", bridge.ErrUnavailable)
	do(t, ctx, written("Er ist rot."), says(".citizen", "wird gesendet"), says(".alert", "noch nicht angekommen"))
	h.core.setFail("FromCitizen", nil)
	do(t, ctx, until(`!$(".alert").innerText && $$(".citizen").every((e) => !e.innerText.includes("wird gesendet"))`))
	h.core.setDelayed(true)
	h.core.change(id, func(*bridge.Conversation) {})
	do(t, ctx, says(".status", "verzögert"))
	h.core.setDelayed(false)

	// Closed, the panel counts; on the next page of the site everything is there, once and in order.
	do(t, ctx, click("header .bare"), until(`!$("dialog").open`))
	h.core.fromClerk(id, "Nora Keller", "Wir haben ihn.")
	do(t, ctx, says(".badge", "1"), until(`document.title === "(1) Stadt Aarau"`), chromedp.Navigate(host+"/weiter"), visible(".launcher"),
		click(".launcher"), says(".clerk", "Wir haben ihn."), says("header", "Nora Keller"))
	if got := texts(t, ctx); got != "Grüezi, i|Guten Tag|Er ist ro|Wir haben" {
		t.Errorf("on the next page: %s", got)
	}

	// A text that the server refuses goes back to its author.
	do(t, ctx, chromedp.Evaluate[chromedp.Void](lookup(`$("#text").value = "a\0b"`)), click(".send"),
		says(".alert", "Steuerzeichen"), until(`$("#text").value.includes("b")`), chromedp.Evaluate[chromedp.Void](lookup(`$("#text").value = ""`)))

	// The clerk ends it; the citizen goes on; it ends again.
	h.core.end(id)
	do(t, ctx, says(".status", "Dieses Gespräch ist beendet."), visible(".after .primary"), until(`$(".composer").hidden`))
	h.core.setFail("Reopen", &bridge.ClosedError{Area: "fundbuero"})
	do(t, ctx, click(".after .primary"), says(".alert", "geschlossen"))
	h.core.setFail("Reopen", nil)
	do(t, ctx, click(".after .primary"), visible("#text"), until(`!$(".alert").innerText`), written("Noch etwas."), says(".citizen", "Noch etwas."))
	h.core.end(id)
	do(t, ctx, visible(".after:not([hidden]) .second"))

	// The end leaves nothing on the device.
	do(t, ctx, click("footer .end"), visible(".confirm .second"), click(".confirm .second"), says(".clerk", "Wir haben ihn."),
		click("footer .end"), click(".confirm .primary"), visible(`[data-area=fundbuero]`))
	if left := evaluate[int](t, ctx, `localStorage.length + sessionStorage.length`); left != 0 {
		t.Errorf("%d entries left on the device", left)
	}
	await(t, "the server to be told", func() bool {
		h.core.mu.Lock()
		defer h.core.mu.Unlock()
		return len(h.core.tokens) == 0
	})
	if problems := evaluate[string](t, ctx, `document.cookie`); problems != "" {
		t.Errorf("a cookie: %s", problems)
	}
}

// texts are the beginnings of the messages that are shown, in order.
func texts(t *testing.T, ctx context.Context) string {
	t.Helper()
	return strings.Join(evaluate[[]string](t, ctx, `$$(".message .text").map((p) => p.textContent.slice(0, 9))`), "|")
}

// A reload before the server has answered loses nothing either: the same key and client_id go out.
func TestWidgetKeepsTextAcrossReload(t *testing.T) {
	h := newHouse(t)
	ctx := browser(t)
	h.core.setFail("Open", bridge.ErrUnavailable)
	do(t, ctx, chromedp.Navigate(h.http.URL+"/?area=allgemein&language=de-CH"), visible("#text"),
		written("Erste Nachricht"), says(".alert", "noch nicht angekommen"),
		chromedp.Reload(), says(".citizen", "Erste Nachricht"))
	h.core.setFail("Open", nil)
	do(t, ctx, says(".citizen", "gespeichert"))
	if n := len(h.core.messages[h.core.only(t)]); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// shoot keeps a picture where SCHALTER_SCREENSHOTS names a folder, for eyes to look at.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("SCHALTER_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644)
	}
	if err != nil {
		t.Error(err)
	}
}
