package webchat_test

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

// control focuses what the accessibility tree has by a role and a name, as somebody with a screen reader goes to it,
// and returns what it is told to be: "required", "invalid", or a description.
func control(t *testing.T, ctx context.Context, role, name string) map[string]string {
	t.Helper()
	tree, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		t.Fatal(err)
	}
	text := func(v *accessibility.Value) (s string) {
		if v != nil {
			if json.Unmarshal(v.Value, &s) != nil {
				s = string(v.Value)
			}
		}
		return s
	}
	var have []string
	for _, node := range tree.Nodes {
		if node.Ignored || text(node.Role) != role {
			continue
		}
		if text(node.Name) != name {
			have = append(have, text(node.Name))
			continue
		}
		if _, err := chromedp.Call(ctx, dom.Focus, dom.FocusParams{BackendNodeID: node.BackendDOMNodeID}); err != nil && role != "group" && role != "radiogroup" {
			t.Fatalf("%s %q takes no focus: %v", role, name, err)
		}
		told := map[string]string{"description": text(node.Description)}
		for _, p := range node.Properties {
			told[string(p.Name)] = text(p.Value)
		}
		return told
	}
	t.Fatalf("no %s %q, but %q", role, name, have)
	return nil
}

// The whole form by roles and names, in each language: each field says what it is, that it must be filled in, and
// what is wrong with it; what is entered is what is sent.
func TestWidgetFormByRoles(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	f := formed(t, h)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), click(".launcher"), click(`[data-area=fundbuero]`), written("Grüezi"), says(".citizen", "gespeichert"))
	for n, l := range []struct{ language, prefix, must, missing, fill, street, postcode, town, send, sent string }{
		{"de-CH", "", "Pflichtfeld", "Diese Angabe fehlt.", "Formular ausfüllen", "Strasse", "PLZ", "Ort", "Formular senden", "Gesendet"},
		{"fr-CH", "Fr ", "obligatoire", "Cette indication manque.", "Remplir le formulaire", "Rue", "NPA", "Localité", "Envoyer le formulaire", "Envoyé"},
		{"it-CH", "It ", "obbligatorio", "Questa indicazione manca.", "Compilare il modulo", "Via", "NPA", "Località", "Inviare il modulo", "Inviato"},
		{"en", "En ", "required", "This is missing.", "Fill in the form", "Street", "Postcode", "Town", "Send the form", "Sent"},
		{"de-CH-simple", "Leicht ", "müssen Sie ausfüllen", "Das fehlt noch.", "Formular ausfüllen", "Strasse", "Postleitzahl", "Ort", "Formular senden", "Gesendet"},
	} {
		name := func(title string, must bool) string {
			if must {
				return l.prefix + title + " (" + l.must + ")"
			}
			return l.prefix + title
		}
		do(t, ctx, until(`($("#language").value = "`+l.language+`", $("#language").dispatchEvent(new Event("change")), true)`))
		await(t, "the clerks' side to know the language", func() bool { return catalogueTag(h.core.language(h.core.only(t))) == l.language })
		h.asksForm()
		do(t, ctx, until(`$$(".card button").length === 1 && $(".card button").innerText === "`+l.fill+`"`))
		control(t, ctx, "button", l.fill+": "+l.prefix+"Umzug melden")
		do(t, ctx, key(enterKey), visible("#form-wahr"), until(`$(".fill label[for=form-name]").innerText === "`+name("Name", true)+`"`))

		// Nothing filled in: the field says so itself.
		control(t, ctx, "button", l.send)
		do(t, ctx, key(enterKey), until(`$(".fill .alert").matches(":focus")`))
		if told := control(t, ctx, "textbox", name("Name", true)); told["required"] != "true" || told["invalid"] != "true" || told["description"] != "Wie im Ausweis "+l.missing {
			t.Errorf("%s: the name says %v", l.language, told)
		}
		if told := control(t, ctx, "radiogroup", name("Grund", true)); told["description"] != l.missing {
			t.Errorf("%s: the choice says %v", l.language, told)
		}

		do(t, ctx, until(`($("#form-name").focus(), true)`), key("Müller"))
		control(t, ctx, "textbox", name("E-Mail", false))
		do(t, ctx, key("a@b.ch"))
		control(t, ctx, "textbox", name("Telefon", false))
		do(t, ctx, key("062 836 05 13"))
		control(t, ctx, "radio", l.prefix+"Umzug")
		do(t, ctx, key(" "))
		control(t, ctx, "combobox", name("Kanton", false))
		do(t, ctx, until(`($("#form-kanton").value = "ZG", true)`))
		control(t, ctx, "group", name("Wer zieht um?", true))
		control(t, ctx, "checkbox", l.prefix+"Hund")
		do(t, ctx, key(" "))
		control(t, ctx, "Date", name("Datum", true))
		do(t, ctx, until(`($("#form-datum").value = "2026-12-01", true)`))
		control(t, ctx, "group", name("Neue Adresse", true))
		for label, value := range map[string]string{l.street: "Rathausgasse", l.postcode: "5000", l.town: "Aarau"} {
			control(t, ctx, "textbox", label+" ("+l.must+")")
			do(t, ctx, key(value))
		}
		control(t, ctx, "spinbutton", name("Personen", false))
		do(t, ctx, key("2"))
		control(t, ctx, "textbox", name("Bemerkung", false))
		do(t, ctx, key("danke"))
		control(t, ctx, "checkbox", name("Meine Angaben stimmen", true))
		do(t, ctx, key(" "))
		control(t, ctx, "button", l.send)
		do(t, ctx, key(enterKey), until(`!$(".fill") && !$(".card button") && [...$$(".card")].at(-1).innerText.includes("✓ `+l.sent+`")`))
		answers, _, _ := f.seen()
		want := map[string]any{
			"name": "Müller", "mail": "a@b.ch", "telefon": "062 836 05 13", "grund": "b", "kanton": "ZG", "mit": []any{"hund"}, "datum": "2026-12-01",
			"adresse": map[string]any{"street": "Rathausgasse", "number": "", "postcode": "5000", "town": "Aarau"}, "personen": float64(2), "bemerkung": "danke", "wahr": true,
		}
		if len(answers) != n+1 || !reflect.DeepEqual(answers[n], want) {
			t.Errorf("%s: sent as\n%v\nwant\n%v", l.language, answers[len(answers)-1], want)
		}
	}
}

// catalogueTag is the widget's name of a language of the core's.
func catalogueTag(language string) string {
	return map[string]string{"de": "de-CH", "fr": "fr-CH", "it": "it-CH", "en": "en", "de-simple": "de-CH-simple"}[language]
}

func (m *memory) language(id bridge.ConversationID) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.conversations[id].Language
}
