package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	b "schalter/webchat/browsertest"
)

// TestFormInTheBrowser: a form filled in Chromium, which lives through a reload and is sent while the service is
// away, is in the clerk's room once, and its JSON file says what was entered.
func TestFormInTheBrowser(t *testing.T) {
	everywhere(t, func(t *testing.T, ch *chat) {
		tab := b.Browser(t)
		b.Do(t, tab, chromedp.Navigate(ch.base+"/?language=fr-CH"), b.Click("[data-area="+areaA+"]"), b.Written("Bonjour"), b.Until(`/enregistré|remis/.test($(".citizen").innerText)`))
		number := numberOf(t, tab)
		room, err := ch.nora.enter(t.Context(), number)
		if err != nil {
			t.Fatal(err)
		}
		ch.room = room
		nora := ch.clientOf(ch.nora)
		nora.text("!formular umzug")
		fill := func(field, value string) chromedp.Action[chromedp.Void] {
			return b.Until(fmt.Sprintf(`((e) => { e.value = %q; e.dispatchEvent(new Event("input", { bubbles: true })); return true; })($("#form-%s"))`, value, field))
		}
		open := chromedp.Steps(b.Click(".card button"), b.Visible(".fill #form-datum"))
		b.Do(t, tab, b.Says(".card", "Umzug"), open, fill("name", "Zoë <b>Müller</b> 👋"), fill("datum", "2026-12-01"),
			chromedp.Reload(), b.Says(".card", "Umzug"), open, b.Until(`$("#form-name").value === "Zoë <b>Müller</b> 👋" && $("#form-datum").value === "2026-12-01"`))
		paper := []byte("%PDF-1.7\nBail")
		b.Do(t, tab, b.Until(fmt.Sprintf(`((e) => { const d = new DataTransfer(); d.items.add(new File([%q], "Bail.pdf", { type: "application/pdf" })); e.files = d.files; e.dispatchEvent(new Event("input", { bubbles: true })); return true; })($("#form-vertrag"))`, paper)))

		ch.kill()
		b.Do(t, tab, b.Click(".fill .primary"))
		ch.mustStart()
		b.Do(t, tab, b.Until(`!$(".fill") && !$(".card button")`), b.Says(".card", "✓ Envoyé"))

		sum := fmt.Sprintf("%x", sha256.Sum256(paper))
		ch.eventOf("📋 Umzug\nName: Zoë <b>Müller</b> 👋\nWann: 1.12.2026\nVertrag: Bail.pdf · SHA-256 " + sum)
		var file struct {
			Language string
			Answers  map[string]string
			Files    map[string]map[string]string
		}
		eventually(t, 2*time.Minute, func() string {
			files, n := ch.filesOfTheBot(nora)
			if content := files[fmt.Sprintf("umzug-%d.json", number)]; n != 1 || json.Unmarshal(content, &file) != nil {
				return fmt.Sprintf("%d files of the bot: %s", n, content)
			}
			return ""
		})
		brought := file.Answers["vertrag"]
		if want := map[string]string{"name": "Zoë <b>Müller</b> 👋", "datum": "2026-12-01", "vertrag": brought}; brought == "" || file.Language != "fr" || !reflect.DeepEqual(file.Answers, want) ||
			!reflect.DeepEqual(file.Files, map[string]map[string]string{"vertrag": {"name": "Bail.pdf", "sha256": sum}}) {
			t.Errorf("file %+v", file)
		}
		for text, want := range map[string]int{"📋 Umzug\nName: Zoë": 1, "Bail.pdf\x00": 1, "Bonjour": 1} {
			if n := strings.Count(strings.Join(ch.bodies(), "\x00")+"\x00", text); n != want {
				t.Errorf("%q is in the room %d times", text, n)
			}
		}
		// What the page keeps is the chat, and nothing of the form.
		if kept := b.Evaluate[string](t, tab, `JSON.stringify({ ...localStorage, ...sessionStorage })`); strings.Contains(kept, "Zoë") {
			t.Errorf("kept on the device: %s", kept)
		}
	})
}
