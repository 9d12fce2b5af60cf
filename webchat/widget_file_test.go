package webchat_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

// brings has a clerk send files, the last one with a text beside it.
func (m *memory) brings(id bridge.ConversationID) {
	m.sendsFile(id, bridge.File{Name: "Merkblatt Umzug.pdf", Type: "application/pdf", Size: 1_234_567, URI: "%PDF-1.7 Merkblatt"})
	m.sendsFile(id, bridge.File{Name: "Plan.png", Type: "image/png", Size: 40_960, Width: 4, Height: 4, URI: "mxc://x/plan"})
	m.sendsFile(id, bridge.File{Name: "Sprachnachricht", Type: "audio/ogg", URI: "mxc://x/voice"})
	m.mu.Lock()
	defer m.mu.Unlock()
	m.append(m.conversations[id], bridge.Message{Direction: bridge.FromClerkDirection, Sender: "Nora Keller", Text: "Das ist für Sie.", Event: "$e",
		File: &bridge.File{Name: `"><img src=x onerror=hit()>.html`, Type: "text/html", Size: 12, URI: "<script>hit()</script>"}})
}

// What a clerk sends stands in the chat with its name, kind and size, an image with a picture of it. A click saves
// it, under the host page's strict policy, and leaves the page where it is.
func TestWidgetShowsFiles(t *testing.T) {
	h, host := hostPage(t, hostile, strict)
	picture := portrait(t)
	h.core.set(func() { h.core.picture = picture })
	ctx := browser(t)
	folder := saving(t, ctx)
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt offen"))
	start(t, ctx)
	do(t, ctx, written("Guten Tag"), says(".citizen", "gespeichert"), chromedp.Evaluate[chromedp.Void](`window.hits = 0, window.hit = () => window.hits++, window.stays = true`))
	h.core.brings(h.core.only(t))
	do(t, ctx, until(`$$(".clerk .card button").length === 4 && $(".card canvas")`))
	want := []string{
		"Merkblatt Umzug.pdf|PDF · 1.2 MB|Herunterladen", "Plan.png|PNG · 41 KB|Herunterladen", "Sprachnachricht|AUDIO|Herunterladen",
		`Das ist für Sie.|"><img src=x onerror=hit()>.html|HTML · 1 KB|Herunterladen`,
	}
	if got := evaluate[[]string](t, ctx, lookup(`$$(".clerk .card").map((e) => e.innerText.split("\n").filter((l) => l.trim()).join("|"))`)); !slices.Equal(got, want) {
		t.Errorf("shown\n%q\nwant\n%q", got, want)
	}
	if got := evaluate[string](t, ctx, lookup(`(() => { const c = $(".card canvas"), copy = document.createElement("canvas").getContext("2d"); copy.drawImage(c, 0, 0);
		return [...copy.getImageData(1, 1, 1, 1).data].join() + " " + c.role + " " + c.ariaLabel + " " + $$(".card canvas").length; })()`)); got != "200,30,30,255 img Plan.png 1" {
		t.Errorf("drawn %s", got)
	}
	// Who reads the end sees what came later than its message.
	do(t, ctx, until(`$(".log").scrollHeight - $(".log").scrollTop - $(".log").clientHeight < 2`))

	control(t, ctx, "button", "Herunterladen: Merkblatt Umzug.pdf")
	do(t, ctx, key(enterKey))
	saved := func(name, content string) {
		t.Helper()
		await(t, name+" to be saved", func() bool {
			data, err := os.ReadFile(filepath.Join(folder, name))
			return err == nil && string(data) == content
		})
	}
	saved("Merkblatt Umzug.pdf", "%PDF-1.7 Merkblatt")
	h.core.setFail("FileContent", bridge.ErrUnavailable)
	do(t, ctx, click(`[aria-label="Herunterladen: Sprachnachricht"]`), says(".card [role=status]", "Das hat nicht geklappt"))
	h.core.setFail("FileContent", nil)
	do(t, ctx, click(`[aria-label="Herunterladen: Sprachnachricht"]`), until(`$$(".card [role=status]").every((e) => !e.innerText)`))
	await(t, "the second file", func() bool { all, err := os.ReadDir(folder); return err == nil && len(all) == 2 })
	if hits := evaluate[string](t, ctx, `hits + " " + stays`); hits != "0 true" {
		t.Errorf("the page: %s", hits)
	}
}
