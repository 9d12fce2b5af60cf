package bridge_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"schalter/bridge"
)

// pdf is a file of a size that looks like a PDF.
func pdf(size int) []byte {
	data := bytes.Repeat([]byte("Aarau "), size/6+1)[:size]
	copy(data, "%PDF-1.7\n")
	return data
}

func (w *world) upload(id bridge.ConversationID, client, name string, data []byte) (bridge.Message, error) {
	return w.b.FileFromCitizen(context.Background(), id, bridge.NewFile{ClientID: client, Name: name, Body: bytes.NewReader(data)})
}

// media are the files in the homeserver's store, and those that a room shows.
func (w *world) media() (kept map[bridge.MediaURI][]byte, sent []bridge.File) {
	w.hs.mu.Lock()
	defer w.hs.mu.Unlock()
	kept = map[bridge.MediaURI][]byte{}
	for uri, data := range w.hs.media {
		kept[uri] = data
	}
	return kept, append(sent, w.hs.sent...)
}

// arrives waits until a file is in the room, and holds it to be there once, as these bytes, and in the
// database no more.
func (w *world) arrives(c bridge.Conversation, m bridge.Message, want []byte) {
	w.t.Helper()
	w.passUntilDelivered(c.ID, time.Second)
	kept, sent := w.media()
	if len(sent) != 1 || len(kept) != 1 || !bytes.Equal(kept[sent[0].URI], want) {
		w.t.Fatalf("%d media, in the room %+v", len(kept), sent)
	}
	if _, err := w.db.Chunk(context.Background(), m.ID, 0); !errors.Is(err, bridge.ErrNotFound) {
		w.t.Errorf("a delivered file is kept: %v", err)
	}
}

// A file survives what text survives, byte for byte and once; where it will be kept is known before it
// is sent, so that there is one of it.
func TestCitizensFileArrivesOnce(t *testing.T) {
	t.Parallel()
	data := pdf(270_000)
	for name, script := range map[string]func(w *world){
		"plain":                       func(*world) {},
		"create refused for a moment": func(w *world) { w.hs.script("CreateMedia", fate{err: bridge.ErrNotSent}) },
		"upload's answer is lost":     func(w *world) { w.hs.script("Upload", fate{err: bridge.ErrUnanswered, acts: true}) },
		"upload does not arrive":      func(w *world) { w.hs.script("Upload", fate{err: bridge.ErrUnanswered}) },
		"no address can be reserved":  func(w *world) { w.hs.script("CreateMedia", fate{err: bridge.ErrNotFound}) },
		"event's answer is lost":      func(w *world) { w.hs.script("Send", fate{err: bridge.ErrUnanswered, acts: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.opened("Frage")
			w.idle()
			script(w)
			m, err := w.upload(c.ID, "f1", "../Pass\u202e.txt", data)
			if err != nil {
				t.Fatal(err)
			}
			again, err := w.upload(c.ID, "f1", "Pass.txt", data)
			if err != nil || again.ID != m.ID {
				t.Errorf("again: %v %+v", err, again)
			}
			if _, err := w.upload(c.ID, "f1", "Pass.txt", pdf(7)); !errors.Is(err, bridge.ErrClientIDReused) {
				t.Errorf("another file by the same name: %v", err)
			}
			if f := m.File; f == nil || f.Name != "Pass.txt.pdf" || f.Type != "application/pdf" || f.Size != int64(len(data)) || len(f.SHA256) != 64 {
				t.Errorf("stored %+v", m.File)
			}
			if name == "event's answer is lost" {
				w.await("the event is in the room", func() bool { _, sent := w.media(); return len(sent) == 1 })
				w.idle()
				w.sync()
			}
			w.arrives(c, m, data)
			if all := w.history(c.ID); len(all) != 2 || all[1].File == nil || all[1].File.Pending {
				t.Errorf("history %+v", all)
			}
		})
	}
}

// A crash in the middle of the upload, and a restart.
func TestCitizensFileSurvivesACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	w.idle()
	hold := make(chan struct{})
	w.hs.script("Upload", fate{hold: hold, err: bridge.ErrUnanswered})
	data := pdf(300_000)
	m, err := w.upload(c.ID, "f1", "Pass.pdf", data)
	if err != nil {
		t.Fatal(err)
	}
	w.awaitBegun("Upload", "", 1)
	ticket, err := w.b.TicketFor(t.Context(), c.ID, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.fetched(c.ID, m.ID, ticket); got != string(data) {
		t.Errorf("while it waits, %d bytes can be fetched", len(got))
	}
	crashed := make(chan struct{})
	go func() { defer close(crashed); w.crash() }()
	close(hold)
	<-crashed
	w.run()
	w.passUntil("the barrier", time.Second, func() bool { w.sync(); _, sent := w.media(); return len(sent) == 1 })
	w.arrives(c, m, data)
}

// What is refused leaves nothing behind.
func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, elsewhere := w.opened("Frage"), w.open(fund, "Frage")
	exe := append([]byte("MZ\x90\x00\x03\x00\x00\x00"), make([]byte, 4000)...)
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 40, 20)), nil); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]struct {
		data []byte
		want error
	}{
		"executable by another name": {exe, bridge.ErrFileType},
		"SVG":                        {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), bridge.ErrFileType},
		"page":                       {[]byte("<!DOCTYPE html><html><body>x</body></html>"), bridge.ErrFileType},
		"nothing of a known type":    {bytes.Repeat([]byte{0xfe, 1, 2}, 100), bridge.ErrFileType},
		"PDF that is a ZIP":          {append(pdf(5000), "PK\x05\x06\x00\x00"...), bridge.ErrFileTwofold},
		"picture that is a page":     {append(bytes.Clone(picture.Bytes()), "<HTML><Script>"...), bridge.ErrFileTwofold},
		"picture cut off":            {picture.Bytes()[:picture.Len()/3], bridge.ErrFileImage},
		"too large":                  {pdf(1<<19 + 1), bridge.ErrFileTooLarge},
	} {
		if _, err := w.upload(c.ID, "f", "Pass.pdf", try.data); !errors.Is(err, try.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	lost := errors.New("connection lost")
	_, err := w.b.FileFromCitizen(t.Context(), c.ID, bridge.NewFile{ClientID: "f", Name: "x", Body: io.MultiReader(bytes.NewReader(pdf(270_000)), iotest.ErrReader(lost))})
	if !errors.Is(err, lost) {
		t.Errorf("broken upload: %v", err)
	}
	if _, err := w.upload(elsewhere.ID, "f", "x.pdf", pdf(9000)); !errors.Is(err, bridge.ErrNoFiles) {
		t.Errorf("area that takes none: %v", err)
	}
	if all := w.history(c.ID); len(all) != 1 {
		t.Errorf("history %+v", all)
	}
	if n := w.pieces(); n != 0 {
		t.Errorf("%d pieces are left", n)
	}
	for i := range 6 {
		_, err := w.upload(c.ID, strings.Repeat("x", i+1), "x.pdf", pdf(9000))
		if i < 5 && err != nil || i == 5 && !errors.Is(err, bridge.ErrTooManyFiles) {
			t.Errorf("file %d: %v", i, err)
		}
	}
}

// A file that is deleted before the homeserver has it never gets there.
func TestCitizenDeletesAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	w.idle()
	w.hs.script("CreateMedia", fate{err: bridge.ErrNotSent})
	m, err := w.upload(c.ID, "f", "x.pdf", pdf(9000))
	if err != nil {
		t.Fatal(err)
	}
	w.awaitCalls("CreateMedia", "", 1)
	w.idle()
	if got := w.remove(c.ID, m.ID); !got.Deleted() || got.File != nil {
		t.Errorf("deleted %+v", got)
	}
	w.passUntil("the outbox is empty", time.Second, func() bool { _, found := w.entry(m.ID); return !found })
	if kept, sent := w.media(); len(kept)+len(sent) != 0 || w.pieces() != 0 {
		t.Errorf("%d media, %d sent, %d pieces", len(kept), len(sent), w.pieces())
	}
}

// pieces counts what of files is in the database.
func (w *world) pieces() int {
	w.t.Helper()
	var n int
	raw := w.raw()
	defer raw.Close()
	if err := raw.QueryRow(`SELECT count(*) FROM file_chunks`).Scan(&n); err != nil {
		w.t.Fatalf("count pieces: %v", err)
	}
	return n
}
