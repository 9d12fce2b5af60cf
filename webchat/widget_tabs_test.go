package webchat_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

// Two tabs show the same, whichever of them holds the stream, and forget together.
func TestWidgetInTwoTabs(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	first := browser(t)
	do(t, first, chromedp.Navigate(host), says(".state", "jetzt"))
	second := tab(t, first)
	do(t, second, chromedp.Navigate(host+"/andere"), says(".state", "jetzt"), click(".launcher"), visible("[data-area=fundbuero]"))

	// The first one writes; the second one, which was choosing, comes along.
	start(t, first)
	do(t, first, written("Vom ersten Tab"), says(".citizen", "gespeichert"))
	do(t, second, says(".citizen", "Vom ersten Tab"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	h.core.deliver(id)
	h.core.fromClerk(id, "Nora Keller", "Für beide")
	do(t, second, says(".clerk", "Für beide"), says(".citizen", "zugestellt ✓"), written("Vom zweiten Tab"), says(".citizen", "Vom zweiten Tab"),
		until(`$$(".citizen").every((e) => !e.innerText.includes("wird gesendet"))`))
	do(t, first, says(".clerk", "Für beide"), says(".citizen", "Vom zweiten Tab"))
	if n := len(h.core.messagesOf(id)); n != 3 {
		t.Errorf("%d messages", n)
	}

	// The tab that held the stream goes away, the other one takes over.
	do(t, first, chromedp.Navigate("about:blank"))
	h.core.fromClerk(id, "Nora Keller", "Nach dem Wechsel")
	do(t, second, says(".clerk", "Nach dem Wechsel"))
	do(t, first, chromedp.Navigate(host), visible(".launcher"), click(".launcher"), says(".clerk", "Nach dem Wechsel"))
	for _, ctx := range []context.Context{first, second} {
		if got := texts(t, ctx); got != "Vom erste|Für beide|Vom zweit|Nach dem " {
			t.Errorf("shown: %s", got)
		}
	}

	// A refused text comes back where it was written, and is taken off the other tab.
	do(t, first, chromedp.Evaluate[chromedp.Void](lookup(`$("#text").value = "a\0b"`)), click(".send"), until(`$("#text").value.includes("b")`))
	do(t, second, until(`$$(".message").length === 4`))

	do(t, first, click("footer .end"), click(".confirm .primary"), visible("[data-area=fundbuero]"))
	do(t, second, visible("[data-area=fundbuero]"))
	if left := evaluate[int](t, second, `localStorage.length`); left != 0 {
		t.Errorf("%d entries left", left)
	}
}

// The network goes away and comes back: what was written meanwhile is sent once, what was answered
// meanwhile is shown.
func TestWidgetNetworkCut(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	condition := func(c network.Conditions) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{&c}})
			if err == nil {
				_, err = chromedp.Call(ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: c.Offline, DownloadThroughput: -1, UploadThroughput: -1})
			}
			return err
		})
	}
	// A slow mobile network: 400 ms, 50 KB/s.
	do(t, ctx, condition(network.Conditions{Latency: 400, DownloadThroughput: 50e3, UploadThroughput: 50e3}), chromedp.Navigate(host), says(".state", "jetzt"))
	start(t, ctx)
	do(t, ctx, written("Langsam"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	do(t, ctx, condition(network.Conditions{Offline: true}))
	h.http.CloseClientConnections()
	do(t, ctx, written("Ohne Netz"), says(".alert", "noch nicht angekommen"), says(".citizen", "wird gesendet"))
	h.core.fromClerk(id, "Nora Keller", "Inzwischen")
	do(t, ctx, written("Noch etwas"), condition(network.Conditions{DownloadThroughput: -1, UploadThroughput: -1}),
		says(".clerk", "Inzwischen"), until(`!$(".alert").innerText && $$(".citizen").every((e) => e.innerText.includes("gespeichert") || $(".meta[hidden]"))`))
	await(t, "both texts", func() bool { return len(h.core.messagesOf(id)) == 4 })
	if got := texts(t, ctx); got != "Langsam|Inzwische|Ohne Netz|Noch etwa" {
		t.Errorf("shown: %s", got)
	}
}

// A phone that sleeps runs nothing of the page, and its connections die; what came meanwhile is there
// when it wakes, and what was typed still is.
func TestWidgetSleeps(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	state := func(s page.SetWebLifecycleStateState) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: s})
			return err
		})
	}
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt"))
	start(t, ctx)
	do(t, ctx, written("Bis gleich"), says(".citizen", "gespeichert"), typed("#text", "Noch nicht gesendet"))
	id := h.core.only(t)
	do(t, ctx, until(`(window.ran ??= (setInterval(() => window.ran++, 5), 0)) > 3`), state(page.SetWebLifecycleStateStateFrozen))
	asleep := evaluate[int](t, ctx, `window.ran`)
	h.http.CloseClientConnections()
	h.core.fromClerk(id, "Nora Keller", "Sind Sie da?")
	h.core.fromClerk(id, "Nora Keller", "Ich warte.")
	if ran := evaluate[int](t, ctx, `window.ran`); ran != asleep {
		t.Fatalf("the page does not sleep: %d, then %d", asleep, ran)
	}
	do(t, ctx, state(page.SetWebLifecycleStateStateActive), says(".clerk", "Ich warte."))
	if draft := evaluate[string](t, ctx, `$("#text").value`); draft != "Noch nicht gesendet" {
		t.Errorf("the draft is %q", draft)
	}
	if got := texts(t, ctx); got != "Bis gleic|Sind Sie |Ich warte" {
		t.Errorf("shown: %s", got)
	}
}

// A page that the browser keeps for going back holds no stream meanwhile, and catches up when it is shown again.
func TestWidgetGoesBackToItsPage(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt"))
	start(t, ctx)
	do(t, ctx, written("Bis gleich"), says(".citizen", "gespeichert"), typed("#text", "Noch nicht gesendet"), chromedp.Evaluate[chromedp.Void](`window.kept = true`))
	id := h.core.only(t)
	h.core.fromClerk(id, "Nora Keller", "Grüezi")
	do(t, ctx, says(".clerk", "Grüezi"), chromedp.Navigate(h.http.URL+"/accessibility"))
	await(t, "a stream that is let go", func() bool { return h.hub.Streams() == 0 })
	h.core.fromClerk(id, "Nora Keller", "Sind Sie da?")
	// The library's own waiting stands still on a page that came back.
	shows := func(want string) {
		await(t, want, func() bool {
			return strings.Contains(evaluate[string](t, ctx, lookup(`$(".log")?.innerText || ""`)), want)
		})
	}
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`history.back()`))
	shows("Sind Sie da?")
	if !evaluate[bool](t, ctx, `window.kept === true`) {
		t.Fatal("the browser has not kept the page")
	}
	h.core.fromClerk(id, "Nora Keller", "Ich warte.")
	shows("Ich warte.")
	if draft := evaluate[string](t, ctx, lookup(`$("#text").value`)); draft != "Noch nicht gesendet" {
		t.Errorf("the draft is %q", draft)
	}
	if got := texts(t, ctx); got != "Bis gleic|Grüezi|Sind Sie |Ich warte" {
		t.Errorf("shown: %s", got)
	}
}

// A connection that died while the device slept looks alive. Who wakes, or comes into another network, is not
// kept waiting for the time after which silence would show it.
func TestWidgetWakesWithDeadConnections(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var dead atomic.Bool
	var streams atomic.Int64
	page := proxy(t, h, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/conversations/") || !strings.HasSuffix(r.URL.Path, "/stream") {
			return true
		}
		streams.Add(1)
		if !dead.Load() {
			return true
		}
		_, _ = w.Write([]byte(": here\n\n"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return false
	})
	ctx := browser(t)
	dead.Store(true)
	do(t, ctx, chromedp.Navigate(page+"/?area=fundbuero&language=de-CH"), visible("#text"), written("Guten Tag"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	for i, wakes := range []string{
		`dispatchEvent(new Event("online"))`,
		`(Date.now = ((now) => () => now() + 60e3)(Date.now), document.dispatchEvent(new Event("visibilitychange")))`,
	} {
		await(t, "a connection that dies", func() bool { return streams.Load() > int64(i) })
		h.core.fromClerk(id, "Nora Keller", "Sind Sie da?")
		began := evaluate[float64](t, ctx, `performance.now()`)
		do(t, ctx, chromedp.Evaluate[chromedp.Void](wakes), until(fmt.Sprintf(`$$(".clerk").length === %d`, i+1)))
		if took := evaluate[float64](t, ctx, `performance.now()`) - began; took > 25e3 {
			t.Errorf("after %s it took %.0f ms", wakes, took)
		}
	}
	await(t, "another connection", func() bool { return streams.Load() > 2 })
	before := streams.Load()
	// A connection that was heard just now is left alone.
	dead.Store(false)
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`dispatchEvent(new Event("online"))`))
	await(t, "one that lives", func() bool { return streams.Load() > before })
	h.core.fromClerk(id, "Nora Keller", "Jetzt schon")
	do(t, ctx, says(".clerk:last-child", "Jetzt schon"), chromedp.Evaluate[chromedp.Void](`document.dispatchEvent(new Event("visibilitychange"))`))
	h.core.fromClerk(id, "Nora Keller", "Und noch da")
	do(t, ctx, says(".clerk:last-child", "Und noch da"))
	if n := streams.Load(); n != before+1 {
		t.Errorf("%d connections more", n-before)
	}
}

// proxy stands between browser and service, as a city's reverse proxy does.
func proxy(t *testing.T, h *house, before func(http.ResponseWriter, *http.Request) bool) string {
	t.Helper()
	target, err := url.Parse(h.http.URL)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before(w, r) {
			forward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	return p.URL
}

// Behind a proxy that holds streams back, the widget asks instead.
func TestWidgetBehindBufferingProxy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var held atomic.Int64
	page := proxy(t, h, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/stream") {
			return true
		}
		held.Add(1)
		<-r.Context().Done()
		return false
	})
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(page+"/?area=fundbuero&language=de-CH"), visible("#text"), written("Guten Tag"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	h.core.deliver(id)
	h.core.fromClerk(id, "Nora Keller", "Trotzdem")
	do(t, ctx, says(".clerk", "Trotzdem"), says(".citizen", "zugestellt ✓"))
	h.core.fromClerk(id, "Nora Keller", "Und noch einmal")
	do(t, ctx, says(".clerk", "Und noch einmal"))
	if held.Load() == 0 {
		t.Error("the stream was never tried")
	}
}

// A restart of the server is invisible but for a line, and the line goes away.
func TestWidgetServerRestart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var down atomic.Bool
	page := proxy(t, h, func(w http.ResponseWriter, _ *http.Request) bool {
		if !down.Load() {
			return true
		}
		// As a proxy without its service: an answer that is not ours.
		http.Error(w, "<h1>Bad gateway</h1>", http.StatusBadGateway)
		return false
	})
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(page+"/?area=fundbuero&language=de-CH"), visible("#text"), written("Guten Tag"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	h.core.fromClerk(id, "Nora Keller", "Grüezi")
	do(t, ctx, says(".clerk", "Grüezi")) // so there is a connection to lose
	down.Store(true)
	h.http.CloseClientConnections()
	do(t, ctx, says(".alert", "Verbindung ist unterbrochen"), written("Während dem Neustart"), says(".alert", "noch nicht angekommen"))
	h.core.fromClerk(id, "Nora Keller", "Da bin ich")
	down.Store(false)
	do(t, ctx, says(".clerk", "Da bin ich"), until(`!$(".alert").innerText`), until(`$$(".citizen").every((e) => !e.innerText.includes("wird gesendet"))`))
	if n := len(h.core.messagesOf(id)); n != 4 {
		t.Errorf("%d messages", n)
	}
	// The token dies: the citizen is told, and can clear up.
	h.core.setFail("Authorize", bridge.ErrUnauthorized)
	h.http.CloseClientConnections()
	do(t, ctx, says(".alert", "nicht mehr zugänglich"), click("footer .end"), click(".confirm .primary"), visible("#text"))
	if evaluate[int](t, ctx, `localStorage.length`) != 0 {
		t.Error("something is left")
	}
}
