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
	deleted := until(`$$(".text > i").filter((e) => e.innerText === "Nachricht gelöscht").length === 2 && !$(".log").innerText.includes("Guten")`)
	do(t, ctx, deleted, chromedp.Reload(), click(".launcher"), says(".clerk", "Welche Farbe?"), deleted)
}

// The citizen answers, reacts to, changes and deletes messages, with the keyboard alone if they like.
func TestWidgetAmends(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt"))
	start(t, ctx)
	do(t, ctx, written("Guten Tag"), says(".status", "als Nächstes"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	h.core.fromClerk(id, "Nora Keller", "Welche Farbe?")
	at := func(want string) chromedp.Action[chromedp.Void] {
		return until(focused + `.startsWith("` + want + `")`)
	}
	shiftTab := chromedp.KeyEvent(tabKey, chromedp.KeyModifiers(chromedp.ModifierShift))

	// One stop for all messages; Escape closes the bar, and not the chat.
	do(t, ctx, says(".clerk", "Farbe"), until(`$$(".more:not([hidden])").length === 2`), shiftTab, at("bare more"), key(enterKey), visible(".bar"),
		until(`$(".clerk .more").ariaExpanded === "true" && $(".bar").ariaLabel === $(".more").ariaLabel && $$(".bar button").length === 5`), at("second"),
		key(escapeKey), until(`$(".bar").hidden && $("dialog").open && $(".clerk .more").ariaExpanded === "false"`), at("bare more"))

	// An answer carries what it answers; Escape takes that back.
	do(t, ctx, key(enterKey), at("second"), key(enterKey), at("text"), says(".about", "Antwort auf: Welche Farbe?"), key(escapeKey), until(`$(".about").hidden && $("dialog").open`),
		shiftTab, key(enterKey), at("second"), key(enterKey), written("Rot"), until(`$(".about").hidden`), says(".citizen", "Rot"), until(`$$(".more:not([hidden])").length === 3`))
	h.core.mu.Lock()
	said := append([]bridge.Message(nil), h.core.messages[id]...)
	h.core.mu.Unlock()
	if last := said[len(said)-1]; last.Text != "Rot" || last.ReplyTo != said[1].ID {
		t.Errorf("answered %+v", last)
	}

	// Reactions are switched on and off.
	do(t, ctx, click(".clerk .more"), click(".bar button:nth-of-type(2)"), says(".clerk .reactions", "👍"),
		click(".clerk .more"), until(`$(".bar button:nth-of-type(2)").ariaPressed === "true"`), click(".bar button:nth-of-type(2)"), until(`!$(".reactions")`))

	// An edit that fails keeps its text, and what was being written before waits behind it.
	h.core.setFail("Amend", bridge.ErrUnavailable)
	do(t, ctx, typed("#text", "Halb"), click(".citizen .more"), click(".bar button:nth-of-type(2)"), until(`$("#text").value === "Guten Tag"`), key(" zusammen"), press("Enter", 13),
		until(`$(".alert").innerText`), until(`$("#text").value === "Guten Tag zusammen"`))
	h.core.setFail("Amend", nil)
	do(t, ctx, press("Enter", 13), says(".citizen .text", "Guten Tag zusammen"), says(".citizen .meta", "bearbeitet"), until(`!$(".alert").innerText && $("#text").value === "Halb"`))

	// Deleting asks once more.
	do(t, ctx, click(".citizen .more"), click(".bar button:first-child"), says(".bar", "Wirklich löschen"), at("second"), key(enterKey),
		says(".citizen .text", "Nachricht gelöscht"), until(`$(".citizen .more").hidden`), at("text"))
	h.core.end(id)
	do(t, ctx, visible(".after"), until(`getComputedStyle($(".clerk .more")).visibility === "hidden"`))
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
		chromedp.Evaluate[chromedp.Void](`Object.defineProperty(document, "hidden", { get: () => true, configurable: true })`))
	h.core.fromClerk(id, "Nora Keller", "Drei")
	do(t, ctx, says(".badge", "1"))
	rung("asked, sound, sound, Online-Schalter: Neue Nachricht")
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`delete document.hidden`), click(".launcher"), click(`.bell[aria-pressed=true]`), visible(`.bell[aria-pressed=false]`),
		until(`$(".badge").hidden`), click("header .bare"), until(`!$("dialog").open`))
	h.core.fromClerk(id, "Nora Keller", "Vier")
	do(t, ctx, says(".badge", "1"))
	rung("asked, sound, sound, Online-Schalter: Neue Nachricht")
}
