package store_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store"
)

func TestConversationIsReadAsItWasWritten(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := newConversation(t, db)
		if got := reload(t, db, c.ID); got != c {
			t.Errorf("read %+v\nwrote %+v", got, c)
		}
		c.State, c.Clerk, c.Notice, c.Area = bridge.Active, "Frau Keller", "$notice", "fundbuero"
		c.Name, c.LastSeq, c.DeliveredSeq, c.ClerkID = "Anna", 7, 5, "@keller:example.org"
		c.Life = bridge.Life{
			SpokenBy: bridge.FromClerkDirection, ClosedBy: bridge.ByClerk, ClosedAt: at.Add(time.Hour),
			Reason: "gelöst", ReopenUntil: at.Add(2 * time.Hour), Stage: bridge.ClerkReminded, DueAt: at.Add(time.Minute),
		}
		c.Life.ActiveAt = at.Add(time.Millisecond)
		var err error
		update(t, db, func(tx bridge.Tx) error {
			if c.Number, err = tx.NextNumber(); err != nil {
				return err
			}
			return tx.SaveConversation(c)
		})
		if got := reload(t, db, c.ID); got != c {
			t.Errorf("saved: read %+v\nwrote %+v", got, c)
		}
		update(t, db, func(tx bridge.Tx) error {
			locked, err := tx.LockConversation(c.ID)
			if locked != c {
				t.Errorf("locked: read %+v\nwrote %+v", locked, c)
			}
			return err
		})
	})
}

func TestMissingConversations(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		_, err := db.Conversation(t.Context(), "nobody")
		wantErr(t, "Conversation", err, bridge.ErrNotFound)
		_, err = db.Authorized(t.Context(), "nobody", []byte("hash"))
		wantErr(t, "Authorized", err, bridge.ErrUnauthorized)
		update(t, db, func(tx bridge.Tx) error {
			_, err := tx.LockConversation("nobody")
			wantErr(t, "LockConversation", err, bridge.ErrNotFound)
			_, err = tx.LockConversationByRoom("!nowhere")
			wantErr(t, "LockConversationByRoom", err, bridge.ErrNotFound)
			return nil
		})
	})
}

func TestEmptyRoomServesNobody(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		newConversation(t, db) // its room is "", too
		err := db.Update(t.Context(), func(tx bridge.Tx) error {
			_, err := tx.LockConversationByRoom("")
			return err
		})
		wantErr(t, "LockConversationByRoom of no room", err, bridge.ErrNotFound)
	})
}

func TestNumbersAreIssuedOnceUnderConcurrency(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		const goroutines, each = 8, 10
		numbers := make(chan int64, goroutines*each)
		var wg sync.WaitGroup
		for range goroutines {
			wg.Go(func() {
				for range each {
					var n int64
					err := db.Update(t.Context(), func(tx bridge.Tx) (err error) {
						n, err = tx.NextNumber()
						return err
					})
					if err != nil {
						t.Errorf("next number: %v", err)
						return
					}
					numbers <- n
				}
			})
		}
		wg.Wait()
		close(numbers)
		seen := map[int64]bool{}
		for n := range numbers {
			if seen[n] || n < 1 || n > goroutines*each {
				t.Errorf("number %d issued twice, or out of 1…%d", n, goroutines*each)
			}
			seen[n] = true
		}
	})
}

func TestTokensOpenTheirConversationOnly(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		mine, other := newConversation(t, db), newConversation(t, db)
		first, second := []byte{0, 1, 0xff, 'a'}, []byte("second")
		update(t, db, func(tx bridge.Tx) error {
			return errors.Join(tx.AddToken(mine.ID, first, at), tx.AddToken(mine.ID, second, at))
		})
		for _, token := range [][]byte{first, second} {
			c, err := db.Authorized(t.Context(), mine.ID, token)
			if err != nil || c != mine {
				t.Errorf("own token: %+v, %v", c, err)
			}
			_, err = db.Authorized(t.Context(), other.ID, token)
			wantErr(t, "foreign conversation", err, bridge.ErrUnauthorized)
		}
		for _, token := range [][]byte{nil, {}, []byte("third"), first[:2]} {
			_, err := db.Authorized(t.Context(), mine.ID, token)
			wantErr(t, "wrong token", err, bridge.ErrUnauthorized)
		}
	})
}

func TestQueuePosition(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		first, second, third := newConversation(t, db), newConversation(t, db), newConversation(t, db)
		elsewhere := newConversation(t, db)
		elsewhere.Area, first.State = "fundbuero", bridge.Active
		update(t, db, func(tx bridge.Tx) error {
			return errors.Join(tx.SaveConversation(elsewhere), tx.SaveConversation(first))
		})
		for want, c := range map[int]bridge.Conversation{1: second, 2: third} {
			if got, err := db.QueuePosition(t.Context(), c); err != nil || got != want {
				t.Errorf("position %d (%v), want %d", got, err, want)
			}
		}
		if got, err := db.QueuePosition(t.Context(), elsewhere); err != nil || got != 1 {
			t.Errorf("position in the other area %d (%v), want 1", got, err)
		}
	})
}

func TestIdempotencyKeyExpires(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		first, second := newConversation(t, db), newConversation(t, db)
		key, since := []byte("key"), func(now time.Time) time.Time { return now.Add(-bridge.IdempotencyFor) }
		update(t, db, func(tx bridge.Tx) error {
			_, _, err := tx.ByIdempotencyKey(key, since(at))
			wantErr(t, "before", err, bridge.ErrNotFound)
			return tx.AddIdempotencyKey(key, []byte("digest"), first.ID, at)
		})
		late := at.Add(bridge.IdempotencyFor)
		update(t, db, func(tx bridge.Tx) error {
			id, digest, err := tx.ByIdempotencyKey(key, since(late.Add(-time.Millisecond)))
			if err != nil || id != first.ID || !bytes.Equal(digest, []byte("digest")) {
				t.Errorf("in time: %s %q %v", id, digest, err)
			}
			_, _, err = tx.ByIdempotencyKey(key, since(late))
			wantErr(t, "expired", err, bridge.ErrNotFound)
			return tx.AddIdempotencyKey(key, []byte("other"), second.ID, late)
		})
		update(t, db, func(tx bridge.Tx) error {
			id, digest, err := tx.ByIdempotencyKey(key, since(late))
			if err != nil || id != second.ID || !bytes.Equal(digest, []byte("other")) {
				t.Errorf("used again: %s %q %v", id, digest, err)
			}
			return nil
		})
	})
}

// Two openings with one key, both past the look for it before either has written it: only one
// conversation may come of it.
func TestConcurrentOpeningsWithOneKey(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		const goroutines, rounds = 6, 10
		for round := range rounds {
			key := []byte{byte(round)}
			opened := make(chan bridge.ConversationID, goroutines)
			start := make(chan struct{})
			var wg sync.WaitGroup
			for range goroutines {
				id := bridge.ConversationID(bridge.NewID())
				wg.Go(func() {
					<-start
					var got bridge.ConversationID
					err := db.Update(t.Context(), func(tx bridge.Tx) error {
						var err error
						got, _, err = tx.ByIdempotencyKey(key, at.Add(-bridge.IdempotencyFor))
						if !errors.Is(err, bridge.ErrNotFound) {
							return err
						}
						got = id
						number, err := tx.NextNumber()
						if err != nil {
							return err
						}
						c := bridge.Conversation{ID: id, Number: number, State: bridge.Waiting, Ghost: bridge.UserID(id), CreatedAt: at}
						if err := tx.InsertConversation(c); err != nil {
							return err
						}
						return tx.AddIdempotencyKey(key, []byte("digest"), id, at)
					})
					if err != nil {
						t.Errorf("open: %v", err)
						return
					}
					opened <- got
				})
			}
			close(start)
			wg.Wait()
			close(opened)
			different := map[bridge.ConversationID]bool{}
			for id := range opened {
				different[id] = true
			}
			if len(different) != 1 {
				t.Fatalf("round %d: one key opened %d conversations", round, len(different))
			}
		}
	})
}
