package webchat_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"schalter/webchat"
)

// chromium is one browser for all tests; each test gets a profile of its own in it.
var chromium struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.stop != nil {
		chromium.stop()
	}
	os.Exit(code)
}

// missing skips a test for want of a part, or fails it where the environment asks for that part.
func missing(t *testing.T, part, what string) {
	t.Helper()
	if strings.Contains(os.Getenv("SCHALTER_TEST_REQUIRE"), part) {
		t.Fatalf("SCHALTER_TEST_REQUIRE asks for %s: %s", part, what)
	}
	t.Skip(what)
}

// browser is a tab of a fresh profile.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		missing(t, "chromium", "no Chromium: whether the widget works in a browser is not tested")
	}
	chromium.once.Do(func() {
		profile, err := os.MkdirTemp("", "schalter-chromium-")
		if err != nil {
			chromium.err = err
			return
		}
		options := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
		options = append(options, chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
			chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
			chromedp.Flag("disable-background-timer-throttling", true), chromedp.Flag("disable-renderer-backgrounding", true))
		allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, cancel := chromedp.NewContext(allocator)
		chromium.ctx, chromium.err = ctx, chromedp.Do(ctx)
		chromium.stop = func() {
			cancel()
			stop()
			_ = os.RemoveAll(profile)
		}
	})
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	ctx, cancel := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, size(1280, 800)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// tab is another tab of the same profile.
func tab(t *testing.T, ctx context.Context) context.Context {
	t.Helper()
	other, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(other, size(1280, 800)); err != nil {
		t.Fatal(err)
	}
	return other
}

// do runs steps, each of which may take a while on a busy machine, but not for ever.
func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 40*time.Second)
	defer cancel()
	for _, step := range steps {
		if err := chromedp.Do(ctx, step); err != nil {
			text, _ := chromedp.Run(context.WithoutCancel(ctx), chromedp.Evaluate[string](`(document.querySelector("schalter-chat")?.shadowRoot.querySelector(".panel") || document.body).innerText`))
			t.Fatalf("%v; the page says:\n%s", err, text)
		}
	}
}

// evaluate returns what an expression comes to in the page; $ looks into the widget.
func evaluate[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](lookup(expression), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// lookup gives an expression $ and $$, which search the widget's shadow tree.
func lookup(expression string) string {
	return `(($$, $) => (` + expression + `))((s) => [...(document.querySelector("schalter-chat")?.shadowRoot.querySelectorAll(s) || [])], (s) => document.querySelector("schalter-chat")?.shadowRoot.querySelector(s))`
}

// inside selects in the widget.
func inside(selector string) chromedp.JSPath {
	return chromedp.JSPath(fmt.Sprintf(`document.querySelector("schalter-chat")?.shadowRoot.querySelector(%q)`, selector))
}

func click(selector string) chromedp.Action[chromedp.Void] { return chromedp.Click(inside(selector)) }

func typed(selector, text string) chromedp.Action[chromedp.Void] {
	return chromedp.SendKeys(inside(selector), text)
}

// written writes a message and sends it with the Enter key. The library's own key presses insert
// the character even where the page has prevented that; a keyboard does not.
func written(text string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(typed("#text", text), press("Enter", 13))
}

// press presses a key that writes nothing.
func press(name string, code int64) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
			_, err := chromedp.Call(ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: name, Code: name, WindowsVirtualKeyCode: code})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func visible(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.WaitVisible(inside(selector))
}

// until waits for a condition of the page.
func until(condition string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Poll[chromedp.Void](lookup(condition), chromedp.WithPollingInterval(20*time.Millisecond))(ctx, target)
		for err != nil && strings.Contains(err.Error(), "Cannot find context") && ctx.Err() == nil { // the page was exchanged meanwhile
			_, err = chromedp.Poll[chromedp.Void](lookup(condition), chromedp.WithPollingInterval(20*time.Millisecond))(ctx, target)
		}
		if err != nil {
			return chromedp.Void{}, fmt.Errorf("waited in vain for %s: %w", condition, err)
		}
		return chromedp.Void{}, nil
	}
}

// says waits until an element of the widget shows a text.
func says(selector, text string) chromedp.Action[chromedp.Void] {
	return until(fmt.Sprintf(`$$(%q).some((e) => e.innerText.includes(%q))`, selector, text))
}

// key presses keys on whatever has the focus.
func key(keys string) chromedp.Action[chromedp.Void] { return chromedp.KeyEvent(keys) }

func size(width, height int64) chromedp.Action[chromedp.Void] {
	return chromedp.EmulateViewport(width, height)
}

// media sets a media feature such as prefers-color-scheme.
func media(features ...string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		var p emulation.SetEmulatedMediaParams
		for i := 0; i < len(features); i += 2 {
			p.Features = append(p.Features, &emulation.MediaFeature{Name: features[i], Value: features[i+1]})
		}
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, p)
		return err
	})
}

// hostPage is the page of a city's own website, on an origin of its own, and a service that lets
// it in. In page, {{service}} stands for the service's address.
func hostPage(t *testing.T, page string, header http.Header, change ...func(*webchat.Options)) (*house, string) {
	t.Helper()
	var h *house
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range header {
			for _, v := range values {
				w.Header().Add(name, strings.ReplaceAll(v, "{{service}}", h.http.URL))
			}
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, strings.ReplaceAll(page, "{{service}}", h.http.URL))
	}))
	t.Cleanup(host.Close)
	h = newHouse(t, append(change, func(o *webchat.Options) { o.AllowedOrigins = append(o.AllowedOrigins, host.URL) })...)
	return h, host.URL
}

// embedded is an ordinary page with the widget.
const embedded = `<!doctype html><html lang="de-CH"><head><title>Stadt Aarau</title></head><body><h1>Stadt Aarau</h1>
<p>Willkommen.</p><a id="first" href="#x">Ein Link</a>
<script async src="{{service}}/widget.js"></script></body></html>`
