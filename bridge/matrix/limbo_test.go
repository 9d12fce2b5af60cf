package matrix

import (
	"slices"
	"testing"
	"time"

	"schalter/bridge"
)

// TestLimbo: who is said to be joined, and is not, is found when it lasts; a join that is being taken in is not.
func TestLimbo(t *testing.T) {
	const room, other = bridge.RoomID("!a:s"), bridge.RoomID("!b:s")
	const nora, reto, lea = bridge.UserID("@nora:s"), bridge.UserID("@reto:s"), bridge.UserID("@lea:s")
	have := func(in ...bridge.UserID) roomState {
		s := roomState{{memberType, string(lea)}: {content: map[string]any{"membership": "invite"}}}
		for _, user := range in {
			s[stateKey{memberType, string(user)}] = stateValue{content: map[string]any{"membership": "join"}}
		}
		return s
	}
	began := time.Date(2026, 7, 6, 9, 0, 0, 0, time.UTC)
	l := newLimbo()
	look := func(after time.Duration, room bridge.RoomID, joined []bridge.UserID, in ...bridge.UserID) bool {
		return l.look(room, joined, have(in...), began.Add(after))
	}
	all := []bridge.UserID{nora, reto, lea}
	if look(0, room, all, nora) || look(0, other, all, nora, reto) {
		t.Error("found at the first look")
	}
	if look(limboAfter/2, room, all, nora, reto) {
		t.Error("found before it has lasted")
	}
	if got := l.take(room, began.Add(limboAfter/2)); got != nil {
		t.Errorf("taken before it has lasted: %v", got)
	}
	if !look(limboAfter, room, all, nora) {
		t.Error("not found though it lasts")
	}
	if got := l.take(room, began.Add(limboAfter)); !slices.Equal(got, []bridge.UserID{lea}) { // reto was in meanwhile
		t.Errorf("taken: %v", got)
	}
	if got := l.take(room, began.Add(limboAfter)); got != nil {
		t.Errorf("taken twice: %v", got)
	}
	if look(2*limboAfter, other, nil) || l.take(other, began.Add(2*limboAfter)) != nil {
		t.Error("found though nobody is said to be joined")
	}
	late := time.Now().Add(limboWithin)
	if !l.suspected(room, time.Now()) || l.suspected(room, late) {
		t.Error("a homeserver is suspected when it was shaken, and not for ever")
	}
	if look(0, room, all, nora); !l.suspected(room, late) {
		t.Error("a room in which somebody is in limbo is not looked at any more")
	}
}
