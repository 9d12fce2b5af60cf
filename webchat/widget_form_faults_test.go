package webchat_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// forms sees the calls of forms, and answers in the service's place what it is told to.
type forms struct {
	mu sync.Mutex
	// answers are those that were taken, and tries all that came; ids are the client_ids of all.
	answers []map[string]any
	ids     []string
	// next, if it is set, is what the next tries come to.
	next func(w http.ResponseWriter, r *http.Request) bool
	// calls counts everything that was asked.
	calls int
}

// umzug asks for every kind of thing; each title has its language in front of it.
var umzug = regexp.MustCompile(`"title": "([^"]+)"`).ReplaceAllString(`{"type": "object", "title": "Umzug melden", "description": "Bitte melden Sie sich innert 14 Tagen.",
	"required": ["name", "grund", "mit", "datum", "adresse", "wahr"], "properties": {
	"name": {"type": "string", "title": "Name", "description": "Wie im Ausweis", "maxLength": 80, "x-autocomplete": "family-name"},
	"mail": {"type": "string", "format": "email", "title": "E-Mail"},
	"telefon": {"type": "string", "x-kind": "phone", "title": "Telefon", "pattern": "^[+]?[0-9 ]{9,20}$", "description": "Zum Beispiel 062 836 05 13"},
	"grund": {"type": "string", "title": "Grund", "oneOf": [{"const": "a", "title": "Zuzug"}, {"const": "b", "title": "Umzug"}, {"const": "c", "title": "Wegzug"}]},
	"kanton": {"type": "string", "title": "Kanton", "oneOf": [{"const": "AG", "title": "Aargau"}, {"const": "BE", "title": "Bern"}, {"const": "BS", "title": "Basel-Stadt"}, {"const": "LU", "title": "Luzern"},
		{"const": "SO", "title": "Solothurn"}, {"const": "ZG", "title": "Zug"}, {"const": "ZH", "title": "Zürich"}]},
	"mit": {"type": "array", "title": "Wer zieht um?", "items": {"type": "string", "oneOf": [{"const": "ich", "title": "Ich"}, {"const": "kinder", "title": "Kinder"}, {"const": "hund", "title": "Hund"}]}},
	"datum": {"type": "string", "format": "date", "title": "Datum", "x-earliest": "2026-11-01", "x-latest": "2026-12-31"},
	"adresse": {"type": "object", "x-kind": "address", "title": "Neue Adresse"},
	"personen": {"type": "integer", "title": "Personen", "minimum": 0, "maximum": 9},
	"bemerkung": {"type": "string", "x-kind": "multiline", "title": "Bemerkung", "maxLength": 1000},
	"vertrag": {"type": "string", "x-kind": "file", "title": "Mietvertrag"},
	"wahr": {"type": "boolean", "title": "Meine Angaben stimmen"}}}`, `"title": "$1", "x-title": {"fr": "Fr $1", "it": "It $1", "en": "En $1", "de-simple": "Leicht $1"}`)

// takeForms stands in front of a house.
func takeForms(h *house) *forms {
	f := &forms{}
	service := h.server.Handler()
	h.http.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/forms/") && r.Method != http.MethodOptions && f.stops(h, w, r) {
			return
		}
		service.ServeHTTP(w, r)
	})
	return f
}

// stops notes what is asked; it reports whether it has answered in the service's place.
func (f *forms) stops(h *house, w http.ResponseWriter, r *http.Request) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if r.Method == http.MethodGet {
		return false
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		h.t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var in struct {
		ClientID string         `json:"client_id"`
		Answers  map[string]any `json:"answers"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		h.t.Error(err)
	}
	f.ids = append(f.ids, in.ClientID)
	if f.next != nil && f.next(w, r) {
		return true
	}
	f.answers = append(f.answers, in.Answers)
	return false
}

// come says what the next tries come to; nil lets them through.
func (f *forms) come(status int, body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = func(w http.ResponseWriter, r *http.Request) bool {
		if status == 0 {
			return false
		}
		w.Header().Set("Access-Control-Allow-Origin", cmp.Or(r.Header.Get("Origin"), "*"))
		w.WriteHeader(status)
		fmt.Fprint(w, body)
		return true
	}
}

// seen is what has come so far.
func (f *forms) seen() (answers []map[string]any, ids []string, calls int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append(answers, f.answers...), append(ids, f.ids...), f.calls
}

// formed is a conversation in which a clerk has asked for a form.
func formed(t *testing.T, h *house) *forms {
	t.Helper()
	f := takeForms(h)
	h.core.takesFiles()
	return f
}

func (h *house) asksForm() { h.core.ask(h.t, h.core.only(h.t), umzug) }
