package webchat_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

// takesFiles lets every area take files.
func (m *memory) takesFiles() {
	m.set(func() {
		for i := range m.areas {
			m.areas[i].Files = bridge.FileRules{MaxBytes: 20 << 20, MaxCount: 5, Types: []string{"application/pdf", "image/jpeg"}}
		}
	})
}

// carrying is an event of kind with a file of a size; on an input, the choice of that file.
func carrying(kind, selector, name string, size int) chromedp.Action[chromedp.Void] {
	return until(fmt.Sprintf(`(() => { const d = new DataTransfer(), at = $(%q), kind = %q; d.items.add(new File(["%%PDF-1.7" + "x".repeat(%d)], %q, { type: "application/pdf" }));
		if (kind === "change") at.files = d.files;
		at.dispatchEvent(kind === "change" ? new Event(kind) : kind === "paste" ? new ClipboardEvent(kind, { clipboardData: d, bubbles: true, composed: true }) : new DragEvent(kind, { dataTransfer: d, bubbles: true, composed: true, cancelable: true }));
		return true; })()`, selector, kind, size, name))
}

// uploadsLoaded counts how often the part that sends files was loaded.
const uploadsLoaded = `performance.getEntriesByType("resource").filter((e) => e.name.includes("/widget/exchange-")).length`

// Files are sent by choice, by paste and by drag, under the host page's policy; what sends them is loaded when
// it is used, limits are told before, and every state can be had by keyboard and is announced.
func TestWidgetSendsFiles(t *testing.T) {
	h, host := hostPage(t, embedded, http.Header{"Content-Security-Policy": {"default-src 'none'; script-src {{service}}; connect-src {{service}}; require-trusted-types-for 'script'; trusted-types 'none'"}})
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), click(".launcher"), click(`[data-area=fundbuero]`), written("Grüezi"), says(".citizen", "gespeichert"), until(`$(".clip").hidden`))
	h.core.takesFiles()
	h.core.fromClerk(h.core.only(t), "Nora Keller", "Haben Sie ein Bild?")
	do(t, ctx, until(`!$(".clip").hidden`))
	if n := evaluate[int](t, ctx, uploadsLoaded); n != 0 {
		t.Errorf("loaded %d times before it is used", n)
	}
	do(t, ctx, click(".clip"), says(".tray .soft", "Höchstens 20 MB je Datei und 5 Dateien. Möglich sind: PDF, JPG."),
		until(`$(".tray").contains(document.querySelector("schalter-chat").shadowRoot.activeElement)`))
	if got := evaluate[string](t, ctx, `$(".tray input").accept + $(".tray input").multiple`); got != "application/pdf,image/jpegtrue" {
		t.Errorf("chosen from %s", got)
	}
	sent := func(name string) chromedp.Action[chromedp.Void] {
		return until(fmt.Sprintf(`$$(".log .text").filter((e) => e.innerText === %q).length === 1 && ![...$$(".tray .name")].some((e) => e.innerText === %q)`, name, name))
	}
	do(t, ctx, carrying("change", ".tray input", "Eins.pdf", 100_000), sent("Eins.pdf"), says(".tray [role=status]", "Gesendet: Eins.pdf"))
	do(t, ctx, carrying("paste", ".composer textarea", "Zwei.pdf", 10), sent("Zwei.pdf"), carrying("drop", ".log", "Drei.pdf", 10), sent("Drei.pdf"))

	// Refused: too large before it is sent, by the server with its reason; then tried again.
	do(t, ctx, carrying("change", ".tray input", "Gross.pdf", 20<<20), says(".tray li", "zu gross"), until(`!$(".tray li button")`))
	h.core.setFail("FileFromCitizen", bridge.ErrFileTwofold)
	do(t, ctx, carrying("change", ".tray input", "Vier.pdf", 10), says(".tray li", "enthält etwas anderes"), says(".tray [role=status]", "Vier.pdf: Diese Datei enthält etwas anderes"))
	h.core.setFail("FileFromCitizen", nil)
	do(t, ctx, click(`[aria-label="Nochmals versuchen: Vier.pdf"]`), sent("Vier.pdf"))

	// Broken: it goes on by itself, and can be cancelled.
	h.core.setFail("FileFromCitizen", bridge.ErrUnavailable)
	do(t, ctx, carrying("change", ".tray input", "Fünf.pdf", 10), says(".tray li", "Es geht von selbst weiter"))
	h.core.setFail("FileFromCitizen", nil)
	do(t, ctx, until(`(dispatchEvent(new Event("online")), true)`), sent("Fünf.pdf"))
	h.core.setFail("FileFromCitizen", bridge.ErrUnavailable)
	do(t, ctx, carrying("change", ".tray input", "Sechs.pdf", 10), says(".tray li", "Es geht von selbst weiter"), click(`[aria-label="Abbrechen: Sechs.pdf"]`),
		until(`![...$$(".tray .name")].some((e) => e.innerText === "Sechs.pdf")`), says(".tray [role=status]", "Abgebrochen: Sechs.pdf"))
	h.core.setFail("FileFromCitizen", nil)

	do(t, ctx, until(`($(".tray button.second").focus(), true)`), press("Escape", 27), until(`$(".tray").hidden && $("dialog").open && $(".clip").matches(":focus")`))
	if n := evaluate[int](t, ctx, uploadsLoaded); n != 1 {
		t.Errorf("loaded %d times", n)
	}
	// Malware, and what waits for the scanner.
	for verdict, want := range map[bridge.Verdict]string{bridge.Infected: "Schadsoftware", bridge.Unscanned: "wird geprüft: Sieben.pdf"} {
		h.core.set(func() { h.core.verdict = verdict })
		do(t, ctx, carrying("paste", ".composer textarea", "Sieben.pdf", 10), until(fmt.Sprintf(`$(".tray").innerText.includes(%q) || $(".tray [role=status]").textContent.includes(%q)`, want, want)))
	}
}

// trayed has the tray open with a file that was refused.
func trayed(t *testing.T, ctx context.Context, h *house) {
	t.Helper()
	h.core.takesFiles()
	do(t, ctx, click(".launcher"), click(`[data-area=fundbuero]`), written("Grüezi"), says(".citizen", "gespeichert"), click(".clip"), visible(".tray"),
		carrying("change", ".tray input", "Gesuch für Müller.pdf", 20<<20), says(".tray li", "zu gross"))
	h.core.setFail("FileFromCitizen", bridge.ErrUnavailable)
	do(t, ctx, carrying("change", ".tray input", "Pass.pdf", 100), says(".tray li", "Es geht von selbst weiter"))
}
