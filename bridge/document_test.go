package bridge_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

// asked is a chat in which a document was asked for, with the notice in the room.
func asked(t *testing.T, url, line string) (*office, bridge.Conversation, bridge.Message, bridge.EventID) {
	t.Helper()
	w := newBoard(t, url, func(a *bridge.ServiceArea) {
		a.Files = bridge.FileRules{MaxBytes: 1 << 19, MaxCount: 5, Types: []string{"application/pdf"}}
	})
	c, _ := w.posted("Grüezi")
	w.hs.say(clerkText(c.Room, keller, line))
	w.sync()
	var m bridge.Message
	w.await("the notice is in the room", func() bool {
		h := w.history(c.ID)
		m = h[len(h)-1]
		return m.Card != nil && m.Event != ""
	})
	return w, c, m, m.Event
}

func (w *office) answer(id bridge.ConversationID, client string, request bridge.MessageID) (bridge.Message, error) {
	return w.b.FileFromCitizen(context.Background(), id, bridge.NewFile{ClientID: client, Name: client + ".pdf", Request: request, Body: bytes.NewReader(pdf(2000))})
}

// A document is asked for by name, answered by a file, and both sides see what has come, with its
// SHA-256; a file that is deleted has answered nothing.
func TestDocumentIsAskedFor(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w, c, m, notice := asked(t, url, "!dokument „Heimat  schein“ nicht älter\u202e als «sechs» Monate")
		if m.Text != "Bitte senden Sie uns: Heimat schein\nnicht älter als «sechs» Monate" || m.Sender != "Frau Keller" || m.Card.Title != "Heimat schein" || m.Card.Document.Hint != "nicht älter als «sechs» Monate" {
			t.Errorf("asked %+v %+v", m, m.Card)
		}
		open := "📄 Verlangt: Heimat schein (nicht älter als «sechs» Monate) – noch offen"
		if got := w.hs.said(c.Room); !slices.Contains(got, open) {
			t.Errorf("the room holds %q", got)
		}
		for _, request := range []bridge.MessageID{"01JZZZZZZZZZZZZZZZZZZZZZZZ", w.history(c.ID)[0].ID} {
			var invalid *bridge.InvalidError
			if _, err := w.answer(c.ID, "x", request); !errors.As(err, &invalid) || invalid.Field != "request" {
				t.Errorf("answer to %s: %v", request, err)
			}
		}
		first, err := w.answer(c.ID, "eins", m.ID)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := w.answer(c.ID, "eins", m.ID); err != nil || again.ID != first.ID {
			t.Errorf("again: %+v %v", again, err)
		}
		w.shows(notice, "✅ Gekommen: Heimat schein\n    eins.pdf · SHA-256 "+sha(string(pdf(2000))))
		got := must(w.db.Message(t.Context(), m.ID))
		if a := got.Card.Document.Answers; len(a) != 1 || a[0] != (bridge.DocumentAnswer{Message: first.ID, Name: "eins.pdf", SHA256: first.File.SHA256}) || got.Revision == 0 {
			t.Errorf("the citizen sees %+v %+v", got, got.Card.Document)
		}
		if _, err := w.answer(c.ID, "zwei", m.ID); err != nil {
			t.Fatal(err)
		}
		w.shows(notice, "zwei.pdf")
		if got := w.order(c, keller, "!dokument"); !strings.Contains(got, "✅ Gekommen: Heimat schein\n    eins.pdf") {
			t.Errorf("list %s", got)
		}
		for _, m := range w.history(c.ID) {
			if m.File != nil {
				w.remove(c.ID, m.ID)
			}
		}
		w.shows(notice, open)
		if got := must(w.db.Message(t.Context(), m.ID)); len(got.Card.Document.Answers) != 0 {
			t.Errorf("answers %+v", got.Card.Document)
		}
	})
}

// What can't be asked for; and a request that is taken back in the room is so for the citizen.
func TestDocumentThatIsNotAskedFor(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w, c, m, notice := asked(t, url, "!document Passport")
		for _, step := range []struct {
			who        bridge.UserID
			line, want string
		}{
			{keller, "!dokument " + strings.Repeat("x", 81), "höchstens 80 Zeichen"},
			{keller, `!dokument ""`, "Bitte so: !dokument"},
			{keller, "!dokument Pass " + strings.Repeat("x", 301), "höchstens 300"},
			{keller, "!dokument", "📄 Verlangt: Passport – noch offen"},
			{meier, "!dokument Pass", ""},
		} {
			if got := w.order(c, step.who, step.line); !strings.Contains(got, step.want) || step.want == "" && got != "" {
				t.Errorf("%s %s\ngot  %s\nwant %s", step.who, step.line, got, step.want)
			}
		}
		w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.Redaction, ReplyTo: notice})
		w.sync()
		if got := must(w.db.Message(t.Context(), m.ID)); !got.Deleted() || got.Card != nil {
			t.Errorf("taken back: %+v", got)
		}
		var invalid *bridge.InvalidError
		if _, err := w.answer(c.ID, "x", m.ID); !errors.As(err, &invalid) {
			t.Errorf("answer to what was taken back: %v", err)
		}
		if got := w.order(c, keller, "!dokument"); !strings.Contains(got, "Es ist kein Dokument verlangt") {
			t.Error(got)
		}
	})
}

// A file that waits for the malware scanner has answered nothing before it is clean, and malware never does.
func TestDocumentThatIsScanned(t *testing.T) {
	t.Parallel()
	w, s, c := scanned(t, true)
	w.hs.say(clerkText(c.Room, keller, "!dokument Pass"))
	w.sync()
	request := w.history(c.ID)[1]
	send := func(client string, data []byte) {
		t.Helper()
		in := bridge.NewFile{ClientID: client, Name: client + ".pdf", Request: request.ID, Body: bytes.NewReader(data)}
		if _, err := w.b.FileFromCitizen(t.Context(), c.ID, in); err != nil {
			t.Fatal(err)
		}
	}
	answers := func() []bridge.DocumentAnswer {
		return must(w.db.Message(t.Context(), request.ID)).Card.Document.Answers
	}
	send("malware", infected())
	s.fails(bridge.ErrScannerAway)
	send("waits", pdf(5000))
	if got := answers(); len(got) != 0 {
		t.Errorf("answers %+v", got)
	}
	s.fails(nil)
	w.passUntil("the clean one answers", time.Second, func() bool { return len(answers()) > 0 })
	if got := answers(); len(got) != 1 || got[0].Name != "waits.pdf" {
		t.Errorf("answers %+v", got)
	}
	if files, err := w.b.Fingerprints(t.Context(), c.ID); err != nil || len(files) != 1 || files[0].File.Name != "waits.pdf" {
		t.Errorf("files %+v %v", files, err)
	}
}
