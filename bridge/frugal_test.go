package bridge_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"

	"schalter/bridge"
)

// frugal counts what transactions ask of the desk: of staff, turns, lobbies and internal notes.
type frugal struct {
	bridge.Store
	asked *atomic.Int64
}

func (s frugal) Update(ctx context.Context, f func(bridge.Tx) error) error {
	return s.Store.Update(ctx, func(tx bridge.Tx) error { return f(frugalTx{tx, s.asked}) })
}

type frugalTx struct {
	bridge.Tx
	asked *atomic.Int64
}

func (t frugalTx) HoursVersion() (int64, error) { t.asked.Add(1); return t.Tx.HoursVersion() }
func (t frugalTx) Staff() (bridge.Staff, error) { t.asked.Add(1); return t.Tx.Staff() }
func (t frugalTx) Pause(u bridge.UserID) (bridge.Pause, error) {
	t.asked.Add(1)
	return t.Tx.Pause(u)
}
func (t frugalTx) Turn(id bridge.ConversationID) (bridge.Turn, error) {
	t.asked.Add(1)
	return t.Tx.Turn(id)
}
func (t frugalTx) Waiting(n int) ([]bridge.Waiter, error) { t.asked.Add(1); return t.Tx.Waiting(n) }
func (t frugalTx) Loads() (map[bridge.UserID]int, error)  { t.asked.Add(1); return t.Tx.Loads() }
func (t frugalTx) IsInternal(e bridge.EventID) (bool, error) {
	t.asked.Add(1)
	return t.Tx.IsInternal(e)
}
func (t frugalTx) NextTurnDue(a bridge.ServiceAreaID) error {
	t.asked.Add(1)
	return t.Tx.NextTurnDue(a)
}
func (t frugalTx) LobbyNotices(id bridge.ConversationID) ([]bridge.LobbyNotice, error) {
	t.asked.Add(1)
	return t.Tx.LobbyNotices(id)
}

// In a chat that is under way, a message costs no statement for the desk, in either direction.
func TestPlainMessagesAskNothingOfTheDesk(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	w := &office{city: newCity(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "09.00.00", func(o *bridge.Options) {
		o.Store = frugal{o.Store, &asked}
	})}
	c := w.opened("Frage")
	w.hs.say(clerkText(c.Room, keller, "Grüezi"))
	w.sync()
	w.onItsBoard(c)
	w.awaitCalls("UpdateRoom", c.Room, 1)
	w.shows(w.look(c.ID).Notice, "🟢")
	if asked.Load() == 0 {
		t.Fatal("nothing is counted")
	}
	asked.Store(0)
	for range 10 {
		w.hs.say(clerkText(c.Room, keller, "Antwort"))
		w.sync()
		w.say(c.ID, bridge.NewID())
	}
	w.delivered(c.ID)
	if n := asked.Load(); n != 0 {
		t.Errorf("%d statements for the desk in twenty messages", n)
	}
}
