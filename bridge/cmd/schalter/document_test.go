package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestDocument: a clerk asks for a document, the citizen answers with a file, and both have its SHA-256:
// in the card, and in the bot's line, edited in place, though the bridge is killed behind the upload.
func TestDocument(t *testing.T) {
	everywhere(t, func(t *testing.T, ch *chat) {
		nora := ch.clientOf(ch.nora)
		nora.text("!dokument Heimatschein nicht älter als sechs Monate")
		request := ch.message("Bitte senden Sie uns: Heimatschein\nnicht älter als sechs Monate")
		want := "📄 Verlangt: Heimatschein (nicht älter als sechs Monate) – noch offen"
		ch.awaitLine("Heimatschein", want)
		paper := []byte("%PDF-1.7\nHeimatschein")
		status, answer, err := ch.citizen.upload(t.Context(), "one", "Scan 1.pdf", paper, request)
		if err != nil || status != http.StatusAccepted {
			t.Fatalf("upload answered %d %s %v", status, answer, err)
		}
		ch.kill()
		ch.mustStart()
		sum := fmt.Sprintf("%x", sha256.Sum256(paper))
		var receipt struct {
			File struct{ SHA256, Request string }
		}
		if err := json.Unmarshal(answer, &receipt); err != nil || receipt.File.SHA256 != sum || receipt.File.Request != request {
			t.Errorf("the upload answered %s", answer)
		}
		want = "✅ Gekommen: Heimatschein\n    Scan 1.pdf · SHA-256 " + sum
		ch.awaitLine("Heimatschein", want)
		ch.eventOf("Scan 1.pdf")
		page, err := ch.citizen.page("/messages")
		if err != nil || !strings.Contains(page, `"sha256":"`+sum+`"}]}`) {
			t.Errorf("the citizen's card has no receipt: %v in %s", err, page)
		}
		if status, answer, _ := ch.citizen.upload(t.Context(), "two", "x.pdf", paper, "01JZZZZZZZZZZZZZZZZZZZZZZZ"); status != http.StatusBadRequest && status != http.StatusUnprocessableEntity {
			t.Errorf("an answer to nothing: %d %s", status, answer)
		}
	})
}

// awaitLine waits until the bot's one notice about something, as edited last, is as wanted.
func (ch *chat) awaitLine(about, want string) {
	ch.t.Helper()
	eventually(ch.t, 2*time.Minute, func() string {
		events, err := ch.nora.timeline(ch.t.Context(), ch.room)
		if err != nil {
			return err.Error()
		}
		shown, notices := "", 0
		for _, e := range events {
			switch {
			case !strings.HasPrefix(e.Sender, "@schalter_bot:") || !strings.Contains(e.Content.Body, about):
			case e.Content.New.Body != "":
				shown = e.Content.New.Body
			default:
				shown, notices = e.Content.Body, notices+1
			}
		}
		if !strings.HasPrefix(shown, want) || notices != 1 {
			return fmt.Sprintf("%d notices show %q", notices, shown)
		}
		return ""
	})
}
