// Package browsertest drives the widget in a real Chromium. Tests that have none are skipped; with
// chromium in the environment variable SCHALTER_TEST_REQUIRE they fail instead.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// chromium is one browser for all tests of a package; each test gets a profile of its own in it.
var chromium struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

// Stop ends the browser, if there is one. To be called once, after all tests.
func Stop() {
	if chromium.stop != nil {
		chromium.stop()
	}
}

// Missing skips a test for want of a part, or fails it where the environment asks for that part.
func Missing(t *testing.T, part, what string) {
	t.Helper()
	if strings.Contains(os.Getenv("SCHALTER_TEST_REQUIRE"), part) {
		t.Fatalf("SCHALTER_TEST_REQUIRE asks for %s: %s", part, what)
	}
	t.Skip(what)
}

// Browser is a tab of a fresh profile.
func Browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		Missing(t, "chromium", "no Chromium: whether the widget works in a browser is not tested")
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
	if err := chromedp.Do(ctx, Size(1280, 800)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// Tab is another tab of the same profile.
func Tab(t *testing.T, ctx context.Context) context.Context {
	t.Helper()
	other, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(other, Size(1280, 800)); err != nil {
		t.Fatal(err)
	}
	return other
}

// Saving has what a tab saves come into a folder of the test's, which it returns.
func Saving(t *testing.T, ctx context.Context) string {
	t.Helper()
	folder := t.TempDir()
	_, err := chromedp.Call(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: chromedp.FromContext(ctx).BrowserContextID, DownloadPath: folder,
	})
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// Do runs steps, each of which may take a while on a busy machine, but not for ever: 40 s all of
// them together.
func Do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
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

// Evaluate returns what an expression comes to in the page; $ looks into the widget.
func Evaluate[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](Lookup(expression), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Lookup gives an expression $ and $$, which search the widget's shadow tree.
func Lookup(expression string) string {
	return `(($$, $) => (` + expression + `))((s) => [...(document.querySelector("schalter-chat")?.shadowRoot.querySelectorAll(s) || [])], (s) => document.querySelector("schalter-chat")?.shadowRoot.querySelector(s))`
}

// Inside selects in the widget.
func Inside(selector string) chromedp.JSPath {
	return chromedp.JSPath(fmt.Sprintf(`document.querySelector("schalter-chat")?.shadowRoot.querySelector(%q)`, selector))
}

// Click clicks on an element of the widget.
func Click(selector string) chromedp.Action[chromedp.Void] { return chromedp.Click(Inside(selector)) }

// Typed writes into an element of the widget.
func Typed(selector, text string) chromedp.Action[chromedp.Void] {
	return chromedp.SendKeys(Inside(selector), text)
}

// Written writes a message and sends it with the Enter key. The library's own key presses insert
// the character even where the page has prevented that; a keyboard does not.
func Written(text string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(Typed("#text", text), Press("Enter", 13))
}

// Press presses a key that writes nothing.
func Press(name string, code int64) chromedp.Action[chromedp.Void] {
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

// Visible waits until an element of the widget can be seen.
func Visible(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.WaitVisible(Inside(selector))
}

// Until waits for a condition of the page. One that throws is not met yet: what it looks at may be exchanged just
// now, and the library's polling would never look again.
func Until(condition string) chromedp.Action[chromedp.Void] {
	met := `(() => { try { return ` + Lookup(condition) + ` } catch { return false } })()`
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Poll[chromedp.Void](met, chromedp.WithPollingInterval(20*time.Millisecond))(ctx, target)
		for err != nil && strings.Contains(err.Error(), "Cannot find context") && ctx.Err() == nil { // the page was exchanged meanwhile
			_, err = chromedp.Poll[chromedp.Void](met, chromedp.WithPollingInterval(20*time.Millisecond))(ctx, target)
		}
		if err != nil {
			return chromedp.Void{}, fmt.Errorf("waited in vain for %s: %w", condition, err)
		}
		return chromedp.Void{}, nil
	}
}

// Says waits until an element of the widget shows a text.
func Says(selector, text string) chromedp.Action[chromedp.Void] {
	return Until(fmt.Sprintf(`$$(%q).some((e) => e.innerText.includes(%q))`, selector, text))
}

// Key presses keys on whatever has the focus.
func Key(keys string) chromedp.Action[chromedp.Void] { return chromedp.KeyEvent(keys) }

// Size sets the size of what the tab shows, in CSS pixels.
func Size(width, height int64) chromedp.Action[chromedp.Void] {
	return chromedp.EmulateViewport(width, height)
}

// Media sets media features such as prefers-color-scheme: names and values in turn; the others are
// as the system has them.
func Media(features ...string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		var p emulation.SetEmulatedMediaParams
		for i := 0; i < len(features); i += 2 {
			p.Features = append(p.Features, &emulation.MediaFeature{Name: features[i], Value: features[i+1]})
		}
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, p)
		return err
	})
}
