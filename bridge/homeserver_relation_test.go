package bridge_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"schalter/bridge"
)

// fact is something that was said or done in a room, as it was sent.
type fact struct {
	id bridge.EventID
	// kind is that of a clerk's event, also for what the ghost sends.
	kind   bridge.EventKind
	room   bridge.RoomID
	sender bridge.UserID
	// target is what it edits, reacts to or answers.
	target bridge.EventID
	text   string
	at     int64
}

// note remembers what was sent. The caller holds mu.
func (h *homeserver) note(f fact) {
	f.at = h.timeline[len(h.timeline)-1].At.UnixMilli()
	h.facts = append(h.facts, f)
}

func (h *homeserver) Redact(ctx context.Context, room bridge.RoomID, as bridge.UserID, transaction string, event bridge.EventID) error {
	return h.do(ctx, call{method: "Redact", room: room, as: as, entry: transaction, event: event}, func() { h.empty(room, as, event) })
}

// empty redacts an event: whoever has not read it gets its shell. The caller holds mu.
func (h *homeserver) empty(room bridge.RoomID, as bridge.UserID, event bridge.EventID) {
	h.redacted[event] = true
	for i, ev := range h.timeline {
		if ev.ID != event {
			continue
		}
		shell := bridge.Event{ID: ev.ID, Room: ev.Room, Sender: ev.Sender, At: ev.At, Kind: bridge.Redacted}
		if ev.Sender != keller && ev.Sender != vogt {
			shell.Kind = bridge.BareEcho
			for _, f := range h.facts {
				if f.id == event && f.kind == bridge.ClerkReaction {
					shell.Kind = bridge.BareReaction
				}
			}
		}
		h.timeline[i] = shell
	}
	h.add(bridge.Event{Room: room, Sender: as, Kind: bridge.Redaction, ReplyTo: event})
}

// act has a clerk say or do something, and returns its event.
func (h *homeserver) act(kind bridge.EventKind, room bridge.RoomID, by bridge.UserID, target bridge.EventID, text string) bridge.EventID {
	h.mu.Lock()
	defer h.mu.Unlock()
	ev := bridge.Event{Room: room, Sender: by, Kind: kind, ReplyTo: target, Text: text}
	if kind == bridge.ClerkReaction {
		ev.Text, ev.Key = "", text
	}
	id := h.add(ev)
	h.note(fact{id: id, kind: kind, room: room, sender: by, target: target, text: text})
	return id
}

// transcript is what a room shows of everybody who wrote for one side, as a Matrix client works it
// out (specification, "Event replacements", "Event annotations and reactions", "Redactions").
func (h *homeserver) transcript(room bridge.RoomID, mine func(bridge.UserID) bool) []seen {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []seen
	facts := slices.DeleteFunc(slices.Clone(h.facts), func(f fact) bool { return f.room != room || h.redacted[f.id] })
	for _, m := range facts {
		if m.kind != bridge.ClerkText || !mine(m.sender) {
			continue
		}
		s := seen{Text: m.text}
		var last fact
		count := map[string]map[bridge.UserID]bool{}
		for _, f := range facts {
			if f.target != m.id {
				continue
			}
			if f.kind == bridge.ClerkEdit && f.sender == m.sender && cmp.Or(cmp.Compare(f.at, last.at), cmp.Compare(f.id, last.id)) > 0 {
				s.Text, s.Edited, last = f.text, true, f
			}
			if f.kind == bridge.ClerkReaction {
				if count[f.text] == nil {
					count[f.text] = map[bridge.UserID]bool{}
				}
				count[f.text][f.sender] = true
			}
		}
		s.Reactions = reactionsText(func(yield func(string, int)) {
			for key, by := range count {
				yield(key, len(by))
			}
		})
		for _, q := range facts {
			if q.id == m.target {
				s.Quote = "a message"
			}
		}
		out = append(out, s)
	}
	return out
}

// reactionsText is the same for the same reactions in any order.
func reactionsText(each func(yield func(string, int))) string {
	var all []string
	each(func(key string, n int) { all = append(all, fmt.Sprint(key, n)) })
	slices.Sort(all)
	return fmt.Sprint(all)
}
