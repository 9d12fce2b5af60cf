package bridge_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"schalter/bridge"
)

// scanner knows one virus, and can be away.
type scanner struct {
	mu    sync.Mutex
	err   error
	scans int
}

const virus = "VIRUS"

func (s *scanner) fails(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *scanner) Scan(_ context.Context, file io.Reader) (string, error) {
	data, err := io.ReadAll(file)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scans++
	if err = errors.Join(err, s.err); err != nil {
		return "", err
	}
	if bytes.Contains(data, []byte(virus)) {
		return "Test.Virus", nil
	}
	return "", nil
}

// scanned is a world whose files are scanned, and a chat in it.
func scanned(t *testing.T, hold bool) (*world, *scanner, bridge.Conversation) {
	t.Helper()
	s := &scanner{}
	w := newWorld(t, func(o *bridge.Options) {
		o.Scanner, o.Areas = s, slices.Clone(o.Areas)
		o.Areas[0].Files.Hold = hold
	})
	c := w.opened("Frage")
	w.settled()
	return w, s, c
}

// infected is a file with a virus in it.
func infected() []byte { return append(pdf(5000), virus...) }

// blocked holds a file to be nowhere, and both sides to be told.
func (w *world) blocked(c bridge.Conversation, m bridge.Message, want bridge.Verdict, note string) {
	w.t.Helper()
	w.await("the clerk is told", func() bool {
		return slices.ContainsFunc(w.hs.said(c.Room), func(text string) bool { return strings.Contains(text, note) && strings.Contains(text, "⛔ «x.pdf»") })
	})
	w.settled()
	all := w.history(c.ID)
	got := all[len(all)-1]
	if got.ID != m.ID || !got.Failed || got.File == nil || got.File.Verdict != want || !strings.HasPrefix(got.Text, "x.pdf – nicht weitergegeben") {
		w.t.Errorf("the chat says %+v %+v", got, got.File)
	}
	if kept, sent := w.media(); len(kept)+len(sent) != 0 || w.pieces() != 0 {
		w.t.Errorf("%d media, %d sent, %d pieces", len(kept), len(sent), w.pieces())
	}
	if _, err := w.b.TicketFor(context.Background(), c.ID, m.ID); !errors.Is(err, bridge.ErrUnknownFile) {
		w.t.Errorf("a ticket for it: %v", err)
	}
}

// Malware stays in the bridge and goes there at once; the same upload again is the same message.
func TestMalwareNeverReachesMatrix(t *testing.T) {
	t.Parallel()
	w, _, c := scanned(t, true)
	m, err := w.upload(c.ID, "f", "x.pdf", infected())
	if err != nil || !m.Failed || m.File.Verdict != bridge.Infected {
		t.Fatalf("%v %+v", err, m)
	}
	again, err := w.upload(c.ID, "f", "x.pdf", infected())
	if err != nil || again.ID != m.ID {
		t.Errorf("again: %v %+v", err, again)
	}
	w.blocked(c, m, bridge.Infected, "Schadsoftware")
	notes := slices.DeleteFunc(w.hs.said(c.Room), func(text string) bool { return !strings.Contains(text, "x.pdf") })
	if len(notes) != 1 {
		t.Errorf("the clerk is told %q", notes)
	}
	clean, err := w.upload(c.ID, "g", "y.pdf", pdf(5000))
	if err != nil {
		t.Fatal(err)
	}
	w.arrives(c, clean, pdf(5000))
}

// Where files wait for the scanner, nothing of them is sent before it is back, also over a crash.
func TestFileWaitsForTheScanner(t *testing.T) {
	t.Parallel()
	w, s, c := scanned(t, true)
	s.fails(bridge.ErrScannerAway)
	m, err := w.upload(c.ID, "f", "x.pdf", pdf(5000))
	if err != nil || m.File.Verdict != bridge.Unscanned || m.Text != "x.pdf – wird geprüft" {
		t.Fatalf("%v %+v", err, m)
	}
	w.say(c.ID, "dahinter")
	if _, err := w.b.TicketFor(context.Background(), c.ID, m.ID); !errors.Is(err, bridge.ErrUnknownFile) {
		t.Errorf("a ticket for it: %v", err)
	}
	w.passUntil("scanned again", time.Second, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.scans > 3 })
	w.crash()
	w.run()
	if kept, sent := w.media(); len(kept)+len(sent) != 0 {
		t.Errorf("%d media, %d sent", len(kept), len(sent))
	}
	s.fails(nil)
	w.passUntil("the file is there", time.Second, func() bool { w.sync(); _, sent := w.media(); return len(sent) == 1 })
	w.arrives(c, m, pdf(5000))
	said := slices.DeleteFunc(w.hs.said(c.Room), func(text string) bool { return strings.HasPrefix(text, "⏳") })
	if !slices.Equal(said, []string{"Frage", "x.pdf", "dahinter"}) {
		t.Errorf("in the room %q", said)
	}
	if all := w.history(c.ID); all[1].Text != "x.pdf" || all[1].File.Verdict != "" || all[1].Revision == 0 {
		t.Errorf("%+v %+v", all[1], all[1].File)
	}
}

// What was held is blocked when the scanner finds malware in it, can't take it, or does not come back.
func TestHeldFileIsBlocked(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]struct {
		data []byte
		then error
		step time.Duration
		want bridge.Verdict
		note string
	}{
		"malware":         {infected(), nil, time.Second, bridge.Infected, "Schadsoftware"},
		"too large":       {pdf(5000), bridge.ErrFileTooLarge, time.Second, bridge.Unscannable, "prüfen"},
		"not coming back": {pdf(5000), bridge.ErrScannerAway, time.Minute, bridge.Unscannable, "prüfen"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s, c := scanned(t, true)
			s.fails(bridge.ErrScannerAway)
			m, err := w.upload(c.ID, "f", "x.pdf", try.data)
			if err != nil {
				t.Fatal(err)
			}
			s.fails(try.then)
			w.passUntil("blocked", try.step, func() bool { all := w.history(c.ID); return all[len(all)-1].Failed })
			w.blocked(c, m, try.want, try.note)
		})
	}
}

// Where files do not wait, an upload is refused and leaves nothing; so is what the scanner never takes.
func TestFileIsRefusedWithoutAScanner(t *testing.T) {
	t.Parallel()
	w, s, c := scanned(t, false)
	for _, err := range []error{bridge.ErrFileTooLarge, bridge.ErrScannerAway} {
		s.fails(err)
		if _, got := w.upload(c.ID, "f", "x.pdf", pdf(5000)); !errors.Is(got, err) {
			t.Errorf("%v: %v", err, got)
		}
	}
	if n := w.pieces(); n != 0 || len(w.history(c.ID)) != 1 {
		t.Errorf("%d pieces are left", n)
	}
}

// A citizen may take back what waits.
func TestHeldFileIsTakenBack(t *testing.T) {
	t.Parallel()
	w, s, c := scanned(t, true)
	s.fails(bridge.ErrScannerAway)
	m, err := w.upload(c.ID, "f", "x.pdf", pdf(5000))
	if err != nil {
		t.Fatal(err)
	}
	w.inPhase(m.ID, bridge.Ready)
	w.remove(c.ID, m.ID)
	s.fails(nil)
	w.passUntil("the outbox is empty", time.Second, func() bool { _, found := w.entry(m.ID); return !found })
	if kept, sent := w.media(); len(kept)+len(sent) != 0 || w.pieces() != 0 {
		t.Errorf("%d media, %d sent, %d pieces", len(kept), len(sent), w.pieces())
	}
}
