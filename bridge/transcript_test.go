package bridge_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"schalter/bridge"
)

// syncShuffled reads at most limit events, in an order that a gap could give them: what clerks did
// changes places, but for their texts among each other.
func (w *world) syncShuffled(limit int, seed uint64) {
	w.t.Helper()
	lease, ours, err := w.b.TakeSync(context.Background())
	if err != nil || !ours {
		w.t.Fatalf("take sync: %v %v", ours, err)
	}
	since, _ := strconv.Atoi(lease.Since)
	events := w.hs.since(since)
	events = events[:min(limit, len(events))]
	var places []int
	var moved, texts []bridge.Event
	for i, ev := range events {
		switch ev.Kind {
		case bridge.ClerkText, bridge.ClerkEdit, bridge.ClerkReaction, bridge.Redaction, bridge.Redacted:
			places, moved = append(places, i), append(moved, ev)
			if ev.Kind == bridge.ClerkText {
				texts = append(texts, ev)
			}
		}
	}
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(moved), func(i, j int) { moved[i], moved[j] = moved[j], moved[i] })
	for i, ev := range moved {
		if ev.Kind == bridge.ClerkText {
			ev, texts = texts[0], texts[1:]
		}
		events[places[i]] = ev
	}
	err = w.b.FromMatrix(context.Background(), bridge.Batch{
		Lease: lease, Next: strconv.Itoa(since + len(events)), Events: events, Names: map[bridge.UserID]string{keller: "Frau Keller"},
	})
	if err != nil {
		w.t.Fatalf("sync: %v", err)
	}
}

// Whatever both sides write, edit, delete and react to, in whatever order it arrives, and whatever
// is lost or killed meanwhile: in the end both see the same, and nothing deleted is kept.
func TestBothSidesEndWithTheSameTranscript(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorldIn(t, filepath.Join(dir, fmt.Sprint(worlds.Add(1), ".db")))
		defer w.crash()
		w.hs.ticks = true
		w.hs.forgets = rapid.Bool().Draw(t, "forgets")
		fates := []fate{notSent, lostBefore, lostAfter, unknown}
		c := w.opened("<0>")
		ctx := context.Background()
		keys := rapid.SampledFrom([]string{"👍", "🎉"})
		own := func() (bridge.Message, bool) {
			all := slices.DeleteFunc(w.history(c.ID), func(m bridge.Message) bool {
				return m.Direction != bridge.FromCitizenDirection || m.Deleted()
			})
			if len(all) == 0 {
				return bridge.Message{}, false
			}
			return rapid.SampledFrom(all).Draw(t, "own"), true
		}
		clerks := rapid.SampledFrom([]bridge.UserID{keller, vogt})
		// known draws an event of the room that is there, of one sender if that is not empty.
		known := func(by bridge.UserID, kinds ...bridge.EventKind) (fact, bool) {
			w.hs.mu.Lock()
			all := slices.DeleteFunc(slices.Clone(w.hs.facts), func(f fact) bool {
				return w.hs.redacted[f.id] || by != "" && f.sender != by || !slices.Contains(kinds, f.kind) || f.room != c.Room
			})
			w.hs.mu.Unlock()
			if len(all) == 0 {
				return fact{}, false
			}
			return rapid.SampledFrom(all).Draw(t, "event"), true
		}
		for step := range rapid.IntRange(5, 30).Draw(t, "steps") {
			text := fmt.Sprintf("<%d>", step+1)
			client := fmt.Sprint("c-", step)
			switch rapid.SampledFrom([]string{
				"say", "say", "edit", "delete", "react", "unreact", "reply", "clerk says", "clerk says", "clerk edits", "clerk edits",
				"clerk deletes", "clerk reacts", "clerk replies", "admin deletes", "fate", "fate", "pass", "sync", "sync", "crash", "end",
			}).Draw(t, "step") {
			case "say", "reply":
				in := bridge.CitizenMessage{ClientID: client, Text: text}
				if all := w.history(c.ID); step%2 == 0 {
					in.ReplyTo = rapid.SampledFrom(all).Draw(t, "answered").ID
				}
				if _, err := w.b.FromCitizen(ctx, c.ID, in); err != nil {
					t.Fatalf("say: %v", err)
				}
			case "edit":
				if m, ok := own(); ok {
					if _, err := w.b.EditFromCitizen(ctx, c.ID, m.ID, bridge.CitizenMessage{ClientID: client, Text: text}); err != nil {
						t.Fatalf("edit: %v", err)
					}
				}
			case "delete":
				if m, ok := own(); ok {
					w.remove(c.ID, m.ID)
				}
			case "react", "unreact":
				all := slices.DeleteFunc(w.history(c.ID), bridge.Message.Deleted)
				if len(all) > 0 {
					w.react(c.ID, rapid.SampledFrom(all).Draw(t, "reacted").ID, keys.Draw(t, "key"), step%3 > 0)
				}
			case "clerk says":
				w.hs.act(bridge.ClerkText, c.Room, clerks.Draw(t, "clerk"), "", text)
			case "clerk replies":
				if f, ok := known("", bridge.ClerkText); ok {
					w.hs.act(bridge.ClerkText, c.Room, clerks.Draw(t, "clerk"), f.id, text)
				}
			case "clerk edits":
				clerk := clerks.Draw(t, "clerk")
				if f, ok := known(clerk, bridge.ClerkText); ok {
					w.hs.act(bridge.ClerkEdit, c.Room, clerk, f.id, text)
				}
			case "clerk reacts":
				clerk, key := clerks.Draw(t, "clerk"), keys.Draw(t, "key")
				if f, ok := known("", bridge.ClerkText); ok && !w.hs.reacted(clerk, f.id, key) {
					w.hs.act(bridge.ClerkReaction, c.Room, clerk, f.id, key)
				}
			case "clerk deletes", "admin deletes":
				clerk := clerks.Draw(t, "clerk")
				by := clerk
				if step%4 == 0 { // an admin may
					by = ""
				}
				if f, ok := known(by, bridge.ClerkText, bridge.ClerkEdit, bridge.ClerkReaction); ok {
					w.hs.mu.Lock()
					w.hs.empty(c.Room, clerk, f.id)
					w.hs.mu.Unlock()
				}
			case "fate":
				method := rapid.SampledFrom([]string{"Send", "Send", "React", "Redact", "SendBarrier"}).Draw(t, "method")
				w.hs.script(method, rapid.SampledFrom(fates).Draw(t, "fate"))
			case "pass":
				w.pass(time.Duration(rapid.IntRange(100, 6000).Draw(t, "ms")) * time.Millisecond)
			case "sync":
				w.syncShuffled(rapid.IntRange(1, 8).Draw(t, "events"), rapid.Uint64().Draw(t, "seed"))
			case "crash":
				w.crash()
				w.run()
			case "end":
				w.leave()
				w.run()
			}
		}
		w.hs.heal()
		w.syncShuffled(1<<30, rapid.Uint64().Draw(t, "seed"))
		w.drained()
		w.sameOnBothSides(c.ID)
		if got := w.look(c.ID); got.Awaited != 0 {
			t.Errorf("%d relations wait for ever", got.Awaited)
		}
		kept := w.texts(c.ID)
		w.hs.mu.Lock()
		defer w.hs.mu.Unlock()
		for _, f := range w.hs.facts {
			if w.hs.redacted[f.id] && f.kind != bridge.ClerkReaction && strings.Contains(kept, f.text) {
				t.Errorf("%s was deleted and is still kept: %s", f.text, kept)
			}
		}
	})
}

// reacted reports whether somebody's reaction is there: a homeserver takes no second one.
func (h *homeserver) reacted(by bridge.UserID, target bridge.EventID, key string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.facts, func(f fact) bool {
		return f.kind == bridge.ClerkReaction && f.sender == by && f.target == target && f.text == key && !h.redacted[f.id]
	})
}
