package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestLocation: a clerk asks which page the citizen is on and sees in one line what they show, though the bridge is
// killed meanwhile; and a page that the clerk showed by mistake is taken back by deleting the command.
func TestLocation(t *testing.T) {
	everywhere(t, func(t *testing.T, ch *chat) {
		nora := ch.clientOf(ch.nora)
		nora.text("!wo")
		asked := ch.message("Dürfen wir sehen, auf welcher Seite unserer Website Sie gerade sind? Wir sehen nur ihren Titel und ihre Adresse, nicht, was Sie dort eingeben.")
		ch.awaitLine("👣", "👣 Gefragt, auf welcher Seite die Person ist")
		path := asked + "/location"
		ch.citizen.must(t.Context(), http.MethodPut, path, map[string]string{"title": "Umzug <b>melden</b>", "path": "/umzug"})
		ch.kill()
		ch.mustStart()
		ch.awaitLine("👣", "👣 Die Person ist seit ")
		ch.citizen.must(t.Context(), http.MethodDelete, path, nil)
		ch.awaitLine("👣", "👣 Die Person zeigt seit ")

		shown := nora.text("!seite https://example.org Falsche Seite")
		ch.message("Falsche Seite\nhttps://example.org")
		nora.redact(shown)
		ch.awaitLine("Zurückgenommen", "↩️ Zurückgenommen, die Person sieht es nicht mehr: Falsche Seite")
		eventually(t, time.Minute, func() string {
			for _, m := range ch.citizen.shown() {
				if strings.HasPrefix(m.Text, "Falsche Seite") {
					return "the citizen still sees " + m.Text
				}
			}
			return ""
		})
	})
}
