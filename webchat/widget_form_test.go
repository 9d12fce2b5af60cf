package webchat_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// locked is a host page's policy that allows nothing but the service.
var locked = http.Header{"Content-Security-Policy": {"default-src 'none'; script-src {{service}}; connect-src {{service}}; require-trusted-types-for 'script'; trusted-types 'none'"}}

// filling writes into the chat, and opens the form that a clerk asks for in it.
func filling(t *testing.T, ctx context.Context, h *house) {
	t.Helper()
	do(t, ctx, written("Grüezi"), says(".citizen", "gespeichert"))
	h.asksForm()
	do(t, ctx, says(".card", "Umzug melden"), click(".card button"), visible(".fill #form-wahr"))
}

// put writes into a field, by script.
func put(field, value string) chromedp.Action[chromedp.Void] {
	return until(fmt.Sprintf(`((e) => { e.value = %q; e.dispatchEvent(new Event("input", { bubbles: true })); return true; })($("#form-%s"))`, value, field))
}

// complete fills in what must be, by script.
func complete(name string) chromedp.Action[chromedp.Void] {
	return until(fmt.Sprintf(`(() => { const put = (n, v) => { const e = $("#form-" + CSS.escape(n)); e.value = v; e.dispatchEvent(new Event("input", { bubbles: true })); };
		put("name", %q); put("datum", "2026-12-01"); put("adresse/street", "Rathausgasse"); put("adresse/postcode", "5000"); put("adresse/town", "Aarau");
		for (const s of ["[name=grund][value=b]", "[name=mit][value=kinder]", "#form-wahr"]) $(s).click();
		return true; })()`, name))
}

// traces are the entries of this device's storages that say anything of the form.
const traces = `[localStorage, sessionStorage].flatMap((s) => Object.entries(s)).filter((e) => e.join().includes("Muster") || e[0].includes("form")).length`

// The whole form by keyboard, under the host page's policy: what is entered is what is sent.
func TestWidgetFormByKeyboard(t *testing.T) {
	h, host := hostPage(t, embedded, locked)
	f := formed(t, h)
	ctx := browser(t)
	tab := key(tabKey)
	at := func(want string) chromedp.Action[chromedp.Void] { return until(focused + ` === "` + want + `"`) }
	do(t, ctx, chromedp.Navigate(host), click(".launcher"), click(`[data-area=fundbuero]`), written("Grüezi"), says(".citizen", "gespeichert"))
	h.asksForm()
	do(t, ctx, says(".card", "Umzug melden"), until(`($(".card button").focus(), true)`), key(enterKey), visible("#form-wahr"),
		until(`$(".fill h2").matches(":focus") && $(".fill h2").innerText === "Umzug melden" && $(".log").getBoundingClientRect().height === 0`),
		tab, at("form-name"), key("Müller 👋"), tab, at("form-mail"), key("a@b.ch"), tab, at("form-telefon"), key("062 836 05 13"),
		tab, at("form-grund"), press("ArrowDown", 40), until(`$("[name=grund][value=b]").checked`), tab, at("form-kanton"), key("Z"), until(`$("#form-kanton").value === "ZG"`),
		tab, at("form-mit"), key(" "), tab, tab, key(" "), until(`$("[name=mit][value=hund]").checked`),
		tab, at("form-datum"), key("01122026"), until(`$("#form-datum").value === "2026-12-01" || $("#form-datum").value === "2026-01-12"`))
	if evaluate[string](t, ctx, `$("#form-datum").value`) != "2026-12-01" { // the browser writes months first
		do(t, ctx, until(`($("#form-datum").value = "2026-12-01", true)`))
	}
	do(t, ctx, until(`($("#form-adresse\\/street").focus(), true)`), key("Rathausgasse"), tab, key("1a"), tab, key("5000"), tab, key("Aarau"),
		tab, at("form-personen"), key("0"), tab, at("form-bemerkung"), key("Erste Zeile"), key(enterKey), key("zweite"),
		until(`($("#form-wahr").focus(), true)`), key(" "), tab, until(`$(".fill .primary").matches(":focus")`), key(enterKey),
		until(`!$(".fill") && $(".log").matches(":focus")`), says(".card", "✓ Gesendet"), until(`$(".status + .status, .unseen[role=status]")`), until(`$(".conversation > .unseen").innerText === "Gesendet"`))
	answers, ids, _ := f.seen()
	want := map[string]any{
		"name": "Müller 👋", "mail": "a@b.ch", "telefon": "062 836 05 13", "grund": "b", "kanton": "ZG", "mit": []any{"ich", "hund"}, "datum": "2026-12-01",
		"adresse": map[string]any{"street": "Rathausgasse", "number": "1a", "postcode": "5000", "town": "Aarau"}, "personen": float64(0), "bemerkung": "Erste Zeile\nzweite", "wahr": true,
	}
	if len(answers) != 1 || !reflect.DeepEqual(answers[0], want) || len(ids) != 1 {
		t.Errorf("sent as %v:\n%v\nwant\n%v", ids, answers, want)
	}
	if n := evaluate[int](t, ctx, traces); n != 0 {
		t.Errorf("%d entries are left of what was sent", n)
	}
	if n := evaluate[int](t, ctx, `performance.getEntriesByType("resource").filter((e) => e.name.includes("/widget/exchange-")).length`); n != 1 {
		t.Errorf("forms are loaded %d times", n)
	}
}

// What is wrong is named at its field and in a list that leads there: what the browser finds, in the words of
// each language, and what the server finds.
func TestWidgetFormNamesErrors(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	f := formed(t, h)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host))
	do(t, ctx, click(".launcher"), click(`[data-area=fundbuero]`))
	filling(t, ctx, h)
	do(t, ctx, typed("#form-name", "   "), typed("#form-mail", "keine"), typed("#form-telefon", "abc"), typed("#form-personen", "12"), until(`($("#form-datum").value = "2027-01-01", true)`),
		click(".fill .primary"), until(`$(".fill .alert").matches(":focus")`), says(".fill .alert", "Bitte prüfen Sie:"))
	errors := func() []string {
		return evaluate[[]string](t, ctx, `[...$$(".fill .warn")].filter((e) => e.innerText).map((e) => e.id + ": " + e.innerText)`)
	}
	want := []string{
		"form-name-error: Diese Angabe fehlt.", "form-mail-error: Das ist nicht richtig geschrieben.", "form-telefon-error: Das ist nicht richtig geschrieben.", "form-grund-error: Diese Angabe fehlt.",
		"form-mit-error: Diese Angabe fehlt.", "form-datum-error: Möglich bis 31.12.2026.", "form-adresse/street-error: Diese Angabe fehlt.", "form-adresse/postcode-error: Diese Angabe fehlt.",
		"form-adresse/town-error: Diese Angabe fehlt.", "form-personen-error: Möglich bis 9.", "form-wahr-error: Diese Angabe fehlt.",
	}
	if got := errors(); !slices.Equal(got, want) {
		t.Errorf("errors\n%q\nwant\n%q", got, want)
	}
	// Each is described by its error, and told to be wrong; the list names the field and leads to it.
	if loose := evaluate[[]string](t, ctx, `[...$$(".fill .warn")].filter((e) => e.innerText).filter((e) => { const on = $('.fill [aria-describedby~="' + e.id + '"]'); return !on || !(on.matches("[aria-invalid=true]") || on.querySelector("[aria-invalid=true]")); }).map((e) => e.id)`); len(loose) > 0 {
		t.Errorf("errors that belong to nothing: %q", loose)
	}
	do(t, ctx, says(".fill .alert", "Neue Adresse, PLZ – Diese Angabe fehlt."))
	if n := evaluate[int](t, ctx, `$$(".fill .alert li a").length`); n != len(want) {
		t.Errorf("%d links", n)
	}
	do(t, ctx, key(tabKey), until(`$(".fill .alert a").matches(":focus") && $(".fill .alert a").innerText === "Name – Diese Angabe fehlt."`), press("Enter", 13), until(focused+` === "form-name"`),
		key("Muster"), until(`!$("#form-name").ariaInvalid && !$("#form-name-error").innerText`))
	if got := evaluate[string](t, ctx, `location.hash`); got != "" {
		t.Errorf("the host page is at %s", got)
	}
	if _, ids, _ := f.seen(); len(ids) != 0 {
		t.Errorf("sent %d times", len(ids))
	}

	// Each language has its words, and what was typed stays.
	for _, l := range []struct{ name, title, missing string }{
		{"fr-CH", "Fr Name (obligatoire)", "Cette indication manque."}, {"it-CH", "It Name (obbligatorio)", "Questa indicazione manca."}, {"en", "En Name (required)", "This is missing."},
		{"de-CH-simple", "Leicht Name (müssen Sie ausfüllen)", "Das fehlt noch."}, {"de-CH", "Name (Pflichtfeld)", "Diese Angabe fehlt."},
	} {
		do(t, ctx, until(`($("#language").value = "`+l.name+`", $("#language").dispatchEvent(new Event("change")), true)`), until(`$(".fill label[for=form-name]")?.innerText === "`+l.title+`"`))
		if got := evaluate[string](t, ctx, `[$("#form-name").value, $("#form-mail").value, $("#form-personen").value, $(".fill").lang].join()`); got != "Muster,keine,12,"+strings.TrimSuffix(l.name, "-simple") {
			t.Errorf("%s: %s", l.name, got)
		}
		do(t, ctx, click(".fill .primary"), says("#form-grund-error", l.missing))
	}

	// The server's are named in the same way; the answers that are sent then are another sending.
	do(t, ctx, complete("Muster"), put("mail", "a@b.ch"), put("telefon", "062 836 05 13"), put("personen", "2"))
	f.come(http.StatusUnprocessableEntity, `{"type":"/problems/form-invalid","detail":"x","errors":[{"field":"adresse/town","reason":"format","detail":"Diesen Ort kennen wir nicht."},{"field":"mit","reason":"option","detail":"Das geht nicht."},{"field":"","reason":"unknown","detail":"Etwas anderes."}]}`)
	do(t, ctx, click(".fill .primary"), says(`#form-adresse\/town-error`, "Diesen Ort kennen wir nicht."), says("#form-mit-error", "Das geht nicht."), says(".fill .alert", "Etwas anderes."), until(`$(".fill .alert").matches(":focus")`))
	f.come(http.StatusConflict, `{"type":"/problems/conversation-closed","detail":"Dieses Gespräch ist beendet."}`)
	do(t, ctx, typed(`#form-adresse\/town`, " AG"), click(".fill .primary"), says(".fill .alert", "Dieses Gespräch ist beendet."))
	f.come(0, "")
	do(t, ctx, click(".fill .primary"), says(".card", "✓ Gesendet"))
	answers, ids, _ := f.seen()
	if len(answers) != 1 || len(ids) != 3 || ids[0] == ids[1] || ids[1] != ids[2] {
		t.Errorf("sent as %v: %v", ids, answers)
	}
}

// What is typed is kept over a reload, on this device only; what is dropped leaves nothing, and so does what
// lies there when the conversation is ended.
func TestWidgetFormIsKeptOrDropped(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	f := formed(t, h)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host))
	do(t, ctx, click(".launcher"), click(`[data-area=fundbuero]`))
	filling(t, ctx, h)
	do(t, ctx, complete("Muster"), chromedp.Reload(), until(`$(".card button")`), click(".launcher"), click(".card button"), until(`$("#form-name")?.value === "Muster"`))
	if got := evaluate[string](t, ctx, `[...new FormData($(".fill"))].filter((e) => e[1] && !e[1].size && e[1].size !== 0).join("|")`); got != "name,Muster|grund,b|mit,kinder|datum,2026-12-01|adresse/street,Rathausgasse|adresse/postcode,5000|adresse/town,Aarau|wahr,on" {
		t.Errorf("kept: %s", got)
	}
	// Escape goes back to the chat, and loses nothing.
	do(t, ctx, until(`($("#form-name").focus(), true)`), press("Escape", 27), until(`!$(".fill") && $("dialog").open && $(".card button").matches(":focus")`), key(enterKey), until(`$("#form-name")?.value === "Muster"`))
	if _, ids, calls := f.seen(); len(ids) != 0 || calls != 2 {
		t.Errorf("%d sendings, %d calls: the server has heard of what was typed", len(ids), calls)
	}
	do(t, ctx, pressed(".fill .second"), says(".fill .second", "Wirklich verwerfen"), pressed(".fill .second"), until(`!$(".fill") && $(".card button").matches(":focus")`))
	if n := evaluate[int](t, ctx, traces); n != 0 {
		t.Errorf("%d entries are left of what was dropped", n)
	}
	do(t, ctx, click(".card button"), until(`$("#form-name")?.value === "" && !$("#form-wahr").checked`))

	do(t, ctx, complete("Muster"), until(traces+` === 1`), click("footer .end"), click(".confirm .primary"), visible(`[data-area=fundbuero]`))
	if n := evaluate[int](t, ctx, traces); n != 0 {
		t.Errorf("%d entries are left of a conversation that was ended", n)
	}
	if _, ids, _ := f.seen(); len(ids) != 0 {
		t.Errorf("sent %d times", len(ids))
	}
}

// A sending that broke is told, goes on by itself under the same client_id, and takes effect once; a form that was
// answered elsewhere is done.
func TestWidgetFormIsSentOnce(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	f := formed(t, h)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host))
	do(t, ctx, click(".launcher"), click(`[data-area=fundbuero]`))
	filling(t, ctx, h)
	f.come(http.StatusBadGateway, "<html>")
	do(t, ctx, complete("Muster"), click(".fill .primary"), says(".fill + .status", "Noch nicht gesendet."))
	f.come(http.StatusServiceUnavailable, `{"type":"/problems/unavailable"}`)
	do(t, ctx, click(".fill .primary"), says(".fill + .status", "Noch nicht gesendet."), chromedp.Reload(), until(`$(".card button")`), click(".launcher"), click(".card button"), until(`$("#form-name")?.value === "Muster"`),
		click(".fill .primary"), says(".fill + .status", "Noch nicht gesendet."))
	f.come(0, "")
	do(t, ctx, until(`(dispatchEvent(new Event("online")), true)`), says(".card", "✓ Gesendet"))
	answers, ids, _ := f.seen()
	slices.Sort(ids)
	if len(answers) != 1 || len(ids) < 3 || len(slices.Compact(ids)) != 1 {
		t.Errorf("%d answers as %v", len(answers), ids)
	}

	h.asksForm()
	f.come(http.StatusConflict, `{"type":"/problems/form-answered","detail":"x"}`)
	do(t, ctx, until(`$$(".card button").length === 1`), click(".card button"), visible("#form-wahr"), complete("Muster"), click(".fill .primary"), until(`!$(".fill") && $$(".card").length === 2 && !$(".card button")`))
	if n := evaluate[int](t, ctx, traces); n != 0 {
		t.Errorf("%d entries are left", n)
	}
}

// A file is sent with the form and not before; one that is refused is named at its field.
func TestWidgetFormSendsFiles(t *testing.T) {
	h, host := hostPage(t, embedded, locked)
	f := formed(t, h)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host))
	do(t, ctx, click(".launcher"), click(`[data-area=fundbuero]`))
	filling(t, ctx, h)
	files := func() (names []string) {
		for _, m := range h.core.messagesOf(h.core.only(t)) {
			if m.File != nil {
				names = append(names, m.File.Name+" "+string(m.ID))
			}
		}
		return names
	}
	do(t, ctx, complete("Muster"), carrying("change", "#form-vertrag", "Gross.pdf", 20<<20), click(".fill .primary"), says("#form-vertrag-error", "Die Datei ist zu gross."), until(`$(".fill .alert").matches(":focus")`),
		carrying("change", "#form-vertrag", "Vertrag.pdf", 1000))
	if got := files(); len(got) != 0 {
		t.Fatalf("sent before the form: %q", got)
	}
	// In another language the file is still chosen; what was sent is not sent again when the form has to be.
	f.come(http.StatusUnprocessableEntity, `{"type":"/problems/form-invalid","errors":[{"field":"name","detail":"Nein."}]}`)
	do(t, ctx, until(`($("#language").value = "en", $("#language").dispatchEvent(new Event("change")), true)`), says(".fill", "En Name"), until(`$("#form-vertrag").files[0].name === "Vertrag.pdf"`),
		click(".fill .primary"), says("#form-name-error", "Nein."))
	f.come(0, "")
	do(t, ctx, typed("#form-name", "i"), click(".fill .primary"), says(".card", "✓ Sent"))
	answers, _, _ := f.seen()
	got := files()
	if len(got) != 1 || len(answers) != 1 || got[0] != fmt.Sprint("Vertrag.pdf ", answers[0]["vertrag"]) {
		t.Errorf("files %q, answers %v", got, answers)
	}
}

// What a clerk writes while a form is filled in is told, and counts as read when the citizen has gone back to it.
func TestWidgetFormTellsNewMessages(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	formed(t, h)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), click(".launcher"), click(`[data-area=fundbuero]`))
	filling(t, ctx, h)
	id := h.core.only(t)
	h.core.fromClerk(id, "Nora Keller", "Kommen Sie voran?")
	do(t, ctx, says(".panel [role=alert]", "Neue Nachrichten: 1"), until(`document.title === "(1) Stadt Aarau"`), typed("#form-name", "Muster"))
	h.core.fromClerk(id, "Nora Keller", "Ich helfe gerne.")
	// For as long as telling takes when there is something to tell.
	do(t, ctx, says(".panel [role=alert]", "Neue Nachrichten: 2"), chromedp.Evaluate[chromedp.Void](`new Promise((done) => setTimeout(done, 700))`, chromedp.EvalAwaitPromise))
	if _, read := h.core.signals(); slices.Contains(read, 3) || slices.Contains(read, 4) {
		t.Errorf("read %v behind the form", read)
	}
	do(t, ctx, click(".fill .link"), until(`!$(".fill")`), says(".clerk", "Ich helfe gerne."), until(`!$(".panel [role=alert]").innerText && document.title === "Stadt Aarau"`))
	await(t, "the core to know that it was read", func() bool { _, read := h.core.signals(); return slices.Contains(read, 4) })
	do(t, ctx, click(".card button"), until(`$("#form-name").value === "Muster"`), click("header .bare:last-child"), until(`!$("dialog").open`))
	h.core.fromClerk(id, "Nora Keller", "Sind Sie noch da?")
	// The form is what the panel opens with.
	do(t, ctx, says(".badge", "1"), click(".launcher"), visible(".fill"), says(".panel [role=alert]", "Neue Nachrichten: 1"), click(".fill .link"), until(`!$(".panel [role=alert]").innerText`))
}
