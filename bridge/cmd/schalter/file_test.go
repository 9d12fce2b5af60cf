package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"slices"
	"testing"
	"time"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// TestFilesFromTheClerk: what a client sends comes to the citizen as it is, by a ticket and never by
// what the homeserver calls it; a redacted file is gone.
func TestFilesFromTheClerk(t *testing.T) {
	everywhere(t, func(t *testing.T, ch *chat) {
		nora := ch.clientOf(ch.nora)
		var picture bytes.Buffer
		if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 900, 500))); err != nil {
			t.Fatal(err)
		}
		large := make([]byte, 3<<20)
		for i := range large {
			large[i] = byte(rand.Uint32())
		}
		sent := map[string][]byte{"Plan für Müller 🏠.pdf": large, "bild.png": picture.Bytes(), "böse.svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)}
		events := map[string]id.EventID{}
		for name, data := range sent {
			kind := "application/octet-stream"
			if name == "bild.png" {
				kind = "image/png"
			}
			up, err := nora.client.UploadBytes(t.Context(), data, kind)
			if err != nil {
				t.Fatal(err)
			}
			content := &event.MessageEventContent{MsgType: event.MsgFile, Body: name, URL: up.ContentURI.CUString(), Info: &event.FileInfo{MimeType: "application/octet-stream", Size: len(data)}}
			if name == "bild.png" {
				content.MsgType, content.Info = event.MsgImage, &event.FileInfo{MimeType: "image/png", Size: len(data), Width: 900, Height: 500}
			}
			events[name] = nora.say(content)
			ch.awaitText(name)
		}
		nora.say(&event.MessageEventContent{MsgType: event.MsgFile, Body: "zu.bin", File: &event.EncryptedFileInfo{URL: "mxc://localhost/x"}})
		nora.text("danach")
		type message struct {
			ID   string
			Text string
			Kind string
			File *struct {
				Name    string
				Size    int
				Width   int
				Preview bool
			}
		}
		byName := map[string]message{}
		for _, raw := range ch.awaitText("danach") {
			if raw.Text == "zu.bin" {
				t.Error("an encrypted file has reached the citizen")
			}
		}
		var page struct{ Messages []message }
		if err := ch.citizen.get("/messages", &page); err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Messages {
			byName[m.Text] = m
		}
		for name, data := range sent {
			m := byName[name]
			if m.Kind != "file" || m.File == nil || m.File.Name != name || m.File.Size != len(data) {
				t.Errorf("%s came as %+v %+v", name, m, m.File)
				continue
			}
			if status, _, got := ch.fetch(m.ID, false, ""); status != http.StatusOK || !bytes.Equal(got, data) {
				t.Errorf("%s: answered %d with %d bytes, sent %d", name, status, len(got), len(data))
			}
		}
		if status, _, got := ch.fetch(byName["Plan für Müller 🏠.pdf"].ID, false, "bytes=1000000-1000999"); status != http.StatusPartialContent || !bytes.Equal(got, large[1000000:1001000]) {
			t.Errorf("range: answered %d with %d bytes", status, len(got))
		}
		status, header, got := ch.fetch(byName["bild.png"].ID, true, "")
		if shown, _, err := image.DecodeConfig(bytes.NewReader(got)); status != http.StatusOK || err != nil || shown.Width > 900 {
			t.Errorf("preview: %d %v %+v", status, err, shown)
		}
		if kind := header.Get("Content-Type"); kind != "image/png" && kind != "image/jpeg" {
			t.Errorf("preview is %s", kind)
		}
		if status, _, _ := ch.fetch(byName["böse.svg"].ID, true, ""); status != http.StatusNotFound {
			t.Errorf("preview of an SVG: %d", status)
		}
		nora.redact(events["bild.png"])
		eventually(t, time.Minute, func() string {
			if status, _, _ := ch.fetch(byName["bild.png"].ID, false, ""); status != http.StatusNotFound {
				return fmt.Sprintf("a redacted file answers %d", status)
			}
			return ""
		})
	})
}

// fetch gets a file, or its preview, as a browser does: with a ticket.
func (ch *chat) fetch(file string, preview bool, part string) (int, http.Header, []byte) {
	ch.t.Helper()
	status, answer, err := ch.citizen.post(ch.t.Context(), "conversations/"+ch.citizen.id+"/files/"+file+"/ticket", "", nil)
	if err != nil {
		ch.t.Fatal(err)
	}
	if status != http.StatusCreated {
		return status, nil, nil
	}
	var at struct {
		URL     string `json:"url"`
		Preview string `json:"preview_url"`
	}
	if err := json.Unmarshal(answer, &at); err != nil {
		ch.t.Fatal(err)
	}
	path := at.URL
	if preview {
		path = at.Preview
	}
	r, err := http.NewRequestWithContext(ch.t.Context(), http.MethodGet, ch.citizen.base+path, nil)
	if err != nil {
		ch.t.Fatal(err)
	}
	if part != "" {
		r.Header.Set("Range", part)
	}
	resp, err := client.Do(r)
	if err != nil {
		ch.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		ch.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, data
}

// TestFilesFromTheCitizen: what a citizen sends is in the room as it was, once and in order, however the
// bridge and the homeserver fare meanwhile; a clerk's client can fetch it.
func TestFilesFromTheCitizen(t *testing.T) {
	everywhere(t, func(t *testing.T, ch *chat) {
		nora := ch.clientOf(ch.nora)
		large := bytes.Repeat([]byte("Aarau "), 2<<20/6)
		copy(large, "%PDF-1.7\n")
		small := []byte("Grüezi\n")
		send := func(id, name string, data []byte) {
			t.Helper()
			eventually(t, time.Minute, func() string {
				status, answer, err := ch.citizen.upload(t.Context(), id, name, data)
				if err != nil || status != http.StatusAccepted {
					return fmt.Sprintf("upload answered %d %s %v", status, answer, err)
				}
				return ""
			})
		}
		send("one", "Pass Müller 🏠.pdf", large)
		if err := ch.citizen.say(t.Context(), "dazwischen"); err != nil {
			t.Fatal(err)
		}
		ch.kill()
		ch.mustStart()
		send("one", "Pass Müller 🏠.pdf", large) // the browser has heard nothing
		send("two", "zwei.txt", small)
		want := []string{"Guten Tag", "Pass Müller 🏠.pdf", "dazwischen", "zwei.txt"}
		eventually(t, 2*time.Minute, func() string {
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
			if !slices.Equal(got, want) {
				return fmt.Sprintf("in the room %q", got)
			}
			return ""
		})
		for name, data := range map[string][]byte{want[1]: large, want[3]: small} {
			sent, err := nora.client.GetEvent(t.Context(), nora.room, ch.eventOf(name))
			if err != nil {
				t.Fatal(err)
			}
			uri, _ := sent.Content.Raw["url"].(string)
			address, err := id.ParseContentURI(uri)
			if err != nil {
				t.Fatal(err)
			}
			got, err := nora.client.DownloadBytes(t.Context(), address)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s: the clerk gets %d bytes of %d: %v", name, len(got), len(data), err)
			}
			if status, _, got := ch.fetch(ch.message(name), false, ""); status != http.StatusOK || !bytes.Equal(got, data) {
				t.Errorf("%s: the citizen gets %d with %d bytes", name, status, len(got))
			}
		}
	})
}

// upload sends a file once, as a browser does.
func (c *citizen) upload(ctx context.Context, clientID, name string, data []byte, request ...string) (int, []byte, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err := form.WriteField("client_id", clientID)
	if err != nil {
		return 0, nil, err
	}
	for _, id := range request {
		if err := form.WriteField("request", id); err != nil {
			return 0, nil, err
		}
	}
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		return 0, nil, err
	}
	if _, err := part.Write(data); err != nil {
		return 0, nil, err
	}
	if err := form.Close(); err != nil {
		return 0, nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/api/v1/conversations/"+c.id+"/files", &body)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", form.FormDataContentType())
	resp, err := client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}
