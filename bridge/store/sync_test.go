package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store"
)

func takeSync(t *testing.T, db *store.DB, owner string, now time.Time) (bridge.SyncLease, bool) {
	t.Helper()
	lease, ours, err := db.TakeSync(t.Context(), owner, now)
	if err != nil {
		t.Fatalf("take sync: %v", err)
	}
	return lease, ours
}

func advance(t *testing.T, db *store.DB, lease bridge.SyncLease, next string) error {
	t.Helper()
	return db.Update(t.Context(), func(tx bridge.Tx) error { return tx.AdvanceSync(lease, next) })
}

func TestSyncLeaseGoesToOneAndOnFromTheDead(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		alive(t, db, at, "first", "second")
		lease, ours := takeSync(t, db, "first", at)
		if !ours || lease != (bridge.SyncLease{Owner: "first", Generation: 1}) {
			t.Fatalf("first lease %+v %v", lease, ours)
		}
		if again, ours := takeSync(t, db, "first", at); !ours || again != lease {
			t.Errorf("own lease again: %+v %v", again, ours)
		}
		if _, ours := takeSync(t, db, "second", at); ours {
			t.Error("taken from the living")
		}
		wantErr(t, "advance", advance(t, db, lease, "s1"), nil)
		gone := at.Add(bridge.AliveFor)
		taken, ours := takeSync(t, db, "second", gone)
		if !ours || taken != (bridge.SyncLease{Owner: "second", Generation: 2, Since: "s1"}) {
			t.Errorf("taken over: %+v %v", taken, ours)
		}
		lease.Since = "s1"
		wantErr(t, "the former's commit", advance(t, db, lease, "s2"), bridge.ErrLost)
		// The former wakes up and says that it is alive: that gives it nothing back.
		alive(t, db, gone, "first", "second")
		if _, ours := takeSync(t, db, "first", gone); ours {
			t.Error("two hold the lease")
		}
		wantErr(t, "the new one's commit", advance(t, db, taken, "s2"), nil)
	})
}

func TestAdvanceSyncIsFenced(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		alive(t, db, at, "me")
		lease, _ := takeSync(t, db, "me", at)
		wantErr(t, "first", advance(t, db, lease, "s1"), nil)
		lease.Since = "s1"
		for name, wrong := range map[string]bridge.SyncLease{
			"older since":       {Owner: "me", Generation: lease.Generation, Since: ""},
			"other since":       {Owner: "me", Generation: lease.Generation, Since: "s0"},
			"older generation":  {Owner: "me", Generation: lease.Generation - 1, Since: "s1"},
			"later generation":  {Owner: "me", Generation: lease.Generation + 1, Since: "s1"},
			"other owner":       {Owner: "you", Generation: lease.Generation, Since: "s1"},
			"nobody's at birth": {},
		} {
			// What stood in the same transaction is undone with it.
			err := db.Update(t.Context(), func(tx bridge.Tx) error {
				if _, err := tx.Seen("$event", "!room"); err != nil {
					return err
				}
				return tx.AdvanceSync(wrong, "s2")
			})
			wantErr(t, name, err, bridge.ErrLost)
		}
		known, err := db.KnownEvents(t.Context(), []bridge.EventID{"$event"})
		if err != nil || len(known) != 0 {
			t.Errorf("a fenced commit left its effects: %v %v", known, err)
		}
		wantErr(t, "right one", advance(t, db, lease, "s2"), nil)
		if again, _ := takeSync(t, db, "me", at); again.Since != "s2" {
			t.Errorf("since %q", again.Since)
		}
	})
}

func TestManyTakeTheSyncLeaseAtOnce(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		const replicas = 8
		var owners []string
		for n := range replicas {
			owners = append(owners, fmt.Sprint("replica-", n))
		}
		alive(t, db, at, owners...)
		held := make(chan string, replicas)
		var wg sync.WaitGroup
		for _, owner := range owners {
			wg.Go(func() {
				_, ours, err := db.TakeSync(t.Context(), owner, at)
				if err != nil {
					t.Errorf("take sync: %v", err)
				}
				if ours {
					held <- owner
				}
			})
		}
		wg.Wait()
		if len(held) != 1 {
			t.Errorf("%d replicas hold the lease", len(held))
		}
	})
}

func TestEventsAreSeenOnce(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		update(t, db, func(tx bridge.Tx) error {
			for want, fresh := range []bool{true, false} {
				got, err := tx.Seen("$one", "!room")
				if err != nil || got != fresh {
					t.Errorf("time %d: fresh %v %v", want+1, got, err)
				}
			}
			_, err := tx.Seen("$two", "!room")
			return err
		})
		ask := make([]bridge.EventID, 998)
		for i := range ask {
			ask[i] = bridge.EventID(fmt.Sprint("$unknown-", i))
		}
		known, err := db.KnownEvents(t.Context(), append(ask, "$one", "$two"))
		if err != nil || len(known) != 2 || !known["$one"] || !known["$two"] {
			t.Errorf("known: %v %v", known, err)
		}
		if known, err := db.KnownEvents(t.Context(), nil); err != nil || len(known) != 0 {
			t.Errorf("known of none: %v %v", known, err)
		}
	})
}

func TestSetAsideIsCountedByClass(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		update(t, db, func(tx bridge.Tx) error {
			for _, e := range [][2]string{{"$1", "empty"}, {"$2", "mistyped"}, {"$3", "empty"}, {"$1", "mistyped"}} {
				if err := tx.SetAside(bridge.EventID(e[0]), "!room", e[1], at); err != nil {
					return err
				}
			}
			return nil
		})
		got, err := db.CountSetAside(t.Context())
		if err != nil || len(got) != 2 || got["empty"] != 2 || got["mistyped"] != 1 {
			t.Errorf("counts %v %v", got, err)
		}
	})
}

func TestUserNames(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		update(t, db, func(tx bridge.Tx) error {
			for _, want := range []string{"", "Frau Keller", "Frau Keller-Müller 🗂", ""} {
				if want != "" {
					if err := tx.SetUserName("@keller:example.org", want); err != nil {
						return err
					}
				} else if err := tx.SetUserName("@other:example.org", "Anderer"); err != nil {
					return err
				}
				got, err := tx.UserName("@keller:example.org")
				if err != nil || want != "" && got != want {
					t.Errorf("name %q %v, want %q", got, err, want)
				}
			}
			got, err := tx.UserName("@nobody:example.org")
			if got != "" {
				t.Errorf("name of nobody: %q", got)
			}
			return err
		})
	})
}
