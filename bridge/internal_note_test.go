package bridge_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"schalter/bridge"
)

const secret = "GEHEIM"

// public is what the citizen's stream holds, as one text.
func (w *world) public(id bridge.ConversationID) string {
	w.t.Helper()
	var out strings.Builder
	for _, m := range w.history(id) {
		fmt.Fprintf(&out, "%+v %+v\n", m, m.Quote)
	}
	for _, m := range must(w.db.Changed(context.Background(), id, 0, 0, 1<<40, 1000)) {
		fmt.Fprintf(&out, "%+v %+v\n", m, m.Quote)
	}
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	for _, m := range w.told.messages {
		if m.Conversation == id {
			fmt.Fprintf(&out, "%+v %+v\n", m, m.Quote)
		}
	}
	return out.String()
}

// No text that is marked as internal is ever in a citizen's stream: whatever is edited, answered,
// redacted or reordered, and however often /sync is read in between.
func TestNotesNeverReachTheCitizen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		w.t = t
		c := w.opened("Frage")
		w.sync()
		type written struct {
			id       bridge.EventID
			internal bool
		}
		var events []bridge.Event
		var said []written
		marks := []string{"//", "// ", "/ ", "!notiz ", "!notitz ", " \t//", "\u200b//", "\n// ", "\u2060! ", "///"}
		for n := range rapid.IntRange(1, 12).Draw(t, "events") {
			ev := bridge.Event{ID: bridge.EventID(fmt.Sprintf("$%s-%d", c.ID, n)), Room: c.Room, Sender: keller, At: start}
			text := func(internal bool) {
				ev.Text = fmt.Sprint("offen ", n)
				if !internal {
					return
				}
				ev.Text = rapid.SampledFrom(marks).Draw(t, "mark") + secret
				if rapid.Bool().Draw(t, "in the formatted text only") && !strings.HasPrefix(strings.TrimSpace(ev.Text), "\u200b") {
					ev.Text, ev.HTML = "offen", "<p><b>"+ev.Text+"</b></p>"
				}
			}
			internal := rapid.Bool().Draw(t, "internal")
			kind := rapid.SampledFrom([]string{"text", "text", "edit", "reply", "thread", "redact", "react"}).Draw(t, "kind")
			if len(said) == 0 {
				kind = "text"
			}
			if kind == "text" {
				ev.Kind = bridge.ClerkText
				text(internal)
				said = append(said, written{ev.ID, internal})
				events = append(events, ev)
				continue
			}
			about := rapid.SampledFrom(said).Draw(t, "about")
			ev.ReplyTo = about.id
			switch kind {
			case "edit":
				ev.Kind = bridge.ClerkEdit
				text(internal)
				if about.internal && !internal { // takes the mark off, and keeps the text
					ev.Text = "ohne Strich " + secret
				}
			case "reply", "thread":
				ev.Kind = bridge.ClerkText
				text(internal)
				if kind == "thread" {
					ev.Thread = about.id
				}
				if about.internal && !internal {
					ev.Text, internal = "dazu "+secret, true
				}
				said = append(said, written{ev.ID, internal})
			case "redact":
				ev.Kind = bridge.Redaction
			case "react":
				ev.Kind, ev.Key = bridge.ClerkReaction, "👍"
			}
			events = append(events, ev)
		}
		// A reply that comes before what it answers goes out: only edits and redactions are moved.
		for range rapid.IntRange(0, 4).Draw(t, "moves") {
			i := rapid.IntRange(0, len(events)-1).Draw(t, "move")
			if k := events[i].Kind; k != bridge.ClerkEdit && k != bridge.Redaction && k != bridge.ClerkReaction {
				continue
			}
			j := rapid.IntRange(0, len(events)-1).Draw(t, "to")
			events[i], events[j] = events[j], events[i]
		}
		order(events)
		for len(events) > 0 {
			n := rapid.IntRange(1, len(events)).Draw(t, "batch")
			w.take(events[:n]...)
			if got := w.public(c.ID); strings.Contains(got, secret) {
				t.Fatalf("leaked:\n%s", got)
			}
			events = events[n:]
		}
	})
}

// order puts replies and threads back behind what they answer, where a swap has moved that.
func order(events []bridge.Event) {
	at := map[bridge.EventID]int{}
	for i := 0; i < len(events); i++ {
		at[events[i].ID] = i
		if events[i].Kind != bridge.ClerkText || events[i].ReplyTo == "" {
			continue
		}
		if _, before := at[events[i].ReplyTo]; before {
			continue
		}
		for j := i + 1; j < len(events); j++ {
			if events[j].ID == events[i].ReplyTo {
				events[i], events[j] = events[j], events[i]
				i = -1
				clear(at)
				break
			}
		}
	}
}

func TestNotesAreHeldBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	w.sync()
	note := w.hs.say(clerkText(c.Room, keller, "// Vorsicht"))
	w.sync()
	if got := w.look(c.ID); got.State != bridge.Waiting {
		t.Error("a note takes the chat")
	}
	answer := w.hs.say(clerkText(c.Room, keller, "Guten Tag"))
	w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.ClerkText, Text: "im Strang", Thread: note, ReplyTo: note})
	w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.ClerkText, Text: "im offenen Strang", Thread: answer, ReplyTo: answer})
	w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.ClerkText, Text: "darauf", ReplyTo: note})
	w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.ClerkEdit, Text: "// doch intern", ReplyTo: answer})
	w.sync()
	h := w.history(c.ID)
	if len(h) != 3 || h[1].Text != "Guten Tag" || h[2].Text != "im offenen Strang" {
		t.Errorf("history %+v", h)
	}
	w.await("told", func() bool {
		said := strings.Join(w.hs.said(c.Room), "\n")
		return strings.Contains(said, "Sie ging nicht hinaus") && strings.Contains(said, "Die Bearbeitung ging nicht hinaus")
	})
}
