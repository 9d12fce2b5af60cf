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

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"schalter/bridge"
)

// filesOfTheBot are those that it has put into the room, as a clerk's client gets them, by name.
func (ch *chat) filesOfTheBot(nora *clerkClient) (map[string][]byte, int) {
	ch.t.Helper()
	events, err := ch.nora.timeline(ch.t.Context(), ch.room)
	if err != nil {
		ch.t.Fatal(err)
	}
	out, n := map[string][]byte{}, 0
	for _, e := range events {
		if !strings.HasPrefix(e.Sender, "@schalter_bot:") || e.Content.MsgType != "m.file" {
			continue
		}
		n++
		sent, err := nora.client.GetEvent(ch.t.Context(), nora.room, id.EventID(e.ID))
		if err != nil {
			ch.t.Fatal(err)
		}
		uri, _ := sent.Content.Raw["url"].(string)
		address, err := id.ParseContentURI(uri)
		if err != nil {
			ch.t.Fatal(err)
		}
		if out[e.Content.Body], err = nora.client.DownloadBytes(ch.t.Context(), address); err != nil {
			ch.t.Fatal(err)
		}
	}
	return out, n
}

// TestProtocol: what was said, with notes as they were edited, comes into the room as two files, once,
// though the bridge is killed behind the command; the citizen's transcript has the same list of files.
func TestProtocol(t *testing.T) {
	everywhere(t, func(t *testing.T, ch *chat) {
		nora := ch.clientOf(ch.nora)
		passport := []byte("%PDF-1.7\nPass")
		eventually(t, time.Minute, func() string {
			status, answer, err := ch.citizen.upload(t.Context(), "one", "Pass Müller.pdf", passport)
			if err != nil || status != http.StatusAccepted {
				return fmt.Sprintf("upload answered %d %s %v", status, answer, err)
			}
			return ""
		})
		plan := bytes.Repeat([]byte("Plan"), 5000)
		up, err := nora.client.UploadBytes(t.Context(), plan, "application/octet-stream")
		if err != nil {
			t.Fatal(err)
		}
		nora.say(&event.MessageEventContent{MsgType: event.MsgFile, Body: "plan.bin", URL: up.ContentURI.CUString()})
		note := nora.text("// fragt kmisch")
		nora.edit(note, "// fragt komisch")
		gone := nora.text("// gelöschte Notiz")
		nora.redact(gone)
		nora.text("Auf Wiedersehen")
		ch.awaitText("Auf Wiedersehen")
		ch.eventOf("Pass Müller.pdf")
		nora.text("!protokoll notizen")
		ch.kill()
		ch.mustStart()
		html, data := fmt.Sprintf("protokoll-%d.html", ch.citizen.number), fmt.Sprintf("protokoll-%d.json", ch.citizen.number)
		var files map[string][]byte
		eventually(t, 2*time.Minute, func() string {
			var n int
			if files, n = ch.filesOfTheBot(nora); n != 2 || files[html] == nil || files[data] == nil {
				return fmt.Sprintf("the bot has posted %d files", n)
			}
			return ""
		})
		var p bridge.Protocol
		if err := json.Unmarshal(files[data], &p); err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, e := range p.Entries {
			said = append(said, e.From+": "+e.Text)
		}
		want := "citizen: Guten Tag|citizen: Pass Müller.pdf|clerk: plan.bin|note: fragt komisch|clerk: Auf Wiedersehen"
		if got := strings.Join(said, "|"); got != want {
			t.Errorf("it says\n%s, want\n%s", got, want)
		}
		page, err := ch.citizen.page("/transcript")
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string][]byte{"Pass Müller.pdf": passport, "plan.bin": plan} {
			sum := fmt.Sprintf("%x", sha256.Sum256(content))
			for what, text := range map[string]string{"JSON": string(files[data]), "HTML": string(files[html]), "transcript": page} {
				if !strings.Contains(text, sum) || !strings.Contains(text, name) {
					t.Errorf("the %s lacks %s with %s", what, name, sum)
				}
			}
		}
		if strings.Contains(page, "komisch") {
			t.Error("a note is in the citizen's transcript")
		}
		ch.notKept("fragt komisch", "kmisch")
	})
}
