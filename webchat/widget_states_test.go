package webchat_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

// journey is every state of the widget and how it is reached from the launcher of a fresh page.
var journey = []struct {
	name  string
	reach func(*testing.T, context.Context, *house)
}{
	{"1-launcher", func(t *testing.T, ctx context.Context, h *house) {}},
	{"2-areas", func(t *testing.T, ctx context.Context, h *house) {
		do(t, ctx, click(".launcher"), visible(`[data-area=fundbuero]`))
	}},
	{"3-start", func(t *testing.T, ctx context.Context, h *house) { start(t, ctx) }},
	{"files", trayed},
	{"4-waiting", func(t *testing.T, ctx context.Context, h *house) {
		start(t, ctx)
		do(t, ctx, written("Guten Tag, ich ziehe am 1. Dezember um. Was brauchen Sie von mir?"), says(".status", "als Nächstes"))
	}},
	{"4-offer", func(t *testing.T, ctx context.Context, h *house) {
		h.core.set(func() { h.core.expected, h.core.offer = 200*time.Second, true })
		start(t, ctx)
		do(t, ctx, written("Guten Tag, ich ziehe am 1. Dezember um."), says(".status", "länger als üblich"))
	}},
	{"5-active", func(t *testing.T, ctx context.Context, h *house) { talk(t, ctx, h) }},
	{"5-actions", func(t *testing.T, ctx context.Context, h *house) {
		talk(t, ctx, h)
		do(t, ctx, until(`$$(".citizen .more:not([hidden])").length === 2`), pressed(".citizen .more"), visible(".bar"))
	}},
	{"5-edit", func(t *testing.T, ctx context.Context, h *house) {
		talk(t, ctx, h)
		do(t, ctx, until(`$$(".citizen .more:not([hidden])").length === 2`), pressed(".citizen .more"), visible(".bar"), pressed(".bar button:nth-of-type(2)"), visible(".about"))
	}},
	{"5-face", func(t *testing.T, ctx context.Context, h *house) {
		picture := portrait(t)
		h.core.set(func() { h.core.picture = picture })
		talk(t, ctx, h)
		h.core.change(h.core.only(t), func(c *bridge.Conversation) { c.ClerkID = "@nora:localhost" })
		do(t, ctx, visible("header .sign canvas"))
	}},
	{"5-cards", func(t *testing.T, ctx context.Context, h *house) {
		talk(t, ctx, h)
		id := h.core.only(t)
		h.core.takesFiles()
		h.core.card(id, "Umzug", bridge.Card{Kind: bridge.PageCard, Title: "Umzug melden", URL: "https://www.aarau.example/umzug"})
		h.core.card(id, "Mietvertrag", bridge.Card{Kind: bridge.DocumentCard, Title: "Mietvertrag", Document: &bridge.Document{Hint: "alle Seiten"}})
		h.core.card(id, "Heimatschein", bridge.Card{Kind: bridge.DocumentCard, Title: "Heimatschein", Document: &bridge.Document{
			Answers: []bridge.DocumentAnswer{{Message: "01JZZZZZZZZZZZZZZZZZZZZZZZ", Name: "Heimatschein.pdf", SHA256: strings.Repeat("0f", 32)}},
		}})
		do(t, ctx, says(".card", "Umzug melden"), says(".card button", "Datei senden"), says(".card li", "Heimatschein.pdf"))
	}},
	{"5-files", func(t *testing.T, ctx context.Context, h *house) {
		picture := portrait(t)
		h.core.set(func() { h.core.picture = picture })
		talk(t, ctx, h)
		h.core.brings(h.core.only(t))
		do(t, ctx, until(`$$(".clerk .card button").length === 4 && $(".card canvas")`))
	}},
	{"5-form", func(t *testing.T, ctx context.Context, h *house) {
		h.core.takesFiles()
		start(t, ctx)
		filling(t, ctx, h)
	}},
	{"5-form-wrong", func(t *testing.T, ctx context.Context, h *house) {
		h.core.takesFiles()
		start(t, ctx)
		filling(t, ctx, h)
		do(t, ctx, typed("#form-mail", "keine"), click(".fill .primary"), says(".fill .alert", "Bitte prüfen Sie:"))
	}},
	{"5-delayed", func(t *testing.T, ctx context.Context, h *house) {
		talk(t, ctx, h)
		h.core.setDelayed(true)
		do(t, ctx, written("Am liebsten am Vormittag."), says(".status", "verzögert"), until(`$$(".citizen").every((e) => !e.innerText.includes("wird gesendet"))`))
	}},
	{"5-idle", func(t *testing.T, ctx context.Context, h *house) {
		talk(t, ctx, h)
		h.core.set(func() { h.core.idleEnds = h.core.now.Add(5 * time.Minute) })
		h.core.change(h.core.only(t), func(*bridge.Conversation) {})
		do(t, ctx, visible(".idle:not([hidden]) button"))
	}},
	{"6-gone", func(t *testing.T, ctx context.Context, h *house) {
		talk(t, ctx, h)
		h.core.setFail("Authorize", bridge.ErrUnauthorized)
		h.http.CloseClientConnections()
		do(t, ctx, says(".alert", "nicht mehr zugänglich"))
	}},
	{"6-trouble", func(t *testing.T, ctx context.Context, h *house) {
		talk(t, ctx, h)
		h.core.setFail("FromCitizen", bridge.ErrUnavailable)
		do(t, ctx, written("Er ist rot."), says(".alert", "noch nicht angekommen"))
	}},
	{"7-closed-area", func(t *testing.T, ctx context.Context, h *house) {
		h.core.set(func() { h.core.now = at("2026-11-23T12:00:00+01:00") })
		do(t, ctx, click(".launcher"), visible(`[data-area=fundbuero]`), click(`[data-area=einwohnerkontrolle]`), says("h2", "Wir sind wieder für Sie da"))
	}},
	{"7-request", func(t *testing.T, ctx context.Context, h *house) {
		h.core.set(func() { h.core.now, h.core.mail = at("2026-11-23T12:00:00+01:00"), true })
		do(t, ctx, click(".launcher"), visible(`[data-area=fundbuero]`), click(`[data-area=einwohnerkontrolle]`), visible("#request-text"),
			typed("#request-text", "Ich habe am Samstag beim Bahnhof ein Velo gefunden."), click(".request .primary"), says("h2", "Anfrage Nr. 4711"))
	}},
	{"7-unstaffed", func(t *testing.T, ctx context.Context, h *house) {
		h.core.set(func() { h.core.areas[3].Clerks, h.core.mail = nil, true })
		do(t, ctx, click(".launcher"), says(`[data-area=fundbuero] .warn`, "niemand frei"), click(`[data-area=fundbuero]`), visible("#request-text"))
	}},
	{"8-ended", func(t *testing.T, ctx context.Context, h *house) {
		talk(t, ctx, h)
		h.core.end(h.core.only(t))
		do(t, ctx, visible(".after:not([hidden]) button"))
	}},
	{"8-rating", func(t *testing.T, ctx context.Context, h *house) {
		talk(t, ctx, h)
		h.core.end(h.core.only(t))
		do(t, ctx, visible(".rating"), click(".rating label:nth-of-type(4)"), typed("#comment", "Sehr nett"), visible(".rating button"))
	}},
	{"9-confirm", func(t *testing.T, ctx context.Context, h *house) {
		talk(t, ctx, h)
		do(t, ctx, click("footer .end"), visible(".confirm .primary"))
	}},
}

// pressed clicks on a button wherever it is, also while the log scrolls.
func pressed(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](lookup(`$("` + selector + `").click()`))
}

func start(t *testing.T, ctx context.Context) {
	t.Helper()
	do(t, ctx, click(".launcher"), visible(`[data-area=fundbuero]`), click(`[data-area=fundbuero]`), visible("#name"))
}

// talk has a short conversation with every kind of text in it.
func talk(t *testing.T, ctx context.Context, h *house) {
	t.Helper()
	start(t, ctx)
	do(t, ctx, written("Guten Tag, ich ziehe am 1. Dezember um. Was brauchen Sie von mir?"), says(".citizen", "gespeichert"))
	id := h.core.only(t)
	h.core.deliver(id)
	h.core.fromClerk(id, "Nora Keller", "Grüezi Frau Muster. Gerne! Ziehen Sie innerhalb von Aarau um?")
	h.core.fromClerkHTML(id, "Nora Keller", `<p>Dann genügt der <strong>Mietvertrag</strong>:</p><ul><li>als PDF</li><li>oder Foto</li></ul><p>Mehr auf <a href="https://www.aarau.example/umzug">aarau.example</a>.</p>`)
	do(t, ctx, says(".clerk", "Mietvertrag"), written("Ja, an die Rathausgasse 1."), says(".citizen", "Rathausgasse"), until(`$$(".citizen").every((e) => !e.innerText.includes("wird gesendet"))`))
}
