package webchat_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"schalter/bridge"
	"schalter/bridge/openinghours"
)

const (
	tabKey    = "\t"
	enterKey  = "\r"
	escapeKey = "\x1b"
)

// focused is the element that has the focus, in the page or in the widget.
const focused = `((e) => { const i = e && e.shadowRoot && e.shadowRoot.activeElement || e; return i.id || i.dataset.area || i.className || i.tagName; })(document.activeElement)`

// The whole journey without a mouse: nothing is out of reach, and the focus is where one expects it.
func TestWidgetByKeyboard(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	at := func(want string) chromedp.Action[chromedp.Void] { return until(focused + ` === "` + want + `"`) }
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt offen"),
		key(tabKey), at("first"), key(tabKey), until(focused+`.startsWith("launcher")`), key(enterKey),
		at("question"), visible("[data-area=einwohnerkontrolle]"), at("question"))
	if !evaluate[bool](t, ctx, `$("#question").textContent === "Womit dürfen wir helfen?" && $("dialog").getAttribute("aria-labelledby") === "title"`) {
		t.Error("the focus is not at the question")
	}
	do(t, ctx, key(tabKey), at("einwohnerkontrolle"), key(tabKey), at("einbuergerungen"), key(enterKey), at("question"), visible("#name"),
		key(tabKey), until(focused+` === "A"`), key(tabKey), at("name"), key("Anna"), key(tabKey), at("text"), key("Guten Tag"), press("Enter", 13),
		says(".citizen", "gespeichert"), at("text"))
	id := h.core.only(t)
	for range 30 {
		h.core.fromClerk(id, "Nora Keller", "Grüezi\nFrau\nMuster")
	}
	h.core.fromClerk(id, "Nora Keller", "Zuletzt")
	do(t, ctx, says(".clerk", "Zuletzt"), at("text"),
		// Back through the log, which scrolls by keys, to the button that closes.
		chromedp.KeyEvent(tabKey, chromedp.KeyModifiers(chromedp.ModifierShift)), at("bare more"), press("ArrowUp", 38), at("bare more"),
		chromedp.KeyEvent(tabKey, chromedp.KeyModifiers(chromedp.ModifierShift)), at("log"),
		until(`$(".log").scrollTop > 300`), press("Home", 36), until(`$(".log").scrollTop === 0`))
	h.core.fromClerk(id, "Nora Keller", "Noch eine")
	do(t, ctx, visible(".jump"), until(`$(".log").scrollTop === 0`), key(tabKey), at("bare more"), // the newest message's
		until(`$(".log").scrollHeight - $(".log").scrollTop - $(".log").clientHeight < 80 && $(".jump").hidden`),
		chromedp.KeyEvent(tabKey, chromedp.KeyModifiers(chromedp.ModifierShift)), at("log"),
		chromedp.KeyEvent(tabKey, chromedp.KeyModifiers(chromedp.ModifierShift)), at("bare"),
		key(escapeKey), until(`!$("dialog").open`), until(focused+`.startsWith("launcher")`),
		key(enterKey), until(`$("dialog").open`), at("text"))

	// To the end, and changing one's mind once.
	do(t, ctx, key(tabKey), at("primary send"), key(tabKey), at("language"), key(tabKey), at("link end"), key(enterKey), at("question"),
		key(tabKey), at("primary"), key(tabKey), at("second"), key(tabKey), key(tabKey), at("second"), key(enterKey), at("text"),
		key(tabKey), key(tabKey), key(tabKey), at("link end"), key(enterKey), at("question"), key(tabKey), key(enterKey),
		visible("[data-area=fundbuero]"), at("question"))

	// On a phone the panel covers the page: the focus stays inside, and Escape leaves all the same.
	do(t, ctx, key(escapeKey), until(`!$("dialog").open`), size(390, 700), click(".launcher"), until(`$("dialog").matches(":modal")`),
		key(escapeKey), until(`!$("dialog").open`), until(focused+`.startsWith("launcher")`))
}

// The five languages, chosen in the chat; what has been typed stays.
func TestWidgetLanguages(t *testing.T) {
	h := newHouse(t)
	ctx := browser(t)
	choose := func(name string) chromedp.Action[chromedp.Void] {
		return chromedp.Evaluate[chromedp.Void](lookup(`($("#language").value = "` + name + `", $("#language").dispatchEvent(new Event("change")))`))
	}
	do(t, ctx, chromedp.Navigate(h.http.URL+"/?area=fundbuero&language=de-CH"), visible("#text"), typed("#text", "Bonjour"), typed("#name", "Anne"))
	for _, l := range []struct{ name, title, notice string }{
		{"fr-CH", "Écrivez-nous", "N'écrivez pas de données sensibles"}, {"it-CH", "Ci scriva", "Emergenze"}, {"en", "Write to us", "not binding"},
		{"de-CH-simple", "Schreiben Sie uns", "Notfall"}, {"fr-CH", "Écrivez-nous", "Urgences"},
	} {
		do(t, ctx, choose(l.name), until(`$(".panel").lang === "`+l.name+`"`), says("h2", l.title))
		if got := evaluate[string](t, ctx, `$("#text").value + $("#name").value`); got != "BonjourAnne" {
			t.Errorf("%s: %q is left of what was typed", l.name, got)
		}
	}
	do(t, ctx, says("#title", "Objets trouvés"), click(".send"), says(".citizen", "enregistré"))
	if h.core.opened.Language != "fr" {
		t.Errorf("the clerk sees %q", h.core.opened.Language)
	}
	id := h.core.only(t)
	h.core.fromClerk(id, "Nora Keller", "Bonjour Madame")
	// The words change, and with them the language in which the citizen goes on, which the clerk is told; a reload
	// changes neither.
	do(t, ctx, says("header p", "Objets trouvés"), choose("de-CH"), says("header p", "Fundbüro"),
		choose("en"), says(".line", "Nora Keller has taken your chat."), chromedp.Reload(), says(".line", "Nora Keller has taken your chat."))
	language := ""
	if h.core.set(func() { language = h.core.conversations[id].Language }); language != "en" {
		t.Errorf("the clerk is told %q", language)
	}
	do(t, ctx, written("Thank you"), until(`$$(".citizen .text").length === 2 && $$(".citizen .meta")[1].innerText.includes("stored")`))
	// What is said is in the language in which it was said, and what is said about it in that of the words.
	if got := evaluate[string](t, ctx, `[".citizen .text", ".clerk .text", ".citizen:last-of-type .text", ".log", ".line", ".clerk .unseen", ".clerk .meta"].map((s) => $(s).closest("[lang]").lang).join(" ")`); got != "fr fr en en en en en" {
		t.Errorf("marked as %s", got)
	}
}

// Leichte Sprache is a language of its own: the clerk sees it, and the server's sentences are in it.
func TestWidgetInPlainGerman(t *testing.T) {
	h := newHouse(t)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(h.http.URL+"/?area=fundbuero&language=de-CH-simple"), visible("#text"), written("Hallo"), says(".citizen", "gespeichert"))
	if h.core.opened.Language != bridge.PlainGerman {
		t.Errorf("the clerk sees %q", h.core.opened.Language)
	}
	h.core.setFail("FromCitizen", bridge.ErrConversationClosed)
	do(t, ctx, written("Noch etwas"), says(".alert", "Dieses Gespräch ist fertig. Sie können ein neues anfangen."))
}

// A closed counter says when it opens, and opens by itself while somebody looks.
func TestWidgetOpensWhileLooking(t *testing.T) {
	h := newHouse(t) // in a year that is far from the browser's today, and has the same days of the week
	h.core.set(func() { h.core.now = at("2037-11-21T10:00:00+01:00") })
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(h.http.URL+"/?area=einwohnerkontrolle&language=de-CH"), says("h2", "Wir sind wieder für Sie da"),
		says(".opens", "Montag, 23. November, 8.00 Uhr"), says(".soft", "Mo–Fr 8.00–11.30"), says(".view", "Der Schalter ist jetzt offen"))
	h.core.set(func() { h.core.now = at("2037-11-21T11:30:00+01:00") })
	do(t, ctx, until(`!$(".view").innerText.includes("Der Schalter ist jetzt offen")`))
	usual := h.core.Areas()[0].Hours
	closed, err := usual.WithExceptions(openinghours.Exception{
		From: openinghours.DateOf(at("2037-11-21T00:00:00+01:00")), To: openinghours.DateOf(at("2037-11-23T00:00:00+01:00")), Comment: map[string]string{"de": "Umzug des Stadtbüros"},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.core.set(func() { h.core.areas[0].Hours = closed })
	do(t, ctx, says(".opens", "Dienstag, 24. November"), says(".view", "Umzug des Stadtbüros"))
	h.core.set(func() { h.core.areas[0].Hours = usual })
	h.core.set(func() { h.core.now = at("2037-11-23T08:00:00+01:00") })
	do(t, ctx, visible("#text"), typed("#text", "Bin ich zu früh?"))

	// Refused at the last moment: the text is there again when it opens.
	h.core.setFail("Open", &bridge.ClosedError{Area: "einwohnerkontrolle", OpensAt: at("2037-11-23T14:00:00+01:00")})
	h.core.set(func() { h.core.now = at("2037-11-23T11:30:00+01:00") })
	do(t, ctx, click(".send"), says("h2", "Wir sind wieder für Sie da"), says(".opens", "14.00 Uhr"))
	if evaluate[int](t, ctx, `localStorage.length`) != 0 {
		t.Error("a refused conversation is kept")
	}
	h.core.setFail("Open", nil)
	h.core.set(func() { h.core.now = at("2037-11-23T14:00:00+01:00") })
	do(t, ctx, until(`$("#text")?.value === "Bin ich zu früh?"`), click(".send"), says(".citizen", "gespeichert"))
}
