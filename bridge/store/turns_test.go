package store_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store"
)

// waits stores a conversation that has waited since a time.
func waits(t *testing.T, db *store.DB, since time.Time, called bool) bridge.Conversation {
	t.Helper()
	c := newConversation(t, db)
	c.LastSeq = 1
	update(t, db, func(tx bridge.Tx) error {
		if err := tx.SaveConversation(c); err != nil {
			return err
		}
		return tx.SaveTurn(bridge.Turn{Conversation: c.ID, Area: c.Area, Since: since, Place: 1, Called: called, DueAt: since.Add(time.Minute)})
	})
	return c
}

func TestTurns(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		// The first to be opened waits anew, behind the others.
		first, second, third := waits(t, db, at.Add(time.Hour), true), waits(t, db, at, false), waits(t, db, at, false)
		waiting, err := db.Waiting(t.Context(), 10)
		if err != nil || len(waiting) != 3 || waiting[0].Conversation != second.ID || waiting[1].Conversation != third.ID ||
			waiting[2].Conversation != first.ID || !waiting[2].Since.Equal(at.Add(time.Hour)) {
			t.Errorf("waiting: %+v %v", waiting, err)
		}
		for c, want := range map[bridge.ConversationID]int{second.ID: 1, third.ID: 2, first.ID: 3} {
			n, err := db.QueuePosition(t.Context(), conversation(t, db, c))
			if err != nil || n != want {
				t.Errorf("position %d %v, want %d", n, err, want)
			}
		}
		due, err := db.DueTurns(t.Context(), at.Add(2*time.Minute), 10)
		if err != nil || len(due) != 2 {
			t.Errorf("due: %v %v", due, err)
		}
		// The next one that nobody was offered is the oldest of them.
		update(t, db, func(tx bridge.Tx) error { return tx.NextTurnDue(first.Area) })
		due, err = db.DueTurns(t.Context(), at, 10)
		if err != nil || !slices.Equal(due, []bridge.ConversationID{second.ID}) {
			t.Errorf("next due: %v %v", due, err)
		}
		turn := bridge.Turn{
			Conversation: second.ID, Area: "fund", Since: at, Place: 3, TakenAt: at.Add(time.Minute), Called: true, Overflow: "fund",
			Stage: bridge.Escalated,
		}
		update(t, db, func(tx bridge.Tx) error {
			taken := second
			taken.State, taken.ClerkID = bridge.Active, "@a:x"
			if err := tx.SaveConversation(taken); err != nil {
				return err
			}
			if err := tx.SaveTurn(turn); err != nil {
				return err
			}
			got, err := tx.Turn(second.ID)
			if err != nil || got != turn {
				t.Errorf("turn %+v %v", got, err)
			}
			loads, err := tx.Loads()
			if err != nil || !maps.Equal(loads, map[bridge.UserID]int{"@a:x": 1}) {
				t.Errorf("loads %v %v", loads, err)
			}
			waiting, active, err := tx.CountLive(first.Area)
			if err != nil || waiting != 2 || active != 1 {
				t.Errorf("%d wait, %d are served, %v", waiting, active, err)
			}
			return nil
		})
		recent, err := db.RecentWaits(t.Context(), at, 10)
		if err != nil || len(recent) != 1 || recent[0].Area != "fund" || recent[0].Place != 3 || !recent[0].TakenAt.Equal(turn.TakenAt) {
			t.Errorf("recent %+v %v", recent, err)
		}
		none, err := db.Turn(t.Context(), "nobody")
		if err != nil || none.Place != 0 {
			t.Errorf("no turn: %+v %v", none, err)
		}
	})
}

func conversation(t *testing.T, db *store.DB, id bridge.ConversationID) bridge.Conversation {
	t.Helper()
	c, err := db.Conversation(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLobbyNotices(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := newConversation(t, db)
		update(t, db, func(tx bridge.Tx) error {
			for _, area := range []bridge.ServiceAreaID{"fund", "hunde"} {
				if err := tx.SaveLobbyNotice(bridge.LobbyNotice{Conversation: c.ID, Area: area, Shown: "waits"}); err != nil {
					return err
				}
			}
			if _, err := tx.LobbyNoticeByEvent(""); err != bridge.ErrNotFound {
				t.Errorf("found by no event: %v", err)
			}
			if err := tx.SetLobbyNoticeEvent(c.ID, "fund", "$1"); err != nil {
				return err
			}
			got, err := tx.LobbyNoticeByEvent("$1")
			if err != nil || got != (bridge.LobbyNotice{Conversation: c.ID, Area: "fund", Event: "$1", Shown: "waits"}) {
				t.Errorf("by event: %+v %v", got, err)
			}
			all, err := tx.LobbyNotices(c.ID)
			if err != nil || len(all) != 2 || all[1].Area != "hunde" {
				t.Errorf("all: %+v %v", all, err)
			}
			board := bridge.Board{Area: "fund", Event: "$b", Shown: "open", ShownAt: at, Topic: "topic", TopicAt: at}
			if err := tx.SaveBoard(board); err != nil {
				return err
			}
			again, err := tx.Board("fund")
			if err != nil || again != board {
				t.Errorf("board %+v %v", again, err)
			}
			return nil
		})
		if n, err := db.LobbyNotice(t.Context(), c.ID, "fund"); err != nil || n.Event != "$1" {
			t.Errorf("%+v %v", n, err)
		}
		if b, err := db.Board(t.Context(), "hunde"); err != nil || b.Event != "" || b.Area != "hunde" {
			t.Errorf("no board: %+v %v", b, err)
		}
	})
}
