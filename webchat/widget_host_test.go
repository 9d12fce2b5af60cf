package webchat_test

import (
	"net/http"
	"strings"
	"testing"

	"context"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// hostile is a page that does what pages do to widgets, and one that its policy lets do nothing
// but what the service's documentation asks for.
const hostile = `<!doctype html><html lang="de-CH"><head><base href="https://elsewhere.example/deep/"><title>Feindlich</title>
<style nonce="n1">* { all: unset !important; display: none !important; font-size: 1px !important; pointer-events: none !important; color: red !important }
html, head, body, schalter-chat { display: block !important } title, head, style, script, base { display: none !important }
body { transform: rotate(0) } p { display: block !important } button { text-transform: uppercase !important }</style>
<script nonce="n1">
for (const name of ["signal", "once", "capture", "headers", "body", "method", "integrity", "cache", "get", "hidden", "name", "extra", "timeZone", "mode"]) {
  Object.prototype[name] = name === "signal" ? undefined : function () { throw new Error("inherited " + name) };
}
delete Object.prototype.mode; delete Object.prototype.cache; delete Object.prototype.once; delete Object.prototype.capture;
Array.prototype.extra = 1;
window.before = Object.getOwnPropertyNames(window).length;
window.errors = [];
addEventListener("error", (e) => errors.push(e.message));
addEventListener("unhandledrejection", (e) => errors.push("" + e.reason));
document.addEventListener("securitypolicyviolation", (e) => errors.push(e.violatedDirective + " " + e.blockedURI));
window.OtherChat = { open() {} };
</script>
<body><p>Text der Stadt</p><div id="schalter-chat"></div>
<script nonce="n1" async src="{{service}}/widget.js"></script></body></html>`

var strict = http.Header{"Content-Security-Policy": {"default-src 'none'; base-uri *; style-src 'nonce-n1'; script-src 'nonce-n1' {{service}}; connect-src {{service}}; require-trusted-types-for 'script'; trusted-types 'none'"}}

func TestWidgetOnHostilePage(t *testing.T) {
	h, host := hostPage(t, hostile, strict)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt offen"))
	box := evaluate[[]float64](t, ctx, `(({ width, height, right, bottom }) => [width, height, innerWidth - right, innerHeight - bottom])($(".launcher").getBoundingClientRect())`)
	if box[0] < 120 || box[1] < 44 || box[2] > 40 || box[3] > 40 {
		t.Errorf("the launcher stands at %v", box)
	}
	talk(t, ctx, h)
	h.core.deliver(h.core.only(t))
	do(t, ctx, says(".citizen", "zugestellt"), says(".clerk", "Mietvertrag"))
	if got := evaluate[string](t, ctx, `getComputedStyle($(".clerk .text")).fontSize + getComputedStyle($("#text")).pointerEvents`); got != "16pxauto" {
		t.Errorf("the page's styles reach into the widget: %s", got)
	}
	if errors := evaluate[[]string](t, ctx, `errors`); len(errors) > 0 {
		t.Errorf("errors and violations: %q", errors)
	}
	added := evaluate[int](t, ctx, `Object.getOwnPropertyNames(window).length - before - 2`) // before and errors themselves
	if text := evaluate[string](t, ctx, `document.querySelector("p").textContent`); text != "Text der Stadt" || added > 3 {
		t.Errorf("the page is not as it was: %q, %d new globals", text, added)
	}
	do(t, ctx, chromedp.Reload(), says(".state", "jetzt"), click(".launcher"), says(".clerk", "Mietvertrag"))
}

// The host page's side of the widget: a handle, events without content, properties for colours.
func TestWidgetForHostPages(t *testing.T) {
	h, host := hostPage(t, `<!doctype html><html lang="fr"><head><title>x</title><style>schalter-chat { --schalter-accent: rgb(120, 0, 80) }</style></head><body>
<script async src="{{service}}/widget.js" data-service-area="fundbuero" data-language="it-CH" data-position="left"></script>
<script>addEventListener("load", () => { window.seen = []; for (const n of ["open", "close", "message"]) Schalter.on(n, (d) => seen.push([n, d || null])); });</script></body></html>`, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), says(".state", "aperto adesso"))
	if got := evaluate[string](t, ctx, `getComputedStyle($(".launcher")).backgroundColor`); got != "rgb(120, 0, 80)" {
		t.Errorf("colour %s", got)
	}
	if left := evaluate[float64](t, ctx, `$(".launcher").getBoundingClientRect().left`); left > 40 {
		t.Errorf("the launcher stands %v from the left", left)
	}
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`Schalter.open()`), visible("#text"), says("header", "Fundbüro"), written("Ciao"), says(".citizen", "salvato"),
		chromedp.Evaluate[chromedp.Void](`Schalter.close()`), until(`!$("dialog").open`))
	h.core.fromClerk(h.core.only(t), "Nora Keller", "GEHEIM")
	do(t, ctx, says(".badge", "1"))
	if seen := evaluate[string](t, ctx, `JSON.stringify(seen)`); seen != `[["open",null],["close",null],["message",{"unread":1}]]` {
		t.Errorf("events: %s", seen)
	}
}

// In iframe mode the chat lives on its own origin; only allowed pages may frame it.
func TestWidgetInFrame(t *testing.T) {
	page := `<!doctype html><html lang="de"><head><title>x</title></head><body><script async src="{{service}}/widget.js" data-mode="frame" data-service-area="fundbuero"></script></body></html>`
	policy := http.Header{"Content-Security-Policy": {"default-src 'none'; script-src {{service}}; connect-src {{service}}; frame-src {{service}}"}}
	h, host := hostPage(t, page, policy)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt offen"), click(".launcher"), visible("iframe"), until(`document.activeElement.shadowRoot.activeElement.tagName === "IFRAME"`))
	if src := evaluate[string](t, ctx, `$("iframe").src`); src != h.http.URL+"/frame?area=fundbuero&language=de-CH" {
		t.Errorf("framed %s", src)
	}
	frames, err := chromedp.Run(ctx, chromedp.Nodes(inside("iframe")))
	if err != nil || len(frames) != 1 {
		t.Fatal(frames, err)
	}
	within := func(condition string) chromedp.Action[chromedp.Void] {
		return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
			return chromedp.Poll[chromedp.Void](lookup(condition), chromedp.WithPollingInFrame(frames[0]))(ctx, target)
		}
	}
	// The focus is inside, so keys go there.
	do(t, ctx, within(`$("#text")`), within(focused+` === "question"`), key(tabKey), key(tabKey), key(tabKey), within(focused+` === "text"`),
		key("Hallo"), press("Enter", 13), within(`$(".citizen")?.innerText.includes("gespeichert")`))
	if evaluate[int](t, ctx, `localStorage.length`) != 0 {
		t.Error("the conversation is kept on the host page's origin")
	}
	do(t, ctx, press("Escape", 27), until(`!$("dialog").open`), until(focused+`.startsWith("launcher")`))
	if a := h.get("/frame"); a.header.Get("Content-Security-Policy") == "" || h.get("/").header.Get("X-Frame-Options") != "" {
		t.Error("policy")
	}
}

// A loader without its second part, as after an upgrade, leads to the page.
func TestWidgetWithoutItsRest(t *testing.T) {
	h, host := hostPage(t, `<!doctype html><html><head><title>x</title></head><body><script>window.open = (url) => { window.opened = url }</script><script async src="{{service}}/widget.js"></script></body></html>`,
		http.Header{"Content-Security-Policy": {"script-src 'unsafe-inline' {{service}}/widget.js"}})
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), says(".name", "nline"), click(".launcher"), until(`window.opened`))
	if opened := evaluate[string](t, ctx, `window.opened`); opened != h.http.URL+"/?area=" {
		t.Errorf("opened %s", opened)
	}
}

// What the widget costs the page, on a processor that is four times slower: no layout shift; the longest
// task is printed, for how long it is depends on the machine.
func TestWidgetCostsThePageNothing(t *testing.T) {
	_, host := hostPage(t, embedded, nil)
	_, empty := hostPage(t, strings.Replace(embedded, "<script", "<script hidden type=none", 1), nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 4})
		return err
	}))
	if !evaluate[bool](t, ctx, `PerformanceObserver.supportedEntryTypes.includes("longtask")`) {
		t.Fatal("this browser measures no long tasks")
	}
	measure := func(phase string) {
		t.Helper()
		got := evaluate[[]float64](t, ctx, `new Promise((done) => {
			const seen = { "layout-shift": 0, longtask: 0 };
			for (const type of Object.keys(seen)) new PerformanceObserver((list) => list.getEntries().forEach((e) => {
				if (e.hadRecentInput) return;
				if (type === "longtask") seen[type] = Math.max(seen[type], e.duration); else seen[type] += e.value;
			})).observe({ type, buffered: true });
			setTimeout(() => done(Object.values(seen)), 100);
		})`)
		requests := evaluate[int](t, ctx, `performance.getEntriesByType("resource").length`)
		t.Logf("%s: layout shift %v, longest task %.0f ms (0: none over 50 ms), %d requests", phase, got[0], got[1], requests)
		if got[0] > 0 {
			t.Errorf("%s: layout shift %v", phase, got[0])
		}
	}
	do(t, ctx, chromedp.Navigate(empty))
	measure("the page without the widget")
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt offen"))
	measure("loading the page")
	do(t, ctx, click(".launcher"), visible("[data-area=fundbuero]"))
	measure("opening the panel")
	do(t, ctx, click("[data-area=fundbuero]"), written("Grüezi"), says(".citizen", "gespeichert"), chromedp.Reload(), until(`$(".citizen")`))
	measure("loading the next page, with a chat that goes on")
}
