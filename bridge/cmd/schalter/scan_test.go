package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"schalter/bridge/clamav/clamavtest"
	"schalter/bridge/homeserver/homeservertest"
)

// TestMalware: with a real clamd, EICAR never comes into the room and both sides are told; what is clean
// passes. While clamd is away, files wait for it, or are refused, as the area says.
func TestMalware(t *testing.T) {
	everywhere(t, func(t *testing.T, ch *chat) {
		clamd := clamavtest.Start(t)
		policy := func(downs string) {
			t.Helper()
			ch.stop()
			ch.configure(func(text string) string {
				text, _, _ = strings.Cut(text, "\nscanner:")
				text = strings.NewReplacer("files: {enabled: true}", "files: {enabled: true, scanner_down: "+downs+"}",
					"scanner_down: hold}", "scanner_down: "+downs+"}", "scanner_down: refuse}", "scanner_down: "+downs+"}").Replace(text)
				return text + "\nscanner: {address: \"unix:" + clamd.Address + "\"}\n"
			})
			ch.mustStart()
		}
		upload := func(id, name string, data []byte, status int, want string) {
			t.Helper()
			got, answer, err := ch.citizen.upload(t.Context(), id, name, data)
			if err != nil || got != status || !strings.Contains(string(answer), want) {
				t.Fatalf("%s: %d %s %v, want %d with %s", name, got, answer, err, status, want)
			}
		}
		roomHas := func(text string) {
			t.Helper()
			eventually(t, time.Minute, func() string {
				events, err := ch.nora.timeline(t.Context(), ch.room)
				if err != nil {
					return err.Error()
				}
				if !slices.ContainsFunc(events, func(e roomEvent) bool { return strings.Contains(e.Content.Body, text) }) {
					return fmt.Sprintf("the room does not say %q", text)
				}
				return ""
			})
		}
		letter := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("Guten Tag "), 40_000)...)
		policy("hold")
		upload("one", "rechnung.txt", clamavtest.EICAR(), http.StatusAccepted, `"verdict":"infected"`)
		upload("one", "rechnung.txt", clamavtest.EICAR(), http.StatusAccepted, `"state":"failed"`)
		upload("two", "anhang.pdf", append(bytes.Clone(letter), clamavtest.EICAR()...), http.StatusAccepted, `"verdict":"infected"`)
		upload("three", "brief.pdf", letter, http.StatusAccepted, `"state":"stored"`)
		roomHas("brief.pdf")
		roomHas("«rechnung.txt» ist blockiert")
		roomHas("«anhang.pdf» ist blockiert")
		ch.awaitText("rechnung.txt – nicht weitergegeben: Die Datei enthält Schadsoftware. Sie wurde bei uns gelöscht. Bitte prüfen Sie Ihr Gerät.")

		clamd.Stop()
		upload("four", "spaeter.pdf", letter, http.StatusAccepted, `"verdict":"unscanned"`)
		roomHas("«spaeter.pdf» wird noch")
		policy("refuse") // over a restart, what waits goes on waiting
		upload("five", "nein.pdf", letter, http.StatusServiceUnavailable, "/problems/scanner-away")
		clamd.Restart()
		ch.awaitText("spaeter.pdf")
		eventually(t, time.Minute, func() string {
			events, err := ch.nora.timeline(t.Context(), ch.room)
			if err != nil {
				return err.Error()
			}
			var got []string
			for _, e := range events {
				if isGhost(e.Sender) && e.Type == "m.room.message" {
					got = append(got, e.Content.Body)
				}
			}
			if want := []string{"Guten Tag", "brief.pdf", "spaeter.pdf"}; !slices.Equal(got, want) {
				return fmt.Sprintf("in the room %q", got)
			}
			return ""
		})
		if status, _, got := ch.fetch(ch.message("spaeter.pdf"), false, ""); status != http.StatusOK || !bytes.Equal(got, letter) {
			t.Errorf("what waited comes back with %d and %d bytes", status, len(got))
		}
	})
}

// configure writes the configuration anew. It counts from the next start on.
func (s *system) configure(change func(string) string) {
	s.t.Helper()
	path := filepath.Join(s.dir, "config.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(change(string(text))), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// The checks' lines about files.
func TestCheckTellsOfTheScanner(t *testing.T) {
	clamd := clamavtest.Start(t)
	d := newDoctor(t, "http://127.0.0.1:1", homeservertest.NewRegistration(t))
	at := func(address string) string { return "log: {level: debug}\nscanner: {address: \"" + address + "\"}" }
	for _, try := range []struct{ name, edit, want string }{
		{"none", "log: {level: debug}", "--    scanner             none is configured: 1 areas pass on citizens' files that nobody has looked at"},
		{"running", at("unix:" + clamd.Address), "ok    scanner             ClamAV "},
		{"wrong address", at("nowhere"), "scanner.address: must be unix:/path/to/clamd.ctl or tcp:host:port"},
		{"away", at("tcp:127.0.0.1:1"), "FAIL  scanner             malware scanner is not available"},
	} {
		out, _ := d.check(nil, "log: {level: debug}", try.edit)
		if !strings.Contains(out, try.want) {
			t.Errorf("%s: no %q in\n%s", try.name, try.want, out)
		}
	}
}
