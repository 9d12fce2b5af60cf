package webchat_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestWidgetLook takes pictures of every state, width and theme, for eyes to look at:
//
//	SCHALTER_SCREENSHOTS=/some/folder go test -run TestWidgetLook ./webchat
func TestWidgetLook(t *testing.T) {
	if os.Getenv("SCHALTER_SCREENSHOTS") == "" {
		t.Skip("SCHALTER_SCREENSHOTS names no folder: no pictures of the widget are taken")
	}
	ctx := browser(t)
	for _, state := range journey {
		h, host := hostPage(t, embedded, nil)
		do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt"))
		state.reach(t, ctx, h)
		for _, theme := range []string{"light", "dark"} {
			for _, width := range []int64{320, 390, 768, 1280} {
				do(t, ctx, media("prefers-color-scheme", theme, "prefers-reduced-motion", "reduce"), size(width, min(800, max(640, width))), until(`document.body.clientWidth > 0`))
				shoot(t, ctx, fmt.Sprintf("%s-%s-%d", state.name, theme, width))
			}
		}
		do(t, ctx, media(), size(1280, 800), chromedp.Evaluate[chromedp.Void](`localStorage.clear()`))
	}
}
