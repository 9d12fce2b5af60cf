package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

// drained waits until the outbox has nothing left to do, with the clock running.
func (w *world) drained() {
	w.t.Helper()
	w.passUntil("outbox empty", 500*time.Millisecond, func() bool {
		w.sync()
		f, err := w.db.Figures(context.Background())
		return err == nil && len(f.Outbox) == 0
	})
}

func (w *world) edit(id bridge.ConversationID, m bridge.MessageID, text string) bridge.Message {
	w.t.Helper()
	got, err := w.b.EditFromCitizen(context.Background(), id, m, bridge.CitizenMessage{ClientID: "e-" + text, Text: text})
	if err != nil {
		w.t.Fatalf("edit: %v", err)
	}
	return got
}

func (w *world) remove(id bridge.ConversationID, m bridge.MessageID) bridge.Message {
	w.t.Helper()
	got, err := w.b.DeleteFromCitizen(context.Background(), id, m)
	if err != nil {
		w.t.Fatalf("delete: %v", err)
	}
	return got
}

func (w *world) react(id bridge.ConversationID, m bridge.MessageID, key string, there bool) bridge.Message {
	w.t.Helper()
	do := w.b.ReactFromCitizen
	if !there {
		do = w.b.UnreactFromCitizen
	}
	got, err := do(context.Background(), id, m, key)
	if err != nil {
		w.t.Fatalf("react: %v", err)
	}
	return got
}

// sameOnBothSides holds what citizen and clerks see of a conversation against each other.
func (w *world) sameOnBothSides(id bridge.ConversationID) {
	w.t.Helper()
	c := w.look(id)
	for d, mine := range map[bridge.Direction]func(bridge.UserID) bool{
		bridge.FromCitizenDirection: func(u bridge.UserID) bool { return u == c.Ghost },
		bridge.FromClerkDirection:   func(u bridge.UserID) bool { return u == keller || u == vogt },
	} {
		var citizens []seen
		for _, m := range w.history(id) {
			if m.Direction != d || m.Deleted() {
				continue
			}
			s := seen{Text: m.Text, Edited: !m.EditedAt.IsZero(), Reactions: reactionsText(func(yield func(string, int)) {
				for _, r := range m.Reactions {
					yield(r.Key, r.Count)
				}
			})}
			if m.Quote.Text != "" {
				s.Quote = "a message"
			}
			citizens = append(citizens, s)
		}
		clerks := w.hs.transcript(c.Room, mine)
		if !slices.Equal(citizens, clerks) {
			w.t.Errorf("what the %s wrote:\nthe citizen sees %+v\nthe clerks see   %+v", d, citizens, clerks)
		}
	}
}

// What a citizen does to a message whose sending has come this far, or ends like this.
func TestCitizenAmendsInEveryState(t *testing.T) {
	t.Parallel()
	states := map[string]func(w *world, c bridge.Conversation) (bridge.MessageID, func()){
		"delivered": func(w *world, c bridge.Conversation) (bridge.MessageID, func()) {
			m := w.say(c.ID, "zwei")
			w.delivered(c.ID)
			return m.ID, func() {}
		},
		"queued": func(w *world, c bridge.Conversation) (bridge.MessageID, func()) {
			hold := make(chan struct{})
			w.hs.script("Send", fate{hold: hold})
			w.say(c.ID, "davor")
			w.awaitBegun("Send", c.Room, 2)
			return w.say(c.ID, "zwei").ID, func() { close(hold) }
		},
		"in flight": func(w *world, c bridge.Conversation) (bridge.MessageID, func()) {
			hold := make(chan struct{})
			w.hs.script("Send", fate{hold: hold})
			m := w.say(c.ID, "zwei")
			w.awaitBegun("Send", c.Room, 2)
			return m.ID, func() { close(hold) }
		},
		"answer lost": func(w *world, c bridge.Conversation) (bridge.MessageID, func()) {
			w.hs.script("Send", lostAfter)
			m := w.say(c.ID, "zwei")
			w.inPhase(m.ID, bridge.Unsure)
			return m.ID, func() {}
		},
		"request lost": func(w *world, c bridge.Conversation) (bridge.MessageID, func()) {
			w.hs.script("Send", lostBefore)
			m := w.say(c.ID, "zwei")
			w.inPhase(m.ID, bridge.Unsure)
			return m.ID, func() {}
		},
		"refused later": func(w *world, c bridge.Conversation) (bridge.MessageID, func()) {
			hold := make(chan struct{})
			w.hs.script("Send", fate{hold: hold, err: bridge.ErrRefused})
			m := w.say(c.ID, "zwei")
			w.awaitBegun("Send", c.Room, 2)
			return m.ID, func() { close(hold) }
		},
	}
	deeds := map[string]func(w *world, c bridge.ConversationID, m bridge.MessageID){
		"edit": func(w *world, c bridge.ConversationID, m bridge.MessageID) { w.edit(c, m, "drei") },
		"edit twice": func(w *world, c bridge.ConversationID, m bridge.MessageID) {
			w.edit(c, m, "drei")
			w.edit(c, m, "vier")
		},
		"delete":       func(w *world, c bridge.ConversationID, m bridge.MessageID) { w.remove(c, m) },
		"edit, delete": func(w *world, c bridge.ConversationID, m bridge.MessageID) { w.edit(c, m, "drei"); w.remove(c, m) },
		"react":        func(w *world, c bridge.ConversationID, m bridge.MessageID) { w.react(c, m, "👍", true) },
		"react, unreact": func(w *world, c bridge.ConversationID, m bridge.MessageID) {
			w.react(c, m, "👍", true)
			w.react(c, m, "👍", false)
			w.react(c, m, "🎉", true)
		},
		"reply": func(w *world, c bridge.ConversationID, m bridge.MessageID) {
			if _, err := w.b.FromCitizen(context.Background(), c, bridge.CitizenMessage{ClientID: "r", Text: "Antwort", ReplyTo: m}); err != nil {
				w.t.Fatalf("reply: %v", err)
			}
		},
	}
	for state, reach := range states {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/restart %v", state, restart), func(t *testing.T) {
				w := newWorld(t)
				w.hs.ticks = true
				for deed, do := range deeds {
					c := w.opened("eins")
					m, then := reach(w, c)
					do(w, c.ID, m)
					if restart {
						_ = w.db.Close() // whatever the homeserver answers now is lost
						then()
						w.stop()
						w.run()
					} else {
						then()
					}
					w.drained()
					h := w.history(c.ID)
					i := slices.IndexFunc(h, func(o bridge.Message) bool { return o.ID == m })
					if h[i].Failed {
						// Of a message that the room never gets, the two sides can't be the same.
						if state != "refused later" || len(w.hs.said(c.Room)) > 2 {
							t.Errorf("%s: %+v, the room holds %v", deed, h[i], w.hs.said(c.Room))
						}
					} else {
						w.sameOnBothSides(c.ID)
					}
					if strings.Contains(deed, "delete") {
						if kept := w.texts(c.ID); strings.Contains(kept, "zwei") || strings.Contains(kept, "drei") {
							t.Errorf("%s: still kept: %s", deed, kept)
						}
						if state == "queued" && slices.Contains(w.hs.said(c.Room), "zwei") {
							t.Errorf("%s: sent, although it was deleted before", deed)
						}
					}
				}
			})
		}
	}
}

// Deleting an edited message leaves none of its texts in the room, also not those of its edits.
func TestDeletionRedactsTheEditsToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hs.ticks = true
	c := w.opened("eins")
	m := w.history(c.ID)[0]
	w.edit(c.ID, m.ID, "zwei")
	w.edit(c.ID, m.ID, "drei")
	w.drained()
	w.remove(c.ID, m.ID)
	w.drained()
	if redacted := w.hs.did("Redact", c.Room); len(redacted) != 3 || redacted[0].event != m.Event {
		t.Errorf("redacted %+v", redacted)
	}
	w.sameOnBothSides(c.ID)
}

// A redaction that the homeserver does not answer is repeated; one that it forbids for ever does
// not hold up what follows.
func TestRedactionsAreRepeatedAndGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("eins")
	m := w.say(c.ID, "zwei")
	w.delivered(c.ID)
	w.hs.script("Redact", lostAfter, lostBefore, notSent)
	w.remove(c.ID, m.ID)
	w.drained()
	w.sameOnBothSides(c.ID)
	for range 30 {
		w.hs.script("Redact", fate{err: bridge.ErrForbidden})
	}
	w.remove(c.ID, w.history(c.ID)[0].ID)
	w.say(c.ID, "drei")
	w.drained()
	w.delivered(c.ID)
	if got, err := w.db.CountSetAside(context.Background()); err != nil || got["refused_by_homeserver"] != 1 {
		t.Errorf("set aside %v %v", got, err)
	}
}

// An edit that the homeserver refuses for good is taken back on the citizen's side, too.
func TestRefusedEditIsTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hs.ticks = true
	c := w.opened("eins")
	w.onItsBoard(c)
	m := w.history(c.ID)[0]
	w.hs.script("Send", fate{err: bridge.ErrRefused})
	w.edit(c.ID, m.ID, "zwei")
	w.hs.script("React", fate{err: bridge.ErrRefused})
	w.react(c.ID, m.ID, "👍", true)
	w.drained()
	if h := w.history(c.ID); h[0].Text != "eins" || !h[0].EditedAt.IsZero() || len(h[0].Reactions) != 0 {
		t.Errorf("history %+v", h)
	}
	w.sameOnBothSides(c.ID)
}

// An admin redacts a citizen's edit or reaction in the room.
func TestWhatTheCitizenDidIsRedacted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hs.ticks = true
	c := w.opened("eins")
	m := w.history(c.ID)[0]
	w.edit(c.ID, m.ID, "zwei")
	w.react(c.ID, m.ID, "👍", true)
	w.drained()
	w.hs.mu.Lock()
	for _, f := range slices.Clone(w.hs.facts) {
		if f.sender == c.Ghost && f.kind != bridge.ClerkText {
			w.hs.empty(c.Room, keller, f.id)
		}
	}
	w.hs.mu.Unlock()
	w.sync()
	if h := w.history(c.ID); h[0].Text != "eins" || len(h[0].Reactions) != 0 {
		t.Errorf("history %+v", h)
	}
	w.sameOnBothSides(c.ID)
}

func TestCitizenAmendsOnlyWhatTheyMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, other := w.opened("eins"), w.opened("anderes")
	own, foreign := w.history(c.ID)[0].ID, w.history(other.ID)[0].ID
	w.hs.act(bridge.ClerkText, c.Room, keller, "", "Antwort")
	w.sync()
	clerks := w.history(c.ID)[1].ID
	gone := w.say(c.ID, "weg").ID
	w.remove(c.ID, gone)
	ctx := context.Background()
	edit := func(m bridge.MessageID, client, text string) error {
		_, err := w.b.EditFromCitizen(ctx, c.ID, m, bridge.CitizenMessage{ClientID: client, Text: text})
		return err
	}
	remove := func(m bridge.MessageID) error { _, err := w.b.DeleteFromCitizen(ctx, c.ID, m); return err }
	react := func(m bridge.MessageID, key string) error {
		_, err := w.b.ReactFromCitizen(ctx, c.ID, m, key)
		return err
	}
	unreact := func(m bridge.MessageID, key string) error {
		_, err := w.b.UnreactFromCitizen(ctx, c.ID, m, key)
		return err
	}
	reply := func(m bridge.MessageID) error {
		_, err := w.b.FromCitizen(ctx, c.ID, bridge.CitizenMessage{ClientID: "r" + string(m), Text: "x", ReplyTo: m})
		return err
	}
	var wrong *bridge.InvalidError
	check := func(when string, want map[string]error, got map[string]error) {
		t.Helper()
		for name, err := range got {
			if w := want[name]; w == nil && err != nil || w != nil && !errors.Is(err, w) {
				t.Errorf("%s, %s: error %v, want %v", when, name, err, want[name])
			}
		}
	}
	check("open", map[string]error{
		"edit of the clerk's": bridge.ErrUnchangeable, "edit of the deleted": bridge.ErrUnchangeable, "edit of nothing": bridge.ErrUnknownMessage,
		"edit of another's": bridge.ErrUnknownMessage, "delete the clerk's": bridge.ErrUnchangeable, "delete another's": bridge.ErrUnknownMessage,
		"react to the deleted": bridge.ErrUnchangeable, "react to another's": bridge.ErrUnknownMessage, "the same client_id": bridge.ErrClientIDReused,
		"the same client_id for another": bridge.ErrClientIDReused,
	}, map[string]error{
		"edit": edit(own, "a", "zwei"), "the same edit": edit(own, "a", "zwei"), "the same client_id": edit(own, "a", "drei"),
		"edit of the clerk's": edit(clerks, "b", "x"), "edit of the deleted": edit(gone, "c", "x"), "edit of nothing": edit("nothing", "d", "x"),
		"edit of another's": edit(foreign, "e", "x"), "delete the clerk's": remove(clerks), "delete the deleted": remove(gone), "delete another's": remove(foreign),
		"react to the clerk's": react(clerks, "👍"), "react again": react(clerks, "👍"), "react to the deleted": react(gone, "👍"),
		"react to another's": react(foreign, "👍"), "unreact what is not there": unreact(clerks, "🎉"), "reply to the clerk": reply(clerks),
		"the same client_id for another": edit(w.say(c.ID, "noch-eines").ID, "a", "zwei"),
	})
	for name, err := range map[string]error{
		"no text": edit(own, "f", " "), "long text": edit(own, "g", strings.Repeat("x", bridge.MaxText+1)), "bad client_id": edit(own, "?", "x"),
		"no key": react(own, ""), "long key": react(own, strings.Repeat("x", bridge.MaxReaction+1)), "key of two lines": react(own, "a\nb"),
		"reply to nothing": reply("nothing"), "reply to another's": reply(foreign),
	} {
		if !errors.As(err, &wrong) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	w.drained()
	if n := len(w.hs.did("React", c.Room)); n != 1 {
		t.Errorf("%d reactions sent", n)
	}
	w.sameOnBothSides(c.ID)
	if err := w.b.Close(ctx, c.ID); err != nil {
		t.Fatal(err)
	}
	check("closed", map[string]error{
		"edit": bridge.ErrConversationClosed, "delete": bridge.ErrConversationClosed, "react": bridge.ErrConversationClosed, "unreact": bridge.ErrConversationClosed,
	}, map[string]error{
		"edit": edit(own, "z", "vier"), "delete": remove(own), "react": react(own, "🎉"), "unreact": unreact(clerks, "👍"),
		"the edit again": edit(own, "a", "zwei"), "the deletion again": remove(gone), "the reaction again": react(clerks, "👍"),
	})
}

// A message that was edited or deleted is still the same message when the browser repeats it.
func TestRepeatedMessageAfterItsEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("eins")
	m := w.say(c.ID, "zwei")
	w.edit(c.ID, m.ID, "drei")
	if again := w.say(c.ID, "zwei"); again.ID != m.ID || again.Text != "drei" {
		t.Errorf("again %+v", again)
	}
	w.remove(c.ID, m.ID)
	if again := w.say(c.ID, "zwei"); again.ID != m.ID || !again.Deleted() {
		t.Errorf("again %+v", again)
	}
	w.drained()
}
