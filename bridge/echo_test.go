package bridge_test

import (
	"testing"
	"time"

	"schalter/bridge"
)

// unsure brings a message into doubt: sent, not answered, not there.
func unsure(t *testing.T) (*world, bridge.Conversation, bridge.Message) {
	t.Helper()
	w := newWorld(t)
	c := w.opened("1")
	w.hs.script("Send", lostBefore)
	m := w.say(c.ID, "2")
	w.inPhase(m.ID, bridge.Unsure)
	return w, c, m
}

func TestForgedMarkersHaveNoEffect(t *testing.T) {
	t.Parallel()
	w, c, m := unsure(t)
	other := w.opened("other")
	marker := string(m.ID)
	for name, ev := range map[string]bridge.Event{
		"other ghost, right room": {Room: c.Room, Sender: other.Ghost, Kind: bridge.Echo, Marker: marker},
		"other ghost, own room":   {Room: other.Room, Sender: other.Ghost, Kind: bridge.Echo, Marker: marker},
		"right ghost, wrong room": {Room: other.Room, Sender: c.Ghost, Kind: bridge.Echo, Marker: marker},
		"bot":                     {Room: c.Room, Sender: w.hs.BotID(), Kind: bridge.Echo, Marker: marker},
		"clerk":                   {Room: c.Room, Sender: keller, Kind: bridge.Echo, Marker: marker},
		"no room":                 {Sender: c.Ghost, Kind: bridge.Echo, Marker: marker},
		"unknown marker":          {Room: c.Room, Sender: c.Ghost, Kind: bridge.Echo, Marker: "nothing"},
		"no marker":               {Room: c.Room, Sender: c.Ghost, Kind: bridge.Echo},
		"marker with a NUL":       {Room: c.Room, Sender: c.Ghost, Kind: bridge.Echo, Marker: marker + "\x00"},
		"other kind":              {Room: c.Room, Sender: c.Ghost, Kind: bridge.Other, Marker: marker},
		"area's entry":            {Room: c.Room, Sender: c.Ghost, Kind: bridge.Echo, Marker: "set-up-hunde"},
	} {
		w.hs.say(ev)
		w.sync()
		if e, found := w.entry(m.ID); !found || e.Phase != bridge.Unsure {
			t.Fatalf("%s: %+v %v", name, e, found)
		}
	}
	w.pass(2 * time.Second)
	b := w.awaitCalls("SendBarrier", c.Room, 1)
	w.inPhase(m.ID, bridge.Barred)
	for name, ev := range map[string]bridge.Event{
		"wrong nonce":        {Room: c.Room, Sender: c.Ghost, Kind: bridge.BarrierEcho, Marker: marker, Nonce: "guess"},
		"no nonce":           {Room: c.Room, Sender: c.Ghost, Kind: bridge.BarrierEcho, Marker: marker},
		"barrier of another": {Room: c.Room, Sender: other.Ghost, Kind: bridge.BarrierEcho, Marker: marker, Nonce: b.nonce},
		"barrier elsewhere":  {Room: other.Room, Sender: c.Ghost, Kind: bridge.BarrierEcho, Marker: marker, Nonce: b.nonce},
		"barrier of a clerk": {Room: c.Room, Sender: keller, Kind: bridge.BarrierEcho, Marker: marker, Nonce: b.nonce},
	} {
		w.hs.mu.Lock() // before the true echo, which is there already
		w.hs.timeline[len(w.hs.timeline)-1], ev = ev, w.hs.timeline[len(w.hs.timeline)-1]
		w.hs.timeline[len(w.hs.timeline)-1].ID = bridge.EventID("$forged " + name)
		w.hs.timeline = append(w.hs.timeline, ev)
		read := len(w.hs.timeline) - 1
		w.hs.mu.Unlock()
		w.syncTo(read)
		if e, found := w.entry(m.ID); !found || e.Phase != bridge.Barred {
			t.Fatalf("%s: %+v %v", name, e, found)
		}
	}
	w.sync()
	w.delivered(c.ID)
	w.wantSaid(c.Room, "1", "2")
}

// A ghost's message that was redacted before /sync showed it has lost its marker. It is the one
// that is in doubt: a ghost has no two.
func TestBareEchoConfirms(t *testing.T) {
	t.Parallel()
	w, c, m := unsure(t)
	id := w.hs.say(bridge.Event{Room: c.Room, Sender: c.Ghost, Kind: bridge.BareEcho})
	w.sync()
	c = w.delivered(c.ID)
	if h := w.history(c.ID); h[1].ID != m.ID || h[1].Event != id {
		t.Errorf("history %+v", h)
	}
	w.wantSaid(c.Room, "1")
}

func TestBareEchoOfWhatIsKnownConfirmsNothing(t *testing.T) {
	t.Parallel()
	w, c, m := unsure(t)
	other := w.opened("other")
	first := w.history(c.ID)[0].Event
	w.hs.mu.Lock()
	for i, ev := range w.hs.timeline {
		if ev.ID == first { // redacted after it was answered, before it was read
			w.hs.timeline[i].Kind, w.hs.timeline[i].Marker = bridge.BareEcho, ""
		}
	}
	w.hs.mu.Unlock()
	for _, ev := range []bridge.Event{
		{Room: c.Room, Sender: keller, Kind: bridge.BareEcho},
		{Room: c.Room, Sender: other.Ghost, Kind: bridge.BareEcho},
		{Room: other.Room, Sender: c.Ghost, Kind: bridge.BareEcho},
		{Room: "!nowhere", Sender: c.Ghost, Kind: bridge.BareEcho},
	} {
		w.hs.say(ev)
	}
	w.sync()
	if e, found := w.entry(m.ID); !found || e.Phase != bridge.Unsure {
		t.Errorf("confirmed by another's event: %+v %v", e, found)
	}
	// Nothing is in flight in the other conversation: a bare event there changes nothing either.
	w.hs.say(bridge.Event{Room: other.Room, Sender: other.Ghost, Kind: bridge.BareEcho})
	w.sync()
	if got := w.look(other.ID); got.DeliveredSeq != 1 {
		t.Errorf("other conversation: %+v", got)
	}
}
