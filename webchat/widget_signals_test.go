package webchat_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

// What each side sees of the other's writing and reading.
func TestWidgetTypingAndReading(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), click(".launcher"), click(`[data-area=fundbuero]`), written("Grüezi"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	wantRead := func(seqs ...int64) {
		t.Helper()
		await(t, fmt.Sprintf("the core to know that %v was read", seqs), func() bool {
			_, read := h.core.signals()
			return slices.Equal(read, seqs)
		})
	}
	wantTyped := func(typed ...bool) {
		t.Helper()
		await(t, fmt.Sprintf("the core to be told of typing %v", typed), func() bool {
			got, _ := h.core.signals()
			return slices.Equal(got, typed)
		})
	}

	// Only who listens hears of typing: this line comes with the stream.
	do(t, ctx, says(".status", "als Nächstes"))
	// The clerk writes: heard once for each message, seen each time.
	h.hub.Typing(id, "Nora Keller")
	do(t, ctx, says(".status", "Nora Keller schreibt …"), until(`$(".status").ariaLive !== "off"`))
	h.hub.Typing(id, "")
	do(t, ctx, until(`!$(".status").innerText.includes("schreibt")`))
	h.hub.Typing(id, "Nora Keller")
	do(t, ctx, says(".status", "Nora Keller schreibt …"), until(`$(".status").ariaLive === "off"`))

	// What is in sight is read, and its author's ticks come with words.
	h.core.fromClerk(id, "Nora Keller", "Guten Tag")
	h.hub.Typing(id, "")
	do(t, ctx, says(".clerk", "Guten Tag"), until(`!$(".status").innerText.includes("schreibt")`), until(`$(".status").ariaLive === "polite"`))
	wantRead(2)
	h.core.change(id, func(c *bridge.Conversation) { c.DeliveredSeq, c.ReadSeq = 1, 1 })
	do(t, ctx, says(".citizen .meta", "gelesen ✓✓"))

	// A closed panel reads nothing; an open one all of it, once.
	do(t, ctx, click("header .bare"), until(`!$("dialog").open`))
	h.core.fromClerk(id, "Nora Keller", "Sind Sie noch da?")
	do(t, ctx, says(".badge", "1"))
	wantRead(2)
	do(t, ctx, click(".launcher"))
	wantRead(2, 3)

	// Nor is it read while the reader looks at what was before.
	for n := range 30 {
		h.core.fromClerk(id, "Nora Keller", fmt.Sprintf("Zeile %d", n))
	}
	do(t, ctx, says(".clerk", "Zeile 29"))
	await(t, "all of it to be read", func() bool { _, read := h.core.signals(); return read[len(read)-1] == 33 })
	do(t, ctx, until(`$(".log").scrollHeight > $(".log").clientHeight + 200 && ($(".log").scrollTop === 0 || ($(".log").scrollTop = 0, false))`))
	h.core.fromClerk(id, "Nora Keller", "Unten")
	// For as long as telling takes when there is something to tell.
	do(t, ctx, visible(".jump"), chromedp.Evaluate[chromedp.Void](`new Promise((done) => setTimeout(done, 700))`, chromedp.EvalAwaitPromise))
	if _, read := h.core.signals(); read[len(read)-1] != 33 {
		t.Errorf("read %v", read)
	}
	do(t, ctx, click(".jump"))
	await(t, "the newest to be read", func() bool { _, read := h.core.signals(); return read[len(read)-1] == 34 })

	// The citizen writes: told now and then, and when it ends.
	do(t, ctx, typed("#text", "Ja"))
	wantTyped(true)
	do(t, ctx, typed("#text", ", ich"))
	do(t, ctx, chromedp.Evaluate[chromedp.Void](lookup(`$("#text").blur()`)))
	wantTyped(true, false)
	began := time.Now()
	do(t, ctx, written(" bin da"), says(".citizen", "Ja, ich bin da"))
	wantTyped(true, false, true, false)
	if time.Since(began) < 4*time.Second { // on a slow machine it is told again meanwhile
		do(t, ctx, typed("#text", "a"), typed("#text", "b"), typed("#text", "c"))
		wantTyped(true, false, true, false, true)
	}
}

// A server that takes no reading is told again with what comes next.
func TestWidgetTellsReadingAgain(t *testing.T) {
	h := newHouse(t)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(h.http.URL+"/?area=allgemein&language=de-CH"), visible("#text"), written("Grüezi"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	h.core.setFail("ReadByCitizen", bridge.ErrUnavailable)
	h.core.fromClerk(id, "Nora", "eins")
	await(t, "the refusal", func() bool { return h.core.attempts("ReadByCitizen") > 0 })
	h.core.setFail("ReadByCitizen", nil)
	h.core.change(id, func(c *bridge.Conversation) { c.State = bridge.Active })
	h.core.fromClerk(id, "Nora", "zwei")
	await(t, "both to be read", func() bool { _, read := h.core.signals(); return slices.Contains(read, int64(3)) })
}

// Who is handed to another area reads where the chat is now.
func TestWidgetPassedOn(t *testing.T) {
	h := newHouse(t)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(h.http.URL+"/?area=fundbuero&language=de-CH"), visible("#text"), written("Guten Tag"), says(".citizen", "gespeichert"))
	h.core.change(h.core.only(t), func(c *bridge.Conversation) { c.Area = "einbuergerungen" })
	do(t, ctx, says(".status", "Weitergegeben an: Einbürgerungen. Sie sind als Nächstes"), says("#title", "Einbürgerungen"))
}
