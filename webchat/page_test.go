package webchat_test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

func TestPage(t *testing.T) {
	h := newHouse(t)
	a := h.get("/")
	text := string(a.body)
	if a.status != 200 || !strings.Contains(text, "Stadt Aarau") || !strings.Contains(text, "Notfall: 117") || !strings.Contains(text, "https://www.aarau.example/datenschutz") {
		t.Errorf("%d %s", a.status, text)
	}
	if strings.Contains(text, "<style") || strings.Contains(text, " style=") || strings.Contains(text, " onclick") || strings.ContainsRune(text, 'ß') {
		t.Error("inline code, which the policy forbids, or a ß")
	}
	for _, file := range []string{"page.js", "page.css", "icon.svg", "log.js", "events.js"} {
		if !strings.Contains(text, "/page/"+file) && !strings.Contains(string(h.get("/page/page.js").body), "/page/"+file) {
			t.Errorf("the page does not use %s", file)
		}
		if a := h.get("/page/" + file); a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/") && file != "icon.svg" {
			t.Errorf("%s: %d %s", file, a.status, a.header.Get("Content-Type"))
		}
	}
	if strings.Count(string(h.get("/page/page.js").body), "\n") > 250 {
		t.Error("the plain page is to stay plain; what grows belongs into the widget")
	}
	if h.get("/page/index.html").status != 404 {
		t.Error("the template is served")
	}
}

// browser is a fresh Chromium, or the test is skipped.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no Chromium: whether the plain page works in a browser is not tested")
	}
	options := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	options = append(options, chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // starts it, without the deadline of a step
		t.Fatal(err)
	}
	return ctx
}

// do runs steps, each of which may take a while on a busy machine, but not for ever.
func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
		t.Fatalf("%v; the page says:\n%s", err, text)
	}
}

// evaluate returns what an expression comes to in the page.
func evaluate[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func click(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(selector))
}

func typed(selector, text string) chromedp.Action[chromedp.Void] {
	return chromedp.SendKeys(chromedp.CSS(selector), text)
}

func visible(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.WaitVisible(chromedp.CSS(selector))
}

// until waits for a condition of the page.
func until(condition string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Poll[chromedp.Void](condition, chromedp.WithPollingInterval(20*time.Millisecond))(ctx, target)
		if err != nil {
			return chromedp.Void{}, fmt.Errorf("waited in vain for %s: %w", condition, err)
		}
		return chromedp.Void{}, nil
	}
}

// says waits until an element shows a text.
func says(selector, text string) chromedp.Action[chromedp.Void] {
	return until(fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => e.innerText.includes(%q))`, selector, text))
}

func TestPageInBrowser(t *testing.T) {
	h := newHouse(t)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(h.http.URL), visible(`[data-area=fundbuero]`))
	if areas := evaluate[int](t, ctx, `document.querySelectorAll("#areas button").length`); areas != 5 {
		t.Errorf("%d areas", areas)
	}

	// Choose, write: the citizen's own message stands there, and is stored.
	do(t, ctx, click(`[data-area=fundbuero]`),
		until(`document.activeElement.id === "text"`),
		typed(`#name`, "Anna Muster"),
		typed(`#text`, "Grüezi, ich habe <b>meinen</b> Schirm verloren."),
		click(`#send`),
		says(".citizen", "<b>meinen</b> Schirm"), says(".citizen", "gespeichert"), says("#state", "als Nächstes"))
	id := h.core.only(t)
	if o := h.core.opened; o.Name != "Anna Muster" || o.Area != "fundbuero" || !strings.HasPrefix(o.PageURL, h.http.URL) || len(o.Key) < 16 {
		t.Errorf("opened with %+v", o)
	}

	h.core.deliver(id)
	do(t, ctx, says(".citizen", "zugestellt ✓"))
	h.core.fromClerk(id, "Nora Keller", "Guten Tag Frau Muster\nWelche Farbe hat er?\n<script>alert(1)</script>")
	do(t, ctx, says(".clerk", "Welche Farbe hat er?"), says(".clerk", "<script>"), says("#who", "Nora Keller"))

	// The database is away for a while: the text is kept, sent again, and is there once.
	h.core.setFail("FromCitizen", bridge.ErrUnavailable)
	do(t, ctx, typed(`#text`, "Er ist rot.\r"), says(".citizen", "wird gesendet"), says("#trouble", "noch nicht angekommen"))
	h.core.setFail("FromCitizen", nil)
	do(t, ctx, until(`document.querySelector("#trouble").hidden`), until(`[...document.querySelectorAll(".citizen")].every((e) => !e.innerText.includes("wird gesendet"))`))
	h.core.setDelayed(true)
	h.core.change(id, func(*bridge.Conversation) {})
	do(t, ctx, says("#state", "verzögert"))
	h.core.setDelayed(false)

	// Reload: the chat goes on where it was, everything once and in order.
	do(t, ctx, chromedp.Reload(), says(".clerk", "Welche Farbe hat er?"), says("#who", "Nora Keller"))
	h.core.fromClerk(id, "Nora Keller", "Wir haben ihn.")
	do(t, ctx, says(".clerk", "Wir haben ihn."))
	order := evaluate[[]string](t, ctx, `[...document.querySelectorAll(".message p")].map((p) => p.textContent.slice(0, 9))`)
	if got := strings.Join(order, "|"); got != "Grüezi, i|Guten Tag|Er ist ro|Wir haben" {
		t.Errorf("after the reload: %s", got)
	}

	// A text that the server refuses goes back to its author.
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector("#text").value = "a\0b"`), click(`#send`),
		says("#trouble", "Steuerzeichen"), until(`document.querySelector("#text").value.includes("b")`))

	// The end leaves nothing on the device.
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`window.confirm = () => true`), click(`#end`), visible(`[data-area=fundbuero]`))
	if left := evaluate[int](t, ctx, `localStorage.length`); left != 0 {
		t.Errorf("%d entries left on the device", left)
	}
}

// A reload before the server has answered loses nothing either: the same key and client_id go out.
func TestPageKeepsTextAcrossReload(t *testing.T) {
	h := newHouse(t)
	ctx := browser(t)
	h.core.setFail("Open", bridge.ErrUnavailable)
	do(t, ctx, chromedp.Navigate(h.http.URL), visible(`[data-area=allgemein]`), click(`[data-area=allgemein]`),
		typed(`#text`, "Erste Nachricht"), click(`#send`), says("#trouble", "noch nicht angekommen"),
		chromedp.Reload(), says(".citizen", "Erste Nachricht"))
	h.core.setFail("Open", nil)
	do(t, ctx, says(".citizen", "gespeichert"))
	if n := len(h.core.messages[h.core.only(t)]); n != 1 {
		t.Errorf("%d messages", n)
	}
}
