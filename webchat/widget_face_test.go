package webchat_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

// The picture of the clerk who serves the citizen now stands in the header, on a page whose policy allows
// no images; it is fetched when the panel is open, and where there is none the initials stay.
func TestWidgetShowsWhoAnswers(t *testing.T) {
	h, host := hostPage(t, hostile, strict)
	picture := portrait(t)
	asked := func() int {
		h.core.mu.Lock()
		defer h.core.mu.Unlock()
		return h.core.pictured
	}
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt offen"))
	start(t, ctx)
	do(t, ctx, written("Guten Tag"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	serves := func(name string, clerk bridge.UserID) {
		h.core.change(id, func(c *bridge.Conversation) { c.State, c.Clerk, c.ClerkID = bridge.Active, name, clerk })
	}
	serves("Nora Keller", "@nora:example.org") // whose picture no browser can read
	do(t, ctx, says("header", "Nora Keller"), says(".sign", "NK"))
	await(t, "the first picture to be asked for", func() bool { return asked() == 1 })

	h.core.set(func() { h.core.picture = picture })
	serves("Beat Amsler", "@beat:example.org")
	const drawn = `$("header .sign canvas") && (() => {
		const copy = document.createElement("canvas").getContext("2d");
		copy.drawImage($("header canvas"), 0, 0);
		return [...copy.getImageData(1, 1, 1, 1).data].join() + " " + $("header canvas").getBoundingClientRect().width + " " + !!$("header canvas").closest("[aria-hidden=true]");
	})()`
	do(t, ctx, says("header", "Beat Amsler"), until(drawn))
	if got := evaluate[string](t, ctx, drawn); got != "200,30,30,255 40 true" {
		t.Errorf("drawn: %s", got)
	}
	h.core.fromClerk(id, "Beat Amsler", "Grüezi")
	do(t, ctx, says(".clerk", "Grüezi"), until(drawn)) // what changes leaves it there
	if n := asked(); n != 2 {
		t.Errorf("asked for %d times", n)
	}

	// On the next page the panel is closed, and nothing is fetched before it opens.
	do(t, ctx, chromedp.Reload(), until(`$(".clerk")`))
	if n := asked(); n != 2 {
		t.Errorf("asked for %d times while nobody looks", n)
	}
	do(t, ctx, click(".launcher"), until(drawn))
	h.core.end(id)
	do(t, ctx, says(".sign", "BA"), until(`!$("header canvas")`))
	if errors := evaluate[[]string](t, ctx, `errors`); len(errors) > 0 {
		t.Errorf("errors and violations: %q", errors)
	}
}

// portrait is a picture as a homeserver has it: small, square, all of it in one colour, whose red, green and blue
// are 200, 30 and 30.
func portrait(t *testing.T) []byte {
	t.Helper()
	face := image.NewRGBA(image.Rect(0, 0, 4, 4))
	for i := range 16 {
		face.Set(i%4, i/4, color.RGBA{R: 200, G: 30, B: 30, A: 255})
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, face); err != nil {
		t.Fatal(err)
	}
	return picture.Bytes()
}
