package bridge_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"schalter/bridge"
)

// clerkFile is a file of a clerk's, without a caption.
func clerkFile(room bridge.RoomID, event bridge.EventID, body string) bridge.Event {
	return bridge.Event{
		ID: event, Room: room, Sender: keller, Kind: bridge.ClerkText, Text: body, At: start,
		File: &bridge.File{Name: bridge.CleanFileName(body), Type: "image/png", Size: 7, URI: bridge.MediaURI("mxc://example.org/" + strings.Trim(string(event), "$"))},
	}
}

// fetched is what a ticket for a file gives; "" when it gives nothing.
func (w *world) fetched(id bridge.ConversationID, m bridge.MessageID, ticket string) string {
	w.t.Helper()
	content, err := w.b.FileContent(context.Background(), id, m, ticket)
	if errors.Is(err, bridge.ErrUnknownFile) {
		return ""
	}
	if err != nil {
		w.t.Fatalf("file: %v", err)
	}
	defer content.Body.Close()
	data, err := io.ReadAll(content.Body)
	if err != nil {
		w.t.Fatalf("read file: %v", err)
	}
	return string(data)
}

// A clerk's file reaches the citizen under its cleaned name; its ticket opens this file alone, for a
// minute, and nothing once the message is deleted.
func TestClerksFileReachesTheCitizen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, other := w.opened("Frage"), w.opened("andere")
	w.take(clerkFile(c.Room, "$plain", "ordner/Plan.png"))
	captioned := clerkFile(c.Room, "$captioned", "Bitte ausfüllen")
	captioned.File.Name, captioned.Captioned = "Formular.pdf", true
	w.take(captioned)
	all := w.history(c.ID)
	if len(all) != 3 {
		t.Fatalf("history %+v", all)
	}
	plain, form := all[1], all[2]
	if plain.Text != "Plan.png" || plain.File == nil || plain.File.Name != "Plan.png" || plain.File.Size != 7 || !plain.File.Previewed() {
		t.Errorf("plain %+v %+v", plain, plain.File)
	}
	if form.Text != "Bitte ausfüllen" || form.File == nil || form.File.Name != "Formular.pdf" {
		t.Errorf("captioned %+v %+v", form, form.File)
	}

	ticket, err := w.b.TicketFor(t.Context(), c.ID, plain.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.fetched(c.ID, plain.ID, ticket); got != "mxc://example.org/plain" {
		t.Errorf("fetched %q", got)
	}
	if p, err := w.b.FilePreview(t.Context(), c.ID, plain.ID, ticket); err != nil || string(p.Data) != "mxc://example.org/plain" {
		t.Errorf("preview %q %v", p.Data, err)
	}
	for name, got := range map[string]string{
		"of another file":         w.fetched(c.ID, form.ID, ticket),
		"of another conversation": w.fetched(other.ID, plain.ID, ticket),
		"guessed":                 w.fetched(c.ID, plain.ID, "x"+ticket[1:]),
	} {
		if got != "" {
			t.Errorf("ticket %s opens %q", name, got)
		}
	}
	for name, m := range map[string]bridge.MessageID{"a text's": all[0].ID, "another conversation's": form.ID} {
		id := c.ID
		if name == "another conversation's" {
			id = other.ID
		}
		if _, err := w.b.TicketFor(t.Context(), id, m); !errors.Is(err, bridge.ErrUnknownFile) {
			t.Errorf("ticket for %s file: %v", name, err)
		}
	}
	w.pass(bridge.TicketFor)
	if got := w.fetched(c.ID, plain.ID, ticket); got != "" {
		t.Errorf("an expired ticket opens %q", got)
	}

	if ticket, err = w.b.TicketFor(t.Context(), c.ID, plain.ID); err != nil {
		t.Fatal(err)
	}
	w.take(bridge.Event{ID: "$gone", Room: c.Room, Sender: keller, Kind: bridge.Redaction, ReplyTo: "$plain", At: start})
	if m := w.history(c.ID)[1]; !m.Deleted() || m.File != nil || m.Text != "" {
		t.Errorf("deleted %+v %+v", m, m.File)
	}
	if got := w.fetched(c.ID, plain.ID, ticket); got != "" {
		t.Errorf("a deleted message's ticket opens %q", got)
	}
	if strings.Contains(w.texts(c.ID), "Plan.png") {
		t.Error("a deleted file's name is kept")
	}
}

// What a homeserver answers instead of a file.
func TestFileThatCannotBeHad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	w.take(clerkFile(c.Room, "$file", "Plan.png"))
	m := w.history(c.ID)[1]
	ticket, err := w.b.TicketFor(t.Context(), c.ID, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, try := range []struct{ answer, want error }{
		{bridge.ErrNotFound, bridge.ErrUnknownFile}, {bridge.ErrForbidden, bridge.ErrUnknownFile},
		{bridge.ErrUnanswered, bridge.ErrUnavailable}, {bridge.ErrNotSent, bridge.ErrUnavailable},
	} {
		w.hs.script("Download", fate{err: try.answer})
		if _, err := w.b.FileContent(t.Context(), c.ID, m.ID, ticket); !errors.Is(err, try.want) {
			t.Errorf("%v: %v", try.answer, err)
		}
	}
	if got := w.fetched(c.ID, m.ID, ticket); got == "" {
		t.Error("afterwards it can't be had either")
	}
}

// A file under an internal note, or marked as one, stays inside; an encrypted one is of use to nobody,
// and its sender is told; an edit changes the caption and never the file.
func TestFilesThatStayInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	w.take(bridge.Event{ID: "$note", Room: c.Room, Sender: keller, Kind: bridge.ClerkText, Text: "// " + secret, At: start})
	inThread := clerkFile(c.Room, "$thread", secret+".png")
	inThread.Thread = "$note"
	captioned := clerkFile(c.Room, "$caption", "// "+secret)
	captioned.File.Name, captioned.Captioned = secret+".png", true
	before := len(w.hs.said(c.Room))
	w.take(inThread, captioned, clerkFile(c.Room, "$name", "//"+secret+".png"))
	w.take(bridge.Event{ID: "$e", Room: c.Room, Sender: keller, Kind: bridge.Unreadable, Class: bridge.ClassEncryptedFile, At: start})
	w.await("the clerk is told", func() bool { return len(w.hs.said(c.Room)) > before })
	if told := w.hs.said(c.Room); !strings.Contains(told[len(told)-1], "verschlüsselt") {
		t.Errorf("told %q", told)
	}
	w.take(bridge.Event{ID: "$n", Room: c.Room, Sender: nobody, Kind: bridge.Unreadable, Class: bridge.ClassEncryptedFile, At: start})

	w.take(clerkFile(c.Room, "$file", "Plan.png"))
	edit := clerkFile(c.Room, "$edit", "Der Plan")
	edit.Kind, edit.ReplyTo, edit.Captioned, edit.File.URI = bridge.ClerkEdit, "$file", true, "mxc://example.org/file"
	exchange := clerkFile(c.Room, "$exchange", "anderes.png")
	exchange.Kind, exchange.ReplyTo = bridge.ClerkEdit, "$file"
	w.take(edit, exchange)
	all := w.history(c.ID)
	if last := all[len(all)-1]; len(all) != 2 || last.Text != "Der Plan" || last.File == nil || last.File.URI != "mxc://example.org/file" {
		t.Errorf("history %+v", all)
	}
	if strings.Contains(w.public(c.ID), secret) {
		t.Error("an internal file has reached the citizen")
	}
	w.await("the exchange is answered", func() bool {
		told := w.hs.said(c.Room)
		return strings.Contains(told[len(told)-1], "ersetzen")
	})
	told := 0
	for _, s := range w.hs.said(c.Room) {
		if strings.Contains(s, "verschlüsselt") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times of an encrypted file: a stranger too?", told)
	}
}

func TestCleanFileName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Plan.png": "Plan.png", "Zürich 👨‍👩‍👧.pdf": "Zürich 👨‍👩‍👧.pdf", "../../etc/passwd": "passwd",
		`C:\Users\x\Brief.docx`: "Brief.docx", "Rechnung\u202egpj.exe": "Rechnunggpj.exe", "a\x00b\nc\t.txt": "ab c .txt",
		" .versteckt ": "versteckt", "...": "", "/": "", "a<b>\"c|?*:.txt": "abc.txt", "": "",
		strings.Repeat("ä", 300) + ".pdf": strings.Repeat("ä", 116) + ".pdf",
		strings.Repeat("x", 300):          strings.Repeat("x", 120),
	} {
		if got := bridge.CleanFileName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func FuzzCleanFileName(f *testing.F) {
	for _, s := range []string{"Plan.png", "../x", "\u202e", "a\xff", strings.Repeat("👩‍🦰", 90) + ".pdf", "x." + strings.Repeat("y", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := bridge.CleanFileName(s)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > bridge.MaxFileName || strings.ContainsAny(got, "/\\\x00\n\"<>|") {
			t.Errorf("%q becomes %q", s, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%q becomes %q", s, got)
			}
		}
		if again := bridge.CleanFileName(got); again != got {
			t.Errorf("%q becomes %q, then %q", s, got, again)
		}
	})
}
