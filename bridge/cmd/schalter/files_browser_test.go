package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // a decoder
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"schalter/bridge/clamav/clamavtest"
	"schalter/bridge/fileguard/fileguardtest"
	b "schalter/webchat/browsertest"
)

// picked is a file that a citizen picks. times repeats what it is made of, in the browser: a large file
// need not travel there.
type picked struct {
	Name, Type string
	Data       []byte
	Times      int
}

// pick puts files into the tray's input, as the file dialog does.
func pick(files ...picked) chromedp.Action[chromedp.Void] {
	type made struct {
		Name, Type, Data string
		Times            int
	}
	var all []made
	for _, f := range files {
		all = append(all, made{f.Name, f.Type, base64.StdEncoding.EncodeToString(f.Data), max(f.Times, 1)})
	}
	list, err := json.Marshal(all)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return b.Until(fmt.Sprintf(`(() => { const d = new DataTransfer(), at = $(".tray input");
		for (const f of %s) { const part = Uint8Array.from(atob(f.Data), (c) => c.charCodeAt(0)); d.items.add(new File(Array(f.Times).fill(part), f.Name, { type: f.Type })); }
		at.files = d.files; at.dispatchEvent(new Event("change")); return true; })()`, list))
}

// zipped is a ZIP of such files, stored: what office programs write.
func zipped(t *testing.T, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		part, err := w.CreateHeader(&zip.FileHeader{Name: files[i], Method: zip.Store})
		if err == nil {
			_, err = part.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func dot(t *testing.T) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 4, 4))
	m.Set(1, 1, color.White)
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestFilesInTheBrowser: what a citizen sends from Chromium is in the clerk's room, once, through a broken
// upload too; a photo's place is gone; what is not what it says, and malware, stays outside.
func TestFilesInTheBrowser(t *testing.T) {
	everywhere(t, func(t *testing.T, ch *chat) {
		clamd := clamavtest.Start(t)
		ch.stop()
		ch.configure(func(text string) string { return text + "\nscanner: {address: \"unix:" + clamd.Address + "\"}\n" })
		ch.mustStart()
		tab := b.Browser(t)
		b.Do(t, tab, chromedp.Navigate(ch.base+"/?language=de-CH"), b.Click("[data-area="+areaA+"]"), b.Written("Guten Tag"), b.Until(`/gespeichert|zugestellt/.test($(".citizen").innerText)`))
		room, err := ch.nora.enter(t.Context(), numberOf(t, tab))
		if err != nil {
			t.Fatal(err)
		}
		b.Do(t, tab, b.Until(`!$(".clip").hidden`), b.Click(".clip"), b.Says(".tray .soft", "Höchstens 20 MB"))

		pdf := bytes.Repeat([]byte("%PDF-1.7\nAarau.."), 1<<16) // 1 MB
		photo := fileguardtest.Photo(t, 40, 20, 6)
		point, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==") // one pixel
		if err != nil {
			t.Fatal(err)
		}
		good := []picked{
			{"Pass.jpg", "image/jpeg", photo, 1},
			{"Aussicht.jpg", "image/jpeg", fileguardtest.Photo(t, 1600, 1200, 6), 1},
			{"Plan.png", "image/png", dot(t), 1},
			{"Punkt.webp", "image/webp", point, 1},
			{"Notiz.txt", "text/plain", []byte("Grüezi mitenand\n"), 1},
			{"Liste.csv", "text/csv", []byte("Name,Ort\nMüller,Aarau\nMeier,Aarau\n"), 1},
			{"Brief.docx", "", zipped(t, "[Content_Types].xml", "<Types/>", "word/document.xml", "<document/>"), 1},
			{"Tabelle.xlsx", "", zipped(t, "[Content_Types].xml", "<Types/>", "xl/workbook.xml", "<workbook/>"), 1},
			{"Brief.odt", "", zipped(t, "mimetype", "application/vnd.oasis.opendocument.text", "content.xml", "<x/>"), 1},
			{"Tabelle.ods", "", zipped(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet", "content.xml", "<x/>"), 1},
		}
		b.Do(t, tab, pick(good...))
		want := []string{"Guten Tag"}
		for _, f := range good {
			want = append(want, strings.Replace(f.Name, ".webp", ".webp.png", 1)) // no encoder of WebP: a PNG comes of it
		}
		shown := func(name string) chromedp.Action[chromedp.Void] {
			return b.Until(fmt.Sprintf(`$$(".log .text").some((e) => e.innerText === %q)`, name))
		}
		b.Do(t, tab, shown("Tabelle.ods"), b.Until(`!$(".tray li")`))

		// The service ends under a large file, which has told how far it is, and comes back.
		b.Do(t, tab, pick(picked{"Mietvertrag.pdf", "application/pdf", pdf, 20}), b.Until(`!$(".tray li") || /%|geprüft/.test($(".tray li").innerText)`))
		ch.kill()
		ch.mustStart()
		b.Do(t, tab, shown("Mietvertrag.pdf"), b.Until(`!$(".tray li")`))
		want = append(want, "Mietvertrag.pdf")

		// What is something else than it says, and malware.
		for _, bad := range []struct {
			picked
			says string
		}{
			{picked{"Rechnung.pdf", "application/pdf", append([]byte("MZ\x90\x00\x03\x00\x00\x00\x04"), make([]byte, 300)...), 1}, "Dateien dieser Art"},
			{picked{"Doppelt.pdf", "application/pdf", append([]byte("%PDF-1.7\n"), zipped(t, "a.js", "alert(1)")...), 1}, "enthält etwas anderes"},
			{picked{"Virus.txt", "text/plain", clamavtest.EICAR(), 1}, "Schadsoftware"},
		} {
			b.Do(t, tab, pick(bad.picked), b.Until(fmt.Sprintf(`$$(".tray li").some((e) => e.innerText.includes(%q) && e.querySelector("progress").hidden && e.innerText.includes(%q))`, bad.Name, bad.says)))
		}
		eventually(t, 2*time.Minute, func() string {
			events, err := ch.nora.timeline(t.Context(), room)
			if err != nil {
				return err.Error()
			}
			var got []string
			blocked := false
			for _, e := range events {
				if isGhost(e.Sender) && e.Type == "m.room.message" {
					got = append(got, e.Content.Body)
				}
				blocked = blocked || strings.Contains(e.Content.Body, "«Virus.txt» ist blockiert")
			}
			if !slices.Equal(got, want) || !blocked {
				return fmt.Sprintf("in the room %q, malware told: %v", got, blocked)
			}
			return ""
		})

		// A clerk's client fetches what was sent; the photo is turned, and says nothing of its place.
		ch.room = room
		nora := ch.clientOf(ch.nora)
		address := func(name string) id.ContentURI {
			t.Helper()
			events, err := ch.nora.timeline(t.Context(), room)
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(events, func(e roomEvent) bool { return e.Content.Body == name && isGhost(e.Sender) })
			sent, err := nora.client.GetEvent(t.Context(), nora.room, id.EventID(events[at].ID))
			if err != nil {
				t.Fatal(err)
			}
			uri, _ := sent.Content.Raw["url"].(string)
			address, err := id.ParseContentURI(uri)
			if err != nil {
				t.Fatal(err)
			}
			return address
		}
		fetch := func(name string) []byte {
			t.Helper()
			data, err := nora.client.DownloadBytes(t.Context(), address(name))
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
		if got := fetch("Mietvertrag.pdf"); !bytes.Equal(got, bytes.Repeat(pdf, 20)) {
			t.Errorf("the clerk gets %d bytes of another PDF", len(got))
		}
		for _, f := range good {
			if f.Type == "image/jpeg" || f.Type == "image/png" || f.Type == "image/webp" {
				continue // drawn anew
			}
			if got := fetch(f.Name); !bytes.Equal(got, f.Data) {
				t.Errorf("%s: the clerk gets %d bytes that differ", f.Name, len(got))
			}
		}
		for name, wide := range map[string]int{"Plan.png": 4, "Punkt.webp.png": 1} {
			if m, kind, err := image.Decode(bytes.NewReader(fetch(name))); err != nil || kind != "png" || m.Bounds().Dx() != wide {
				t.Errorf("%s: %s %v", name, kind, err)
			}
		}
		// The homeserver has made a small picture of the large one, upright as that is.
		resp, err := nora.client.DownloadThumbnail(t.Context(), address("Aussicht.jpg"), 480, 640)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if m, _, err := image.Decode(resp.Body); err != nil || m.Bounds().Dx() > 640 || m.Bounds().Dx() >= m.Bounds().Dy() {
			t.Errorf("the small picture: %v %v", m.Bounds(), err)
		}
		got := fetch("Pass.jpg")
		m, _, err := image.Decode(bytes.NewReader(got))
		if err != nil || m.Bounds().Dx() != 20 || m.Bounds().Dy() != 40 || bytes.Contains(got, []byte("GPS")) {
			t.Errorf("the photo: %v, %d bytes, place kept: %v", err, len(got), bytes.Contains(got, []byte("GPS")))
		}
	})
}

// TestClerksFilesInTheBrowser: what a clerk sends stands in the citizen's Chromium, an image with its picture, and is
// saved there byte for byte, also by a service that was killed in between.
func TestClerksFilesInTheBrowser(t *testing.T) {
	everywhere(t, func(t *testing.T, ch *chat) {
		tab := b.Browser(t)
		folder := b.Saving(t, tab)
		b.Do(t, tab, chromedp.Navigate(ch.base+"/?language=de-CH"), b.Click("[data-area="+areaA+"]"), b.Written("Guten Tag"), b.Until(`/gespeichert|zugestellt/.test($(".citizen").innerText)`))
		room, err := ch.nora.enter(t.Context(), numberOf(t, tab))
		if err != nil {
			t.Fatal(err)
		}
		ch.room = room
		nora := ch.clientOf(ch.nora)
		var plan bytes.Buffer
		if err := png.Encode(&plan, image.NewRGBA(image.Rect(0, 0, 900, 500))); err != nil {
			t.Fatal(err)
		}
		sheet := bytes.Repeat([]byte("%PDF-1.7\nMerkblatt für Müller\n"), 100_000)
		for _, f := range []struct {
			name, kind string
			data       []byte
			as         event.MessageType
			info       event.FileInfo
		}{
			{"Plan.png", "image/png", plan.Bytes(), event.MsgImage, event.FileInfo{Width: 900, Height: 500}},
			{"Merkblatt für Müller 🏠.pdf", "application/pdf", sheet, event.MsgFile, event.FileInfo{}},
			{"Voice message.ogg", "audio/ogg", []byte("OggS"), event.MsgAudio, event.FileInfo{}},
		} {
			up, err := nora.client.UploadBytes(t.Context(), f.data, f.kind)
			if err != nil {
				t.Fatal(err)
			}
			f.info.MimeType, f.info.Size = f.kind, len(f.data)
			nora.say(&event.MessageEventContent{MsgType: f.as, Body: f.name, URL: up.ContentURI.CUString(), Info: &f.info})
		}
		b.Do(t, tab, b.Says(".card", "OGG · 1 KB"), b.Says(".card", "PDF · 3.2 MB"), b.Until(`$(".card canvas").width > 100 && $(".card canvas").ariaLabel === "Plan.png"`))
		ch.kill()
		ch.mustStart()
		b.Do(t, tab, b.Click(`[aria-label="Herunterladen: Merkblatt für Müller 🏠.pdf"]`))
		eventually(t, time.Minute, func() string {
			got, err := os.ReadFile(filepath.Join(folder, "Merkblatt für Müller 🏠.pdf"))
			if err != nil || !bytes.Equal(got, sheet) {
				return fmt.Sprintf("saved: %d of %d bytes, %v", len(got), len(sheet), err)
			}
			return ""
		})
	})
}
