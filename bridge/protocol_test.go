package bridge_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

// posted are the files that the bot has put into rooms, with their bytes.
func (w *world) posted() map[string]string {
	w.hs.mu.Lock()
	defer w.hs.mu.Unlock()
	out := map[string]string{}
	for _, f := range w.hs.posted {
		out[f.Name] = string(w.hs.media[f.URI])
	}
	return out
}

func (w *world) timesPosted() int {
	w.hs.mu.Lock()
	defer w.hs.mu.Unlock()
	return len(w.hs.posted)
}

func sha(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}

// spoken is a chat with both sides' files, notes, and what never is a note.
func (w *world) spoken() (bridge.Conversation, string) {
	w.t.Helper()
	c := w.opened("Grüezi <b>")
	passport := string(pdf(3000))
	if _, err := w.upload(c.ID, "f1", "Pass.pdf", []byte(passport)); err != nil {
		w.t.Fatalf("upload: %v", err)
	}
	c = w.delivered(c.ID)
	w.hs.say(clerkText(c.Room, keller, "Guten Tag"))
	w.hs.say(clerkText(c.Room, keller, "// fragt komisch"))
	w.hs.say(clerkText(c.Room, keller, "!notiz Rückruf versprochen"))
	w.hs.say(clerkText(c.Room, keller, "!wer"))
	w.hs.say(clerkFile(c.Room, "", "Plan.png"))
	w.sync()
	w.idle()
	return w.look(c.ID), passport
}

// A protocol is two files in the room, each once, whatever answer is lost; both say the same, and name
// every file with its SHA-256. Notes are in it only where they were asked for.
func TestProtocol(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]func(w *world){
		"plain":                      func(*world) {},
		"a file can't be had yet":    func(w *world) { w.hs.script("Download", fate{err: bridge.ErrUnanswered}) },
		"upload's answer is lost":    func(w *world) { w.hs.script("Upload", fate{err: bridge.ErrUnanswered, acts: true}) },
		"no address can be reserved": func(w *world) { w.hs.script("CreateMedia", fate{err: bridge.ErrNotFound}) },
		"event's answer is lost":     func(w *world) { w.hs.script("Notice", fate{err: bridge.ErrUnanswered, acts: true}) },
		"event does not arrive":      func(w *world) { w.hs.script("Notice", fate{err: bridge.ErrUnanswered}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c, passport := w.spoken()
			script(w)
			w.hs.say(clerkText(c.Room, keller, "!protokoll"))
			w.sync()
			w.passUntil("both files are in the room", time.Second, func() bool { w.sync(); return len(w.posted()) == 2 })
			w.passUntil("the outbox is empty", time.Second, func() bool { w.sync(); return w.pieces() == 0 })
			if n := w.timesPosted(); n != 2 {
				t.Errorf("%d files were posted", n)
			}
			if kept, _ := w.media(); len(kept) != 3 {
				t.Errorf("%d media", len(kept))
			}
			page, raw := w.posted()["protokoll-1.html"], w.posted()["protokoll-1.json"]
			var p bridge.Protocol
			if err := json.Unmarshal([]byte(raw), &p); err != nil {
				t.Fatalf("%v in %s", err, raw)
			}
			var said []string
			for _, e := range p.Entries {
				said = append(said, e.From+" "+e.Sender+": "+e.Text)
			}
			want := []string{"citizen Anna: Grüezi <b>", "citizen Anna: Pass.pdf", "clerk Frau Keller: Guten Tag", "clerk Frau Keller: Plan.png"}
			if !slices.Equal(said, want) || p.Number != 1 || p.WithNotes || p.MadeBy != "Frau Keller" {
				t.Errorf("it says %q, %+v", said, p)
			}
			if len(p.Files) != 2 || p.Files[0].SHA256 != sha(passport) || p.Files[0].Name != "Pass.pdf" || len(p.Files[1].SHA256) != 64 {
				t.Errorf("files %+v", p.Files)
			}
			for _, f := range p.Files {
				if !strings.Contains(page, f.SHA256) {
					t.Errorf("the page lacks %+v", f)
				}
			}
			for _, text := range []string{"Grüezi &lt;b&gt;", "Frau Keller", `<html lang="de-CH">`, "nicht enthalten", `scope="col"`} {
				if !strings.Contains(page, text) {
					t.Errorf("the page lacks %q", text)
				}
			}
			if strings.Contains(page+raw, "komisch") || strings.Contains(page+raw, "Rückruf") {
				t.Error("a note is in it")
			}
		})
	}
}

func TestProtocolWithNotes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.spoken()
	w.hs.say(clerkText(c.Room, meier, "!protokoll notizen")) // of another area
	w.hs.say(clerkText(c.Room, keller, "!protokoll alles"))
	w.hs.say(clerkText(c.Room, keller, "!protocol notes"))
	w.sync()
	w.await("both files are in the room", func() bool { return len(w.posted()) == 2 })
	var p bridge.Protocol
	page := w.posted()["protocol-1.html"]
	if err := json.Unmarshal([]byte(w.posted()["protocol-1.json"]), &p); err != nil {
		t.Fatal(err)
	}
	var notes []string
	for _, e := range p.Entries {
		if e.From == "note" {
			notes = append(notes, e.Sender+": "+e.Text)
		}
	}
	if want := []string{"Frau Keller: fragt komisch", "Frau Keller: Rückruf versprochen"}; !slices.Equal(notes, want) || !p.WithNotes || p.Unreadable != 0 || len(p.Entries) != 6 {
		t.Errorf("notes %q of %+v", notes, p)
	}
	if !strings.Contains(page, "fragt komisch") || !strings.Contains(page, "internal note") || !strings.Contains(page, `lang="en"`) {
		t.Errorf("page %s", page)
	}
	w.await("the mistaken one is answered", func() bool {
		return slices.ContainsFunc(w.hs.said(c.Room), func(s string) bool { return strings.HasPrefix(s, "Bitte so: !protokoll") })
	})
	if w.timesPosted() != 2 || len(w.history(c.ID)) != 4 {
		t.Errorf("%d posted, history %+v", w.timesPosted(), w.history(c.ID))
	}
}

// What the homeserver will not take is said, and nothing of it is kept.
func TestProtocolThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.spoken()
	w.hs.script("Upload", fate{err: bridge.ErrRefused})
	w.hs.say(clerkText(c.Room, keller, "!protokoll"))
	w.sync()
	w.await("it is said", func() bool {
		return slices.ContainsFunc(w.hs.said(c.Room), func(s string) bool { return strings.Contains(s, "nicht angenommen") })
	})
	w.await("the other one is there", func() bool { return len(w.posted()) == 1 })
	w.await("nothing is kept", func() bool { return w.pieces() == 0 })
}
