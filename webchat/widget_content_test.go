package webchat_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

// What is done to messages afterwards is seen, and not read out a second time.
func TestWidgetShowsWhatBecomesOfMessages(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), click(".launcher"), click(`[data-area=fundbuero]`), written("Grüezi"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	h.core.fromClerk(id, "Nora Keller", "Guten Tag")
	do(t, ctx, says(".clerk .text", "Guten Tag"))

	h.core.amend(id, 2, func(m *bridge.Message) { m.Text, m.EditedAt = "Guten Abend", time.Now() })
	do(t, ctx, says(".clerk .text", "Guten Abend"), says(".clerk .meta", "bearbeitet"), until(`$(".log").ariaLive === "off"`))
	h.core.amend(id, 2, func(m *bridge.Message) {
		m.Reactions = []bridge.ReactionCount{{Key: "👍", Count: 2}, {Key: "<b>", Count: 1}}
	})
	do(t, ctx, says(".reactions", "👍 2  <b>"))
	h.core.amend(id, 2, func(m *bridge.Message) { m.Reactions = nil })
	do(t, ctx, until(`!$(".reactions")`))

	// A quote says whose it is, and follows what becomes of it.
	h.core.fromClerk(id, "Nora Keller", "Welche Farbe?")
	h.core.amend(id, 3, func(m *bridge.Message) {
		m.Quote = bridge.Quote{Seq: 1, Direction: bridge.FromCitizenDirection, Text: "Grüezi"}
	})
	do(t, ctx, says(".quote", "Sie: Grüezi"), says(".clerk:last-child .text", "Welche Farbe?"))
	h.core.amend(id, 3, func(m *bridge.Message) { m.Quote.Text, m.Quote.Deleted = "", true })
	do(t, ctx, says(".quote", "Sie: Nachricht gelöscht"))
	h.core.fromClerk(id, "Nora Keller", "winkt")
	h.core.amend(id, 4, func(m *bridge.Message) { m.Emote = true })
	do(t, ctx, until(`$$(".clerk .text").at(-1).innerText.startsWith("* Nora Keller winkt")`))

	// What is deleted says nothing any more, here and after a reload.
	gone := func(m *bridge.Message) { m.Text, m.HTML, m.DeletedAt = "", "", time.Now() }
	h.core.amend(id, 2, gone)
	h.core.amend(id, 1, gone)
	deleted := until(`$$(".text i").filter((e) => e.innerText === "Nachricht gelöscht").length === 2 && !$(".log").innerText.includes("Guten")`)
	do(t, ctx, deleted, chromedp.Reload(), click(".launcher"), says(".clerk", "Welche Farbe?"), deleted)
}

// A conversation that has ended can be rated once; the answer is kept for this device.
func TestWidgetRating(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), click(".launcher"), click(`[data-area=fundbuero]`), written("Grüezi"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	h.core.end(id)
	do(t, ctx, says(".status", "beendet"), until(`$(".rating").hidden`)) // nobody has served them
	h.core.fromClerk(id, "Nora Keller", "Auf Wiedersehen")
	h.core.end(id)
	do(t, ctx, visible(".rating"), until(`getComputedStyle($(".rating button")).display === "none"`)) // nothing chosen
	do(t, ctx, click(".rating label:nth-of-type(4)"), typed("#comment", "Sehr nett"), click(".rating button"),
		says(".status", "Danke"), until(`$(".rating").hidden`))
	h.core.mu.Lock()
	got := h.core.rating
	h.core.mu.Unlock()
	if got.Score != 4 || got.Comment != "Sehr nett" {
		t.Errorf("rated %+v", got)
	}
	do(t, ctx, chromedp.Reload(), click(".launcher"), says(".status", "Danke"), until(`$(".rating").hidden`))
}

// Sound and notifications come only when they were asked for.
func TestWidgetCallsBack(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), click(".launcher"), click(`[data-area=fundbuero]`), written("Grüezi"), says(".citizen", "gespeichert"),
		chromedp.Evaluate[chromedp.Void](`window.rung = []; window.AudioContext = class { createOscillator() { rung.push("sound"); return { connect() {}, start() {}, stop() {} }; } };
			window.Notification = class { static permission = "granted"; static requestPermission() { rung.push("asked"); return Promise.resolve("granted"); } constructor(title, o) { rung.push(title + ": " + o.body); } }`))
	id := h.core.only(t)
	rung := func(want string) {
		t.Helper()
		if got := evaluate[string](t, ctx, `rung.join(", ")`); got != want {
			t.Errorf("called by %q, want %q", got, want)
		}
	}
	do(t, ctx, click("header .bare"), until(`!$("dialog").open`))
	h.core.fromClerk(id, "Nora Keller", "Eins")
	do(t, ctx, says(".badge", "1"))
	rung("")
	do(t, ctx, click(".launcher"), click(`.bell[aria-pressed=false]`), visible(`.bell[aria-pressed=true]`))
	rung("asked, sound")
	h.core.fromClerk(id, "Nora Keller", "Zwei")
	do(t, ctx, says(".clerk:last-child", "Zwei"))
	rung("asked, sound") // in sight
	do(t, ctx, click("header .bare"), until(`!$("dialog").open`),
		chromedp.Evaluate[chromedp.Void](`Object.defineProperty(document, "hidden", { get: () => true })`))
	h.core.fromClerk(id, "Nora Keller", "Drei")
	do(t, ctx, says(".badge", "1"))
	rung("asked, sound, sound, Online-Schalter: Neue Nachricht")
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`delete document.hidden`), click(".launcher"), click(`.bell[aria-pressed=true]`), visible(`.bell[aria-pressed=false]`),
		click("header .bare"), until(`!$("dialog").open`))
	h.core.fromClerk(id, "Nora Keller", "Vier")
	do(t, ctx, says(".badge", "1"))
	rung("asked, sound, sound, Online-Schalter: Neue Nachricht")
}
