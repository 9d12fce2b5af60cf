package webchat_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// A conversation of 2,000 messages is shown in order, and how smooth scrolling through it is is measured.
func TestWidgetWithManyMessages(t *testing.T) {
	h := newHouse(t)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(h.http.URL+"/?area=fundbuero&language=de-CH"), visible("#text"), written("Nummer 0"), says(".citizen", "gespeichert"), chromedp.Navigate("about:blank"))
	id := h.core.only(t)
	const most = 2000
	for i := 1; i < most; i++ {
		h.core.fromClerk(id, "Nora Keller", fmt.Sprintf("Nummer %d: ein Satz, der länger als eine Zeile ist, damit auch umgebrochen wird.", i))
	}
	do(t, ctx, chromedp.Navigate(h.http.URL+"/?language=de-CH"), chromedp.Evaluate[chromedp.Void](`(window.longest = 0, new PerformanceObserver((l) => l.getEntries().forEach((e) => longest = Math.max(longest, e.duration))).observe({ type: "longtask", buffered: true }))`),
		until(fmt.Sprintf(`$$(".message").length === %d`, most)), until(`$(".log").scrollHeight - $(".log").scrollTop - $(".log").clientHeight < 4`))
	loading := evaluate[float64](t, ctx, `longest`)
	scrolling := evaluate[[]float64](t, ctx, `new Promise((done) => {
		longest = 0;
		const log = $(".log"), frames = [];
		let before = performance.now();
		const step = (now) => {
			frames.push(now - before);
			before = now;
			log.scrollTop -= log.scrollHeight / 120;
			if (log.scrollTop > 0) requestAnimationFrame(step);
			else done([longest, Math.max(...frames.slice(2)), frames.length]);
		};
		requestAnimationFrame(step);
	})`)
	t.Logf("2,000 messages: longest task while loading %.0f ms, while scrolling %.0f ms; longest of %.0f frames %.0f ms", loading, scrolling[0], scrolling[2], scrolling[1])
	// How long they are depends on the machine, and is for people to judge. That they were measured does not.
	if scrolling[1] <= 0 || scrolling[2] < 100 {
		t.Errorf("no frames were measured: %v", scrolling)
	}
	if wrong := evaluate[int](t, ctx, `$$(".message .text").findIndex((e, i) => !e.textContent.startsWith("Nummer " + i))`); wrong >= 0 {
		t.Errorf("message %d is not in its place", wrong)
	}
	h.core.fromClerk(id, "Nora Keller", "Ganz neu")
	do(t, ctx, visible(".jump"), until(`$(".log").scrollTop < 10`))
}

// Who scrolls up in the moment in which a message arrives stays there; who is at the end goes along.
func TestWidgetLeavesTheReaderWhereTheyAre(t *testing.T) {
	h := newHouse(t)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(h.http.URL+"/?area=fundbuero&language=de-CH"), visible("#text"), written("Guten Tag"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	for range 30 {
		h.core.fromClerk(id, "Nora Keller", "Grüezi\nFrau\nMuster")
	}
	const atEnd = `$(".log").scrollHeight - $(".log").scrollTop - $(".log").clientHeight < 4`
	do(t, ctx, until(`$$(".message").length === 31`), until(`$(".log").scrollTop > 1000`), until(atEnd), chromedp.Evaluate[chromedp.Void](lookup(`new MutationObserver((_, watch) => {
		watch.disconnect(); // the message stands there, and its frame is yet to come
		$(".log").scrollTop -= 500;
		requestAnimationFrame(() => requestAnimationFrame(() => { window.left = $(".log").scrollTop }));
	}).observe($(".log"), { childList: true })`)))
	h.core.fromClerk(id, "Nora Keller", "Neu")
	do(t, ctx, says(".clerk", "Neu"), until(`window.left`), visible(".jump"), until(`$(".log").scrollTop === left && !(`+atEnd+`)`))
	do(t, ctx, click(".jump"), until(atEnd), until(`$(".jump").hidden`))
	h.core.fromClerk(id, "Nora Keller", "Zuletzt")
	do(t, ctx, says(".clerk", "Zuletzt"), until(atEnd))
}
