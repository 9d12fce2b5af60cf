package webchat_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

// A page that a clerk shows is a card under the host page's policy, loaded when it is needed; it opens on a
// click, and beside the chat where it is the same site's.
func TestWidgetShowsPages(t *testing.T) {
	h, host := hostPage(t, embedded, http.Header{"Content-Security-Policy": {"default-src 'none'; script-src {{service}}; connect-src {{service}}; require-trusted-types-for 'script'; trusted-types 'none'"}})
	ctx := browser(t)
	loaded := `performance.getEntriesByType("resource").filter((e) => e.name.includes("/widget/cards-")).length`
	do(t, ctx, chromedp.Navigate(host), click(".launcher"), click(`[data-area=fundbuero]`), written("Grüezi"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	h.core.fromClerk(id, "Nora Keller", "Guten Tag")
	do(t, ctx, says(".clerk .text", "Guten Tag"))
	if n := evaluate[int](t, ctx, loaded); n != 0 {
		t.Errorf("cards are loaded %d times before there is one", n)
	}
	h.core.card(id, "Fremd\nhttps://example.org/x?y=1", bridge.Card{Kind: bridge.PageCard, Title: `<img src=x onerror=alert(1)> Fremd`, URL: "https://example.org/x?y=1"})
	do(t, ctx, says(".card", "<img src=x onerror=alert(1)> Fremd"), says(".card", "example.org"))
	if got := evaluate[string](t, ctx, `[...$$(".card a")].map((a) => [a.href, a.target, a.rel].join(" ")).join()`); got != "https://example.org/x?y=1 _blank noopener noreferrer" {
		t.Errorf("links %s", got)
	}
	// One that a newer server or a broken one sends stays a text.
	h.core.card(id, "Etwas Neues", bridge.Card{Kind: "tombola", Title: "x"})
	h.core.card(id, "Böses", bridge.Card{Kind: bridge.PageCard, Title: "x", URL: "javascript:alert(1)"})
	h.core.card(id, "Umzug\n"+host+"/umzug", bridge.Card{Kind: bridge.PageCard, Title: "Umzug", URL: host + "/umzug", Beside: true})
	do(t, ctx, until(`$$(".card").length === 2`), until(`$(".log").innerText.includes("Etwas Neues") && $(".log").innerText.includes("Böses")`))
	if n := evaluate[int](t, ctx, loaded); n != 1 {
		t.Errorf("cards are loaded %d times", n)
	}
	// By keyboard: the host page goes there, and the chat opens on it again, once.
	do(t, ctx, until(`($$(".card a.primary")[0].focus(), true)`), press("Enter", 13),
		until(`location.pathname === "/umzug"`), until(`$("dialog")?.open`), until(`$$(".card").length === 2`))
	do(t, ctx, chromedp.Reload(), until(`$$(".card").length === 2`), until(`!$("dialog").open`))

}

// The citizen is asked which page they are on: nothing is told before the click, then title and path, on the
// next page too, until they end it.
func TestWidgetShowsWhereTheCitizenIs(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host+"/umzug?wer=anna#oben"), click(".launcher"), click(`[data-area=fundbuero]`), written("Grüezi"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	h.core.card(id, "Dürfen wir sehen …?", bridge.Card{Kind: bridge.LocationCard, Title: "Auf welcher Seite sind Sie?", Location: &bridge.Location{}})
	shown := func() (at bridge.Location) {
		h.core.set(func() { at = *h.core.messages[id][1].Card.Location })
		return at
	}
	do(t, ctx, says(".card", "Dürfen wir sehen …?"), until(`(document.title = "(1) Umzug", true)`))
	if at := shown(); at != (bridge.Location{}) {
		t.Errorf("told unasked: %+v", at)
	}
	do(t, ctx, until(`($(".card button").focus(), true)`), press(" ", 32), says(".card", "✓ Umzug"), says(".card button", "Nicht mehr zeigen"))
	if at := shown(); !at.Shared || at.Title != "Umzug" || at.URL != host+"/umzug" {
		t.Errorf("shown %+v", at)
	}
	if got := evaluate[string](t, ctx, `document.activeElement.shadowRoot.activeElement?.innerText`); got != "Nicht mehr zeigen" {
		t.Errorf("the focus is on %q", got)
	}
	do(t, ctx, chromedp.Navigate(host+"/hund?marke=7"), until(`$(".card")?.textContent.includes("✓ Stadt Aarau")`))
	if at := shown(); !at.Shared || at.URL != host+"/hund" {
		t.Errorf("on the next page %+v", at)
	}
	do(t, ctx, click(".launcher"), click(".card button"), says(".card button", "Diese Seite zeigen"))
	if at := shown(); at.Shared || at.URL != "" {
		t.Errorf("no longer shown: %+v", at)
	}
	do(t, ctx, chromedp.Navigate(host+"/umzug"), until(`$(".card")`), click(".launcher"), visible(".card button"))
	if at := shown(); at.Shared {
		t.Errorf("shown again: %+v", at)
	}
	// The chat's own page is none of the city's.
	do(t, ctx, chromedp.Navigate(h.http.URL+"/?area=fundbuero&language=de-CH"), visible("#text"), written("Grüezi"), says(".citizen", "gespeichert"))
	var other bridge.ConversationID
	h.core.set(func() {
		for c := range h.core.conversations {
			if c != id {
				other = c
			}
		}
	})
	h.core.card(other, "Dürfen wir sehen …?", bridge.Card{Kind: bridge.LocationCard, Title: "Auf welcher Seite sind Sie?", Location: &bridge.Location{}})
	do(t, ctx, says(".card", "Das geht nur, wenn"), until(`!$(".card button")`))
}

// A document that is asked for is a card that says what has come, as soon as it has, with its SHA-256.
func TestWidgetShowsDocuments(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), click(".launcher"), click(`[data-area=fundbuero]`), written("Grüezi"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	card := bridge.Card{Kind: bridge.DocumentCard, Title: "<b>Heimatschein", Document: &bridge.Document{Hint: "nicht älter als sechs Monate"}}
	h.core.card(id, "Bitte senden Sie uns: Heimatschein", card)
	do(t, ctx, says(".card", "<b>Heimatschein"), says(".card", "nicht älter als sechs Monate"), says(".card", "Noch nicht gesendet"))
	if name := evaluate[string](t, ctx, `$(".card").getAttribute("aria-label")`); name != "Verlangtes Dokument: <b>Heimatschein" {
		t.Errorf("its name is %q", name)
	}
	// Where files are taken, the card leads to the tray, and what is chosen there answers the request.
	if n := evaluate[int](t, ctx, `$$(".card button:not([hidden])").length`); n != 0 {
		t.Errorf("%d buttons where no files are taken", n)
	}
	h.core.takesFiles()
	h.core.card(id, "Bitte senden Sie uns: Mietvertrag", bridge.Card{Kind: bridge.DocumentCard, Title: "Mietvertrag", Document: &bridge.Document{}})
	do(t, ctx, says(".card button", "Datei senden"), click(`[aria-label="Datei senden: Mietvertrag"]`), says(".tray .strong", "Verlangtes Dokument: Mietvertrag"),
		carrying("change", ".tray input", "Vertrag.pdf", 10), until(`$$(".log .text").some((e) => e.innerText === "Vertrag.pdf")`))
	answers := func() (requests []bridge.MessageID) {
		h.core.set(func() {
			for _, m := range h.core.messages[id] {
				if m.File != nil {
					requests = append(requests, m.File.Request)
				}
			}
		})
		return requests
	}
	asked := bridge.MessageID("")
	h.core.set(func() { asked = h.core.messages[id][2].ID })
	if got := answers(); !slices.Equal(got, []bridge.MessageID{asked}) {
		t.Errorf("the file answers %v", got)
	}
	// What is sent from the tray after it was closed answers nothing.
	do(t, ctx, click(".tray .row .link"), click(".clip"), until(`$(".tray .strong").hidden`), carrying("change", ".tray input", "Anderes.pdf", 10),
		until(`$$(".log .text").some((e) => e.innerText === "Anderes.pdf")`))
	if got := answers(); !slices.Equal(got, []bridge.MessageID{asked, ""}) {
		t.Errorf("the files answer %v", got)
	}
	sum := strings.Repeat("0f", 32)
	h.core.amend(id, 2, func(m *bridge.Message) {
		card.Document = &bridge.Document{Answers: []bridge.DocumentAnswer{{Message: "01JZZZZZZZZZZZZZZZZZZZZZZZ", Name: "Scan <1>.pdf", SHA256: sum}}}
		m.Card = &card
	})
	do(t, ctx, says(".card li", "Scan <1>.pdf"), says(".card li", "SHA-256 "+sum), until(`!$(".card").innerText.includes("Noch nicht gesendet") && !$(".card").querySelector("button")`))
	if wide := evaluate[bool](t, ctx, `$(".card").scrollWidth > $(".card").clientWidth + 1`); wide {
		t.Error("the SHA-256 does not fit")
	}
}
