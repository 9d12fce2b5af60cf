package webchat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

const axePackage = "axe-core@4.14"

// axe is the source of axe-core, installed once per user from npm; it is never shipped.
func axe(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		missing(t, "chromium", "no npm here: axe-core does not check the widget")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	dir := filepath.Join(cache, "schalter", "axe-core-4.14")
	file := filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")
	if _, err := os.Stat(file); err != nil {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		install := exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, axePackage)
		install.Dir = dir
		if out, err := install.CombinedOutput(); err != nil {
			missing(t, "chromium", fmt.Sprintf("npm cannot install %s (%v): axe-core does not check the widget\n%s", axePackage, err, out))
		}
	}
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// checkAxe fails for every rule that the page breaks.
func checkAxe(t *testing.T, ctx context.Context, state string) {
	t.Helper()
	said := evaluate[string](t, ctx, `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) => JSON.stringify({
		seen: r.passes.filter((p) => ["color-contrast", "document-title", "region"].includes(p.id)).length,
		violations: r.violations.map((v) => [v.id, v.nodes.map((n) => n.target.flat().join(" ") + ": " + n.failureSummary)]) }))`)
	var found struct {
		Seen       int
		Violations []any
	}
	if err := json.Unmarshal([]byte(said), &found); err != nil {
		t.Fatal(err)
	}
	if found.Seen == 0 {
		t.Errorf("%s: axe has seen nothing", state)
	}
	for _, v := range found.Violations {
		t.Errorf("%s: %v", state, v)
	}
}

// No rule of WCAG 2.2 AA that a program can check is broken in any state, theme or width.
func TestWidgetAxe(t *testing.T) {
	source := axe(t)
	const page = `<!doctype html><html lang="de-CH"><head><title>Stadt Aarau</title><meta name="viewport" content="width=device-width"></head><body><main><h1>Stadt Aarau</h1><p>Willkommen.</p></main>
<script async src="{{service}}/widget.js"></script></body></html>`
	ctx := browser(t)
	for _, state := range journey {
		h, host := hostPage(t, page, nil)
		do(t, ctx, size(1280, 800), chromedp.Navigate(host), says(".state", "jetzt"), chromedp.Evaluate[chromedp.Void](source+";undefined"))
		state.reach(t, ctx, h)
		for _, theme := range []string{"light", "dark"} {
			for _, width := range []int64{320, 390, 768, 1280} {
				do(t, ctx, media("prefers-color-scheme", theme, "prefers-reduced-motion", "reduce"), size(width, 720), until(`$(".launcher") && (!$("dialog")?.open || $("dialog").matches(":modal") === innerWidth < 480)`))
				checkAxe(t, ctx, fmt.Sprintf("%s %s %d", state.name, theme, width))
				// WCAG 1.4.10: nothing to scroll sideways; 2.5.8: nothing smaller than 24 px but links in text.
				if over := evaluate[int](t, ctx, `$$(".panel, .panel *").filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "visible" && !e.matches(".unseen, .text, select")).length`); over > 0 {
					t.Errorf("%s: %d elements are wider than %d px", state.name, over, width)
				}
				if small := evaluate[[]string](t, ctx, `$$("button, a, input, textarea, select").filter((e) => { const b = e.getBoundingClientRect(); return b.width && !e.closest(".text, .notice") && (b.width < 24 || b.height < 40) }).map((e) => e.outerHTML)`); len(small) > 0 {
					t.Errorf("%s: too small: %v", state.name, small)
				}
			}
		}
		do(t, ctx, media("forced-colors", "active", "prefers-reduced-motion", "reduce"))
		checkAxe(t, ctx, state.name+" forced colours")
		do(t, ctx, media())
	}
	h := newHouse(t)
	o := h.open(`{"service_area":"fundbuero","language":"de","name":"Anna","message":{"client_id":"1","text":"Guten Tag"}}`)
	h.core.fromClerkHTML(h.core.only(t), "Nora Keller", `<p>Guten Tag, <strong>Frau Muster</strong></p>`)
	transcript := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(h.get(o.path()+"/transcript", "Authorization", o.bearer()).body)
	}))
	t.Cleanup(transcript.Close)
	do(t, ctx, chromedp.Navigate(transcript.URL), until(`document.readyState === "complete" && document.body.innerText.includes("Guten Tag")`), chromedp.Evaluate[chromedp.Void](source+";undefined"))
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{320, 1280} {
			do(t, ctx, media("prefers-color-scheme", theme), size(width, 720))
			checkAxe(t, ctx, fmt.Sprintf("transcript %s %d", theme, width))
		}
	}
	for _, path := range []string{"/?area=fundbuero&language=fr-CH", "/plain?language=de-CH-simple", "/plain?language=de-CH&area=fundbuero", "/accessibility?language=it-CH"} {
		do(t, ctx, chromedp.Navigate(h.http.URL+path), until(`document.readyState === "complete" && (!document.getElementById("schalter") || $("#text"))`), chromedp.Evaluate[chromedp.Void](source+";undefined"))
		checkAxe(t, ctx, path)
	}
	// What the plain chat's frames show, each as a page.
	h.core.takesFiles()
	do(t, ctx, chromedp.Navigate(h.http.URL+"/plain?language=de-CH&area=fundbuero"), chromedp.SendKeys(chromedp.CSS("#text"), "Guten Tag"), chromedp.Click(chromedp.CSS("form button")), chromedp.WaitVisible(chromedp.CSS("iframe.files")))
	var ids []bridge.ConversationID
	h.core.set(func() { ids = slices.Collect(maps.Keys(h.core.conversations)) })
	for _, id := range ids {
		h.core.brings(id)
	}
	for _, path := range []string{"/plain?language=de-CH", "/plain/log?language=de-CH&hold=1", "/plain/files?language=de-CH"} {
		for _, width := range []int64{320, 1280} {
			do(t, ctx, size(width, 720), chromedp.Navigate(h.http.URL+path), until(`document.readyState === "complete"`), chromedp.Evaluate[chromedp.Void](source+";undefined"))
			checkAxe(t, ctx, fmt.Sprintf("%s %d", path, width))
		}
	}
}

// listener notes what a screen reader would say: text that is added where the nearest live region
// is not off, with its politeness; and elements that appear with such a role.
const listener = `(() => {
	window.heard = [];
	const live = (e) => {
		for (; e && e.getAttribute; e = e.parentElement) {
			const value = e.getAttribute("aria-live") || { log: "polite", status: "polite", alert: "assertive" }[e.getAttribute("role")];
			if (value) return value;
		}
		return "off";
	};
	new MutationObserver((list) => list.forEach((m) => {
		const added = m.type === "childList" ? [...m.addedNodes] : [m.target];
		for (const node of added) {
			const text = node.textContent.trim();
			const how = live(node.nodeType === 1 ? node : node.parentElement);
			if (text && how !== "off") heard.push(how + ": " + text);
		}
	})).observe(document.querySelector("schalter-chat").shadowRoot, { subtree: true, childList: true, characterData: true });
})()`

// Each message is announced once, ticks and keystrokes never; a queue change and an error are.
func TestWidgetAnnouncements(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt"))
	start(t, ctx)
	do(t, ctx, chromedp.Evaluate[chromedp.Void](listener), written("Guten Tag"), says(".status", "als Nächstes"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	h.core.deliver(id)
	do(t, ctx, says(".citizen", "zugestellt"))
	h.core.fromClerk(id, "Nora Keller", "Grüezi Frau Muster")
	do(t, ctx, says(".clerk", "Grüezi Frau Muster"), until(`!$(".status").innerText`))
	h.core.fromClerk(id, "Nora Keller", "Wie geht es?")
	do(t, ctx, says(".clerk", "Wie geht es?"))
	h.core.setFail("FromCitizen", bridge.ErrUnavailable)
	do(t, ctx, written("Danke"), says(".alert", "noch nicht angekommen"))
	h.core.setFail("FromCitizen", nil)
	do(t, ctx, until(`!$(".alert").innerText`), until(`$$(".citizen").every((e) => !e.innerText.includes("wird gesendet"))`))
	clean := evaluate[[]string](t, ctx, `heard.map((s) => s.replace(/\d+\.\d\d Uhr/, "T").replace(/\s+/g, " "))`)
	want := []string{
		"polite: Heute", "polite: Sie: Guten TagT · wird gesendet", "polite: Sie sind als Nächstes an der Reihe.",
		"polite: Nora Keller hat Ihren Chat übernommen.", "polite: Nora Keller: Grüezi Frau MusterNora Keller · T", "polite: Nora Keller: Wie geht es?Nora Keller · T",
		"polite: Sie: DankeT · wird gesendet", "assertive: Ihre Nachricht ist noch nicht angekommen. Wir senden sie weiter.",
	}
	if fmt.Sprint(clean) != fmt.Sprint(want) {
		t.Errorf("announced\n%q\nwant\n%q", clean, want)
	}

	// What the browser tells assistive technology about it.
	tree, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, node := range tree.Nodes {
		if node.Ignored || node.Role == nil {
			continue
		}
		var role, name string
		_ = json.Unmarshal(node.Role.Value, &role)
		if node.Name != nil {
			_ = json.Unmarshal(node.Name.Value, &name)
		}
		for _, p := range node.Properties {
			if p.Name == "live" && p.Value != nil {
				name += " live=" + string(p.Value.Value)
			}
		}
		found[role] += "|" + name
	}
	for role, name := range map[string]string{
		"dialog": "|Nora Keller", "log": `|Gesprächsverlauf live="polite"`, "alert": `live="assertive"`, "textbox": "|Ihre Nachricht", "combobox": "|Sprache", "heading": "|Heute",
	} {
		if !contains(found[role], name) {
			t.Errorf("role %s: %q, want %q in it", role, found[role], name)
		}
	}
	if !contains(found["button"], "|Senden") || !contains(found["button"], "|Chat schliessen") {
		t.Errorf("buttons: %q", found["button"])
	}

	// A history that is read on the next page is not announced.
	do(t, ctx, chromedp.Navigate(host), until(`$(".log")`), chromedp.Evaluate[chromedp.Void](listener), click(".launcher"), says(".clerk", "Wie geht es?"))
	h.core.fromClerk(id, "Nora Keller", "Neu")
	do(t, ctx, says(".clerk", "Neu"))
	if again := evaluate[[]string](t, ctx, `heard`); len(again) != 1 || !contains(again[0], "Neu") {
		t.Errorf("after a reload: %q", again)
	}
}
