package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"schalter/bridge"
	"schalter/bridge/store"
	"schalter/bridge/store/postgrestest"
)

var errMine = errors.New("the caller's own")

func seen(t *testing.T, db *store.DB, event bridge.EventID) bool {
	t.Helper()
	known, err := db.KnownEvents(t.Context(), []bridge.EventID{event})
	if err != nil {
		t.Fatalf("known events: %v", err)
	}
	return known[event]
}

func see(tx bridge.Tx, event bridge.EventID) error {
	_, err := tx.Seen(event, "!room")
	return err
}

func TestFailedUpdateLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		err := db.Update(t.Context(), func(tx bridge.Tx) error { return errors.Join(see(tx, "$1"), errMine) })
		wantErr(t, "update", err, errMine)
		if errors.Is(err, bridge.ErrUnavailable) || seen(t, db, "$1") {
			t.Errorf("after %v: seen %v", err, seen(t, db, "$1"))
		}
	})
}

func TestSavepointUndoesOnlyItself(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		update(t, db, func(tx bridge.Tx) error {
			if err := see(tx, "$before"); err != nil {
				return err
			}
			wantErr(t, "failing", tx.Savepoint(func() error { return errors.Join(see(tx, "$failing"), errMine) }), errMine)
			wantErr(t, "nested", tx.Savepoint(func() error {
				if err := see(tx, "$outer"); err != nil {
					return err
				}
				wantErr(t, "inner", tx.Savepoint(func() error { return errors.Join(see(tx, "$inner"), errMine) }), errMine)
				return see(tx, "$outer after inner")
			}), nil)
			return see(tx, "$after")
		})
		for event, want := range map[bridge.EventID]bool{
			"$before": true, "$failing": false, "$outer": true, "$inner": false, "$outer after inner": true, "$after": true,
		} {
			if got := seen(t, db, event); got != want {
				t.Errorf("%s: seen %v, want %v", event, got, want)
			}
		}
	})
}

// What the data is to blame for must not look like an outage, or one event stops all others.
func TestBadDataHarmsItsSavepointOnly(t *testing.T) {
	long := make([]byte, 6000) // too long for an index of PostgreSQL, and not to be compressed
	for i := range long {
		long[i] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[rand.IntN(64)]
	}
	bad := map[string]func(tx bridge.Tx, c bridge.Conversation) error{
		"unique": func(tx bridge.Tx, c bridge.Conversation) error { return tx.InsertConversation(c) },
		"check": func(tx bridge.Tx, c bridge.Conversation) error {
			c.State = "nonsense"
			return tx.SaveConversation(c)
		},
		"foreign key": func(tx bridge.Tx, c bridge.Conversation) error { return tx.AddToken("nobody", []byte("hash"), at) },
		"NUL": func(tx bridge.Tx, c bridge.Conversation) error {
			m := message(c, 1)
			m.Text = "a\x00b"
			_, err := tx.InsertMessage(m)
			return err
		},
		"invalid UTF-8": func(tx bridge.Tx, c bridge.Conversation) error {
			return tx.SetUserName("@user:example.org", "a\xffb\xed\xa0\x80")
		},
		"NUL in a name":  func(tx bridge.Tx, c bridge.Conversation) error { return tx.SetUserName("@user:example.org", "\x00") },
		"long event ID":  func(tx bridge.Tx, c bridge.Conversation) error { return see(tx, bridge.EventID(long)) },
		"NUL in an ID":   func(tx bridge.Tx, c bridge.Conversation) error { return see(tx, "$\x00") },
		"not found":      func(tx bridge.Tx, c bridge.Conversation) error { _, err := tx.Entry("none"); return err },
		"NUL in look-up": func(tx bridge.Tx, c bridge.Conversation) error { _, err := tx.Entry("\x00"); return err },
	}
	mayBeTaken := map[string]bool{"NUL": true, "invalid UTF-8": true, "NUL in a name": true, "long event ID": true, "NUL in an ID": true}
	t.Run("sqlite", func(t *testing.T) { testBadData(t, open(t, sqliteURL(t)), bad, mayBeTaken) })
	t.Run("postgres", func(t *testing.T) { testBadData(t, open(t, postgrestest.Database(t)), bad, nil) })
}

func testBadData(t *testing.T, db *store.DB, bad map[string]func(bridge.Tx, bridge.Conversation) error, mayBeTaken map[string]bool) {
	c := newConversation(t, db)
	n := 0
	update(t, db, func(tx bridge.Tx) error {
		for name, f := range bad {
			err := tx.Savepoint(func() error { return f(tx, c) })
			if err == nil && !mayBeTaken[name] {
				t.Errorf("%s: taken", name)
			}
			if errors.Is(err, bridge.ErrUnavailable) {
				t.Errorf("%s: looks like an outage: %v", name, err)
			}
			n++
			if err := see(tx, bridge.EventID(fmt.Sprint("$after-", n))); err != nil {
				return fmt.Errorf("after %s: %w", name, err)
			}
		}
		return nil
	})
	for i := range n {
		if !seen(t, db, bridge.EventID(fmt.Sprint("$after-", i+1))) {
			t.Errorf("event %d, after a bad one, is lost", i+1)
		}
	}
}

// Transactions of strangers share SQLite's commits; what happens to one must not reach another.
func TestConcurrentUpdatesDoNotHarmEachOther(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		const goroutines, rounds = 24, 10
		var cancelled atomic.Int64
		var wg sync.WaitGroup
		event := func(g, r int) bridge.EventID { return bridge.EventID(fmt.Sprintf("$%d-%d", g, r)) }
		for g := range goroutines {
			wg.Go(func() {
				for r := range rounds {
					ctx, cancel := context.WithCancel(t.Context())
					f := func(tx bridge.Tx) error { return see(tx, event(g, r)) }
					var want error
					switch g % 4 {
					case 1:
						want = errMine
						f = func(tx bridge.Tx) error { return errors.Join(see(tx, event(g, r)), errMine) }
					case 2: // PostgreSQL aborts the whole transaction after this
						f = func(tx bridge.Tx) error {
							return errors.Join(see(tx, event(g, r)), tx.AddToken("nobody", []byte{1}, at))
						}
					case 3:
						want = bridge.ErrUnavailable
						cancel()
					}
					err := db.Update(ctx, f)
					cancel()
					switch {
					case g%4 == 2:
						if err == nil || errors.Is(err, bridge.ErrUnavailable) {
							t.Errorf("constraint: %v", err)
						}
					case g%4 == 3 && err != nil:
						cancelled.Add(1)
						wantErr(t, "cancelled", err, want)
						wantErr(t, "cancelled", err, context.Canceled)
					default:
						wantErr(t, "update", err, want)
					}
				}
			})
		}
		wg.Wait()
		for g := range goroutines {
			for r := range rounds {
				if got := seen(t, db, event(g, r)); got != (g%4 == 0) {
					t.Errorf("%s: stored %v", event(g, r), got)
				}
			}
		}
		if cancelled.Load() == 0 {
			t.Error("no update noticed that it was cancelled")
		}
	})
}

func TestPanicIsItsCallersOwnOnSQLite(t *testing.T) {
	db := open(t, sqliteURL(t))
	var wg sync.WaitGroup
	for g := range 20 {
		wg.Go(func() {
			event := bridge.EventID(fmt.Sprint("$", g))
			err := db.Update(t.Context(), func(tx bridge.Tx) error {
				if err := see(tx, event); err != nil {
					return err
				}
				return tx.Savepoint(func() error {
					if g%2 == 1 {
						panic("the caller's own")
					}
					return nil
				})
			})
			if g%2 == 1 && (err == nil || !strings.Contains(err.Error(), "panicked")) || g%2 == 0 && err != nil {
				t.Errorf("%s: %v", event, err)
			}
		})
	}
	wg.Wait()
	for g := range 20 {
		if got := seen(t, db, bridge.EventID(fmt.Sprint("$", g))); got != (g%2 == 0) {
			t.Errorf("$%d: stored %v", g, got)
		}
	}
}

// Close lets what has begun come to its end, and answers everybody.
func TestCloseWhileWriting(t *testing.T) {
	for name, url := range map[string]func(*testing.T) string{
		"sqlite": sqliteURL, "postgres": func(t *testing.T) string { return postgrestest.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			where := url(t)
			db := open(t, where)
			var stored sync.Map
			var count atomic.Int64
			enough := make(chan struct{})
			var wg sync.WaitGroup
			for g := range 8 {
				wg.Go(func() {
					for r := 0; ; r++ {
						event := bridge.EventID(fmt.Sprintf("$%d-%d", g, r))
						if err := db.Update(t.Context(), func(tx bridge.Tx) error { return see(tx, event) }); err != nil {
							wantErr(t, "after closing", err, bridge.ErrUnavailable)
							return
						}
						stored.Store(event, true)
						if count.Add(1) == 40 {
							close(enough)
						}
					}
				})
			}
			<-enough
			if err := db.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			wg.Wait()
			if err := db.Close(); err != nil {
				t.Errorf("close again: %v", err)
			}
			_, err := db.Conversation(t.Context(), "any")
			wantErr(t, "read after closing", err, bridge.ErrUnavailable)
			again := open(t, where)
			stored.Range(func(event, _ any) bool {
				if !seen(t, again, event.(bridge.EventID)) {
					t.Errorf("%s was acknowledged and is gone", event)
				}
				return true
			})
		})
	}
}

func TestReadsSeeCommittedStateOnly(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		update(t, db, func(tx bridge.Tx) error {
			if err := see(tx, "$1"); err != nil {
				return err
			}
			if seen(t, db, "$1") {
				t.Error("seen before the commit")
			}
			return nil
		})
		if !seen(t, db, "$1") {
			t.Error("not seen after the commit")
		}
	})
}
