package store_test

import (
	"database/sql"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store"
	"schalter/bridge/store/postgrestest"
)

// What somebody makes due while a timer is being advanced is looked at once more: the one that
// advances it does not write over what it has not seen.
func TestDueWhileAdvanced(t *testing.T) {
	for name, timer := range map[string]struct {
		advance func(tx bridge.Tx, id bridge.ConversationID, meanwhile func()) error
		due     func(tx bridge.Tx, c bridge.Conversation) error
		is      func(db *store.DB) ([]bridge.ConversationID, error)
	}{
		"turn": {
			advance: func(tx bridge.Tx, id bridge.ConversationID, meanwhile func()) error {
				turn, err := tx.Turn(id)
				if err != nil {
					return err
				}
				meanwhile()
				turn.DueAt = at.Add(time.Hour)
				return tx.SaveTurn(turn)
			},
			due: func(tx bridge.Tx, c bridge.Conversation) error { return tx.NextTurnDue(c.Area) },
			is: func(db *store.DB) ([]bridge.ConversationID, error) {
				return db.DueTurns(t.Context(), at, 10)
			},
		},
		"closing": {
			advance: func(tx bridge.Tx, id bridge.ConversationID, meanwhile func()) error {
				closing, err := tx.Closing(id)
				if err != nil {
					return err
				}
				meanwhile()
				closing.DueAt = at.Add(time.Hour)
				return tx.SaveClosing(closing)
			},
			due: func(tx bridge.Tx, _ bridge.Conversation) error { return tx.AllClosingsDue() },
			is: func(db *store.DB) ([]bridge.ConversationID, error) {
				return db.DueClosings(t.Context(), at, 10)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			url := postgrestest.Database(t)
			db := open(t, url)
			c := waits(t, db, at, false)
			update(t, db, func(tx bridge.Tx) error {
				return tx.SaveClosing(bridge.Closing{Conversation: c.ID, StartedAt: at, DueAt: at.Add(time.Hour)})
			})
			made := make(chan error, 1)
			update(t, db, func(tx bridge.Tx) error {
				return timer.advance(tx, c.ID, func() {
					go func() {
						made <- db.Update(t.Context(), func(tx bridge.Tx) error { return timer.due(tx, c) })
					}()
					heldUpOrDone(t, url, made)
				})
			})
			if err := <-made; err != nil {
				t.Fatal(err)
			}
			if due, err := timer.is(db); err != nil || len(due) != 1 {
				t.Errorf("due: %v %v", due, err)
			}
		})
	}
}

// heldUpOrDone waits until a transaction of this database waits for a lock, or has ended.
func heldUpOrDone(t *testing.T, url string, done chan error) {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for waiting := 0; waiting == 0; {
		select {
		case err := <-done:
			done <- err
			return
		default:
		}
		err := db.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
	}
}
