package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store"
)

func TestEntriesOfTheDeadAreTakenOverAsUnsure(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		alive(t, db, at, "dead", "heir")
		enqueue(t, db, stream, "a1", "a2")
		claimOne(t, db, "dead", at)
		still := at.Add(bridge.AliveFor - time.Millisecond)
		alive(t, db, still, "heir")
		if got := claim(t, db, "heir", still); len(got) != 0 {
			t.Fatalf("taken from the living: %v", ids(got))
		}
		gone := at.Add(bridge.AliveFor)
		if got := claimOne(t, db, "heir", gone); got.ID != "a1" || got.Phase != bridge.Unsure || got.Claim != 2 {
			t.Errorf("taken over: %+v", got)
		}
	})
}

// Nobody takes over from themselves, however far the clock is set: the owner is alive and at work,
// or says so with ReleaseOwner. Others wait for the claim's end.
func TestClaimsEndForOthersOnly(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		enqueue(t, db, stream, "a1")
		claimOne(t, db, "me", at)
		later := at.Add(bridge.ClaimFor + time.Millisecond)
		if got := claim(t, db, "me", later.Add(time.Hour)); len(got) != 0 {
			t.Fatalf("claimed twice: %v", ids(got))
		}
		alive(t, db, at.Add(bridge.ClaimFor), "me", "other")
		if got := claim(t, db, "other", at.Add(bridge.ClaimFor)); len(got) != 0 {
			t.Fatalf("taken before the claim's end: %v", ids(got))
		}
		if got := claimOne(t, db, "other", later); got.Phase != bridge.Unsure || got.Claim != 2 {
			t.Errorf("after its claim: %+v", got)
		}
	})
}

func TestReleaseOwner(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		alive(t, db, at, "me", "other")
		enqueue(t, db, "one", "a1")
		claimOne(t, db, "me", at)
		enqueue(t, db, "two", "b1")
		claimOne(t, db, "other", at)
		now := at.Add(time.Second)
		update(t, db, func(tx bridge.Tx) error { return tx.ReleaseOwner("me", now) })
		if got := claimOne(t, db, "me", now); got.ID != "a1" || got.Phase != bridge.Unsure {
			t.Errorf("released: %+v", got)
		}
		if got := claim(t, db, "me", now); len(got) != 0 {
			t.Errorf("the other's was released too: %v", ids(got))
		}
	})
}

func TestRetireGivesEverythingBack(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		alive(t, db, at, "leaving", "staying")
		enqueue(t, db, "one", "a1")
		claimOne(t, db, "leaving", at)
		enqueue(t, db, "two", "b1")
		claimOne(t, db, "staying", at)
		if _, ours, err := db.TakeSync(t.Context(), "leaving", at); err != nil || !ours {
			t.Fatalf("take sync: %v %v", ours, err)
		}
		if err := db.Retire(t.Context(), "leaving"); err != nil {
			t.Fatal(err)
		}
		if got := claimOne(t, db, "staying", at); got.ID != "a1" || got.Phase != bridge.Unsure {
			t.Errorf("given back: %+v", got)
		}
		if _, ours, err := db.TakeSync(t.Context(), "staying", at); err != nil || !ours {
			t.Errorf("sync lease not given back: %v", err)
		}
	})
}

func TestReleaseStream(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		alive(t, db, at, "me", "other")
		enqueue(t, db, "one", "a1")
		claimOne(t, db, "me", at)
		enqueue(t, db, "two", "b1")
		claimOne(t, db, "me", at)
		enqueue(t, db, "three", "c1")
		claimOne(t, db, "other", at)
		now := at.Add(time.Second)
		update(t, db, func(tx bridge.Tx) error {
			for _, stream := range []string{"one", "three"} {
				if err := tx.ReleaseStream(stream, "me", now); err != nil {
					return err
				}
			}
			return nil
		})
		got := claimOne(t, db, "me", now)
		if got.ID != "a1" || got.Phase != bridge.Unsure || !got.DueAt.Equal(now) {
			t.Errorf("released: %+v", got)
		}
	})
}

// Many replicas, each with several workers, empty many streams: every entry is handed out once,
// in the order of its stream, and never two of a stream at a time.
func TestClaimsAreExclusiveUnderConcurrency(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		const streams, length, replicas = 12, 6, 8
		for s := range streams {
			var list []string
			for n := range length {
				list = append(list, fmt.Sprintf("%02d-%02d", s, n))
			}
			enqueue(t, db, fmt.Sprintf("stream-%02d", s), list...)
		}
		var mu sync.Mutex
		done := map[string][]string{} // by stream
		held := map[string]string{}
		total := 0
		work := func(owner string) bool {
			entries, err := db.Claim(t.Context(), owner, at, 3)
			if err != nil {
				t.Errorf("claim: %v", err)
				return false
			}
			for _, e := range entries {
				mu.Lock()
				if by, taken := held[e.Stream]; taken {
					t.Errorf("%s handed to %s while %s holds the stream", e.ID, owner, by)
				}
				if e.Phase != bridge.Ready {
					t.Errorf("%s handed out as %s", e.ID, e.Phase)
				}
				held[e.Stream] = owner
				mu.Unlock()
			}
			for _, e := range entries {
				recorded := false
				err := db.Update(t.Context(), func(tx bridge.Tx) error {
					_, err := tx.FinishEntry(e.ID)
					mu.Lock() // before the commit: after it, the next may be handed out
					defer mu.Unlock()
					if !recorded {
						delete(held, e.Stream)
						done[e.Stream] = append(done[e.Stream], e.ID)
						recorded, total = true, total+1
					}
					return err
				})
				if err != nil {
					t.Errorf("finish: %v", err)
					return false
				}
			}
			mu.Lock()
			defer mu.Unlock()
			return total < streams*length
		}
		var wg sync.WaitGroup
		for r := range replicas {
			owner := fmt.Sprint("replica-", r)
			alive(t, db, at, owner)
			wg.Go(func() {
				for !t.Failed() && work(owner) {
				}
			})
		}
		wg.Wait()
		for s, got := range done {
			if len(got) != length || !slices.IsSorted(got) {
				t.Errorf("%s was done as %v", s, got)
			}
		}
		if len(done) != streams {
			t.Errorf("%d streams done, want %d", len(done), streams)
		}
	})
}

// The same with Enqueue: of many that append to one empty stream at once, behind the lock of its
// conversation, exactly one gets the claim.
func TestOneOfManyEnqueuesGetsTheClaim(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := newConversation(t, db)
		const goroutines = 10
		var mu sync.Mutex
		var winners []string
		var wg sync.WaitGroup
		for n := range goroutines {
			wg.Go(func() {
				var claimed bool
				id := fmt.Sprint("entry-", n)
				err := db.Update(t.Context(), func(tx bridge.Tx) error {
					if _, err := tx.LockConversation(c.ID); err != nil {
						return err
					}
					var err error
					claimed, err = tx.Enqueue(entry(id, stream), "me", at)
					return err
				})
				if err != nil {
					t.Errorf("enqueue: %v", err)
				}
				if claimed {
					mu.Lock()
					winners = append(winners, id)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(winners) != 1 {
			t.Errorf("claimed by %v, want one", winners)
		}
	})
}
