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
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
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
		good := []picked{
			{"Pass.jpg", "image/jpeg", photo, 1},
			{"Plan.png", "image/png", dot(t), 1},
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
			want = append(want, f.Name)
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
		fetch := func(name string) []byte {
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
			data, err := nora.client.DownloadBytes(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
		if got := fetch("Mietvertrag.pdf"); !bytes.Equal(got, bytes.Repeat(pdf, 20)) {
			t.Errorf("the clerk gets %d bytes of another PDF", len(got))
		}
		for _, f := range good[1:] {
			if got := fetch(f.Name); f.Name != "Plan.png" && !bytes.Equal(got, f.Data) {
				t.Errorf("%s: the clerk gets %d bytes that differ", f.Name, len(got))
			}
		}
		got := fetch("Pass.jpg")
		m, _, err := image.Decode(bytes.NewReader(got))
		if err != nil || m.Bounds().Dx() != 20 || m.Bounds().Dy() != 40 || bytes.Contains(got, []byte("GPS")) {
			t.Errorf("the photo: %v, %d bytes, place kept: %v", err, len(got), bytes.Contains(got, []byte("GPS")))
		}
	})
}
