package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

// TestForm: a clerk sends a form, the citizen answers it in English with a file, and the clerk's client has the
// answers as a table and as a JSON file that says the same, each once, though the bridge is killed right behind it.
func TestForm(t *testing.T) {
	everywhere(t, func(t *testing.T, ch *chat) {
		nora := ch.clientOf(ch.nora)
		nora.text("!formular umzug")
		asked := ch.message("Bitte füllen Sie dieses Formular aus: Umzug\n– Name\n– Wann\n– Vertrag")
		ch.awaitLine("Formular «Umzug»", "📋 Formular «Umzug» – noch nicht ausgefüllt")
		paper := []byte("%PDF-1.7\nMietvertrag")
		status, answer, err := ch.citizen.upload(t.Context(), "file", "Mietvertrag.pdf", paper)
		var uploaded struct{ ID string }
		if err != nil || status != http.StatusAccepted || json.Unmarshal(answer, &uploaded) != nil {
			t.Fatalf("upload answered %d %s %v", status, answer, err)
		}
		said := map[string]any{"name": "Anna <b>Müller</b>", "datum": "2026-12-01", "vertrag": uploaded.ID}
		hand := func(client string, answers map[string]any) (int, error) {
			status, _, err := ch.citizen.request(t.Context(), http.MethodPost, "conversations/"+ch.citizen.id+"/forms/"+asked+"/answers?lang=en", "", map[string]any{"client_id": client, "answers": answers})
			return status, err
		}
		if status, err := hand("wrong", map[string]any{"name": "Anna", "datum": "morgen"}); err != nil || status != http.StatusUnprocessableEntity {
			t.Errorf("wrong answers: %d %v", status, err)
		}
		if status, err := hand("form", said); err != nil || status != http.StatusAccepted {
			t.Fatalf("answers: %d %v", status, err)
		}
		ch.kill()
		ch.mustStart()
		if status, err := hand("form", said); err != nil || status != http.StatusAccepted {
			t.Errorf("the same again: %d %v", status, err)
		}
		ch.awaitLine("Formular «Umzug»", "✅ Formular «Umzug» – ausgefüllt")
		sum := fmt.Sprintf("%x", sha256.Sum256(paper))
		table := ch.eventOf("📋 Umzug\nName: Anna <b>Müller</b>\nWann: 1.12.2026\nVertrag: Mietvertrag.pdf · SHA-256 " + sum)
		got, err := nora.client.GetEvent(t.Context(), nora.room, table)
		if err != nil {
			t.Fatal(err)
		}
		if html, _ := got.Content.Raw["formatted_body"].(string); !strings.Contains(html, "<tr><th>Name</th><td>Anna &lt;b&gt;Müller&lt;/b&gt;</td></tr><tr><th>Wann</th><td>1.12.2026</td></tr>") {
			t.Errorf("table %s", html)
		}
		var content []byte
		eventually(t, 2*time.Minute, func() string {
			files, n := ch.filesOfTheBot(nora)
			content = files[fmt.Sprintf("umzug-%d.json", ch.citizen.number)]
			if n != 1 || content == nil {
				return fmt.Sprintf("%d files of the bot", n)
			}
			return ""
		})
		var file struct {
			Language string
			Answers  json.RawMessage
			Files    map[string]bridge.AnsweredFile
		}
		want, err := json.Marshal(map[string]any{"datum": "2026-12-01", "name": "Anna <b>Müller</b>", "vertrag": uploaded.ID})
		if err != nil {
			t.Fatal(err)
		}
		var same, told any
		if json.Unmarshal(content, &file) != nil || json.Unmarshal(file.Answers, &told) != nil || json.Unmarshal(want, &same) != nil || fmt.Sprint(told) != fmt.Sprint(same) ||
			file.Language != "en" || file.Files["vertrag"] != (bridge.AnsweredFile{Name: "Mietvertrag.pdf", SHA256: sum}) {
			t.Errorf("file %s", content)
		}
		page, err := ch.citizen.page("/messages")
		if err != nil || strings.Count(page, `"card":{"kind":"answers"`) != 1 || !bytes.Contains([]byte(page), []byte("Move\\nName: Anna")) {
			t.Errorf("the citizen sees %v %s", err, page)
		}
		if n := strings.Count(strings.Join(ch.bodies(), "\x00"), "📋 Umzug\nName: Anna"); n != 1 {
			t.Errorf("the table is in the room %d times", n)
		}
	})
}

// bodies are the texts of the room's events.
func (ch *chat) bodies() []string {
	ch.t.Helper()
	events, err := ch.nora.timeline(ch.t.Context(), ch.room)
	if err != nil {
		ch.t.Fatal(err)
	}
	var out []string
	for _, e := range events {
		out = append(out, e.Content.Body)
	}
	return out
}
