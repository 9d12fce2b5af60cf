package store_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store"
)

const stream = "conversation:1"

func entry(id, stream string) bridge.Entry {
	return bridge.Entry{
		ID: id, Stream: stream, Kind: bridge.SendMessage, Conversation: "c1", Area: "hundekontrolle", Room: "!room",
		Sender: "@ghost", Payload: json.RawMessage(`{"text":"Grüezi"}`), Phase: bridge.Ready, DueAt: at, CreatedAt: at,
	}
}

// enqueue appends entries without claiming them.
func enqueue(t *testing.T, db *store.DB, stream string, ids ...string) {
	t.Helper()
	update(t, db, func(tx bridge.Tx) error {
		for _, id := range ids {
			if _, err := tx.Enqueue(entry(id, stream), "", at); err != nil {
				return err
			}
		}
		return nil
	})
}

func claim(t *testing.T, db *store.DB, owner string, now time.Time) []bridge.Entry {
	t.Helper()
	entries, err := db.Claim(t.Context(), owner, now, 100)
	if err != nil {
		t.Fatalf("claim: %v", err)
	}
	return entries
}

// claimOne claims what must be the only entry that can be claimed.
func claimOne(t *testing.T, db *store.DB, owner string, now time.Time) bridge.Entry {
	t.Helper()
	entries := claim(t, db, owner, now)
	if len(entries) != 1 {
		t.Fatalf("claimed %v, want one entry", ids(entries))
	}
	return entries[0]
}

func ids(entries []bridge.Entry) []string {
	out := []string{}
	for _, e := range entries {
		out = append(out, e.ID)
	}
	slices.Sort(out)
	return out
}

func settle(t *testing.T, db *store.DB, e bridge.Entry) bool {
	t.Helper()
	var held bool
	update(t, db, func(tx bridge.Tx) (err error) {
		held, err = tx.SettleEntry(e)
		return err
	})
	return held
}

func finish(t *testing.T, db *store.DB, id string) bool {
	t.Helper()
	var done bool
	update(t, db, func(tx bridge.Tx) (err error) {
		done, err = tx.FinishEntry(id)
		return err
	})
	return done
}

func alive(t *testing.T, db *store.DB, now time.Time, owners ...string) {
	t.Helper()
	for _, owner := range owners {
		if err := db.Heartbeat(t.Context(), owner, now); err != nil {
			t.Fatalf("heartbeat: %v", err)
		}
	}
}

func TestOnlyTheHeadOfAStreamIsClaimedAndInOrder(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		alive(t, db, at, "me")
		enqueue(t, db, stream, "a1", "a2", "a3")
		enqueue(t, db, "conversation:2", "b1")
		if got := ids(claim(t, db, "me", at)); !slices.Equal(got, []string{"a1", "b1"}) {
			t.Fatalf("claimed %v", got)
		}
		if got := claim(t, db, "me", at); len(got) != 0 {
			t.Fatalf("claimed twice, or out of order: %v", ids(got))
		}
		for _, next := range []string{"a2", "a3"} {
			head := "a" + string(next[1]-1)
			if !finish(t, db, head) || finish(t, db, head) {
				t.Fatalf("%s: finished twice, or never", head)
			}
			if got := claimOne(t, db, "me", at); got.ID != next {
				t.Fatalf("claimed %s, want %s", got.ID, next)
			}
		}
	})
}

func TestClaimedEntryIsReadAsItWasWritten(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		enqueue(t, db, stream, "a1")
		got := claimOne(t, db, "me", at)
		want := entry("a1", stream)
		want.Order, want.Claim, want.ClaimedAt = got.Order, 1, at
		if got.Order == 0 || string(got.Payload) != string(want.Payload) {
			t.Errorf("order %d, payload %s", got.Order, got.Payload)
		}
		got.Payload, want.Payload = nil, nil
		if got.Phase != bridge.Ready || got.DueAt != want.DueAt || got.ID != want.ID || got.Sender != want.Sender ||
			got.Room != want.Room || got.Kind != want.Kind || got.Conversation != want.Conversation || got.Area != want.Area ||
			got.Claim != want.Claim || got.ClaimedAt != want.ClaimedAt || got.CreatedAt != want.CreatedAt || got.Attempts != 0 {
			t.Errorf("read %+v\nwrote %+v", got, want)
		}
	})
}

func TestEntryIsClaimedWhenItIsDue(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		alive(t, db, at, "me")
		wantDue := func(want time.Time) {
			t.Helper()
			if got, err := db.NextDue(t.Context()); err != nil || !got.Equal(want) {
				t.Errorf("next due %v (%v), want %v", got, err, want)
			}
		}
		wantDue(time.Time{})
		enqueue(t, db, stream, "a1", "a2")
		enqueue(t, db, "conversation:2", "b1")
		wantDue(at)
		claimed := claim(t, db, "me", at)
		wantDue(time.Time{}) // a2 stands behind an entry that is being tried
		pause := map[string]time.Duration{"a1": 7 * time.Second, "b1": 3 * time.Second}
		for _, e := range claimed {
			e.DueAt = at.Add(pause[e.ID])
			if !settle(t, db, e) {
				t.Fatalf("%s not settled", e.ID)
			}
		}
		wantDue(at.Add(3 * time.Second))
		if got := claim(t, db, "me", at.Add(3*time.Second-time.Millisecond)); len(got) != 0 {
			t.Fatalf("claimed too early: %v", ids(got))
		}
		if got := claimOne(t, db, "me", at.Add(3*time.Second)); got.ID != "b1" || got.Phase != bridge.Ready || got.Claim != 2 {
			t.Fatalf("claimed %+v", got)
		}
		wantDue(at.Add(7 * time.Second))
	})
}

func TestClaimTakesAtMostTheLimitOldestDueFirst(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		update(t, db, func(tx bridge.Tx) error {
			for i, id := range []string{"late", "first", "second"} {
				e := entry(id, id)
				e.DueAt = at.Add(time.Duration((i+2)%3) * time.Second) // late: 2 s, first: 0, second: 1 s
				if _, err := tx.Enqueue(e, "", at); err != nil {
					return err
				}
			}
			return nil
		})
		got, err := db.Claim(t.Context(), "me", at.Add(time.Minute), 2)
		if err != nil || !slices.Equal(ids(got), []string{"first", "second"}) {
			t.Errorf("claimed %v %v", ids(got), err)
		}
	})
}

func TestEnqueueClaimsInAnEmptyStreamOnly(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		alive(t, db, at, "me", "other")
		var claimed [3]bool
		update(t, db, func(tx bridge.Tx) (err error) {
			for i, id := range []string{"a1", "a2", "a1"} { // the last is there already
				if claimed[i], err = tx.Enqueue(entry(id, stream), "me", at); err != nil {
					return err
				}
			}
			return nil
		})
		if claimed != [3]bool{true, false, false} {
			t.Fatalf("claimed %v", claimed)
		}
		if got := claim(t, db, "other", at); len(got) != 0 {
			t.Fatalf("another claimed %v", ids(got))
		}
		// The claim is the one that the caller counts on: the first.
		mine := entry("a1", stream)
		mine.Claim = 1
		if !settle(t, db, mine) {
			t.Error("claim made by Enqueue is not the first of its entry")
		}
		if got := claimOne(t, db, "other", at); got.ID != "a1" || got.Claim != 2 {
			t.Errorf("claimed %+v", got)
		}
	})
}

func TestEnqueueLeavesWhatIsThere(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		enqueue(t, db, stream, "a1")
		update(t, db, func(tx bridge.Tx) error {
			again := entry("a1", "other stream")
			again.Payload = json.RawMessage(`{"text":"anders"}`)
			claimed, err := tx.Enqueue(again, "me", at)
			if claimed {
				t.Error("an entry that is there was claimed by enqueuing it again")
			}
			return err
		})
		if got := claimOne(t, db, "me", at); got.Stream != stream || string(got.Payload) != `{"text":"Grüezi"}` {
			t.Errorf("changed by enqueuing again: %+v", got)
		}
	})
}

func TestSettleIsFencedByTheClaim(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		alive(t, db, at, "first", "second")
		enqueue(t, db, stream, "a1")
		old := claimOne(t, db, "first", at)
		// The first owner is silent for too long; the second takes over.
		late := at.Add(bridge.ClaimFor + time.Millisecond)
		alive(t, db, late, "second")
		taken := claimOne(t, db, "second", late)
		if taken.Phase != bridge.Unsure || taken.Claim != old.Claim+1 {
			t.Fatalf("taken over as %+v", taken)
		}
		old.Phase, old.DueAt = bridge.Ready, late
		if settle(t, db, old) {
			t.Error("the former owner settled an entry that it no longer holds")
		}
		taken.Phase, taken.Barrier, taken.Attempts, taken.DueAt = bridge.Barred, "nonce", 4, late.Add(time.Hour)
		if !settle(t, db, taken) || settle(t, db, taken) {
			t.Error("the owner settled its entry never, or twice")
		}
		update(t, db, func(tx bridge.Tx) error {
			e, err := tx.Entry("a1")
			if err != nil || e.Phase != bridge.Barred || e.Barrier != "nonce" || e.Attempts != 4 || !e.DueAt.Equal(late.Add(time.Hour)) {
				t.Errorf("settled as %+v %v", e, err)
			}
			_, err = tx.Entry("nothing")
			wantErr(t, "entry that is done", err, bridge.ErrNotFound)
			return nil
		})
	})
}

func TestBarrierIsReleasedByItsNonceOnly(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		enqueue(t, db, stream, "a1")
		e := claimOne(t, db, "me", at)
		release := func(id, nonce string) (released bool) {
			update(t, db, func(tx bridge.Tx) (err error) {
				released, err = tx.ReleaseBarrier(id, nonce, at.Add(time.Second))
				return err
			})
			return released
		}
		if release("a1", "") {
			t.Error("an entry that is being tried was released")
		}
		e.Phase, e.Barrier, e.Attempts, e.DueAt = bridge.Barred, "second", 1, at.Add(time.Hour)
		settle(t, db, e)
		for _, wrong := range [][2]string{{"a1", "first"}, {"a1", ""}, {"a2", "second"}} {
			if release(wrong[0], wrong[1]) {
				t.Errorf("released by %v", wrong)
			}
		}
		if !release("a1", "second") || release("a1", "second") {
			t.Error("released never, or twice")
		}
		got := claimOne(t, db, "me", at.Add(time.Second))
		if got.Phase != bridge.Ready || got.Barrier != "" || got.Attempts != 1 {
			t.Errorf("after the barrier: %+v", got)
		}
	})
}

func TestInFlight(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		inFlight := func(want string) {
			t.Helper()
			update(t, db, func(tx bridge.Tx) error {
				e, err := tx.InFlight(stream)
				if want == "" {
					wantErr(t, "in flight", err, bridge.ErrNotFound)
				} else if err != nil || e.ID != want {
					t.Errorf("in flight: %q %v, want %q", e.ID, err, want)
				}
				return nil
			})
		}
		inFlight("")
		enqueue(t, db, stream, "a1", "a2")
		inFlight("") // never tried
		e := claimOne(t, db, "me", at)
		inFlight("a1")
		e.Attempts = 1
		settle(t, db, e) // tried: it may be there, for all that Ready says
		inFlight("a1")
		finish(t, db, "a1")
		inFlight("")
	})
}

func TestClaimNext(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		alive(t, db, at, "me")
		next := func(stream string, now time.Time) (e bridge.Entry, err error) {
			update(t, db, func(tx bridge.Tx) error {
				e, err = tx.ClaimNext(stream, "me", now)
				return nil
			})
			return e, err
		}
		_, err := next(stream, at)
		wantErr(t, "empty stream", err, bridge.ErrNotFound)
		enqueue(t, db, stream, "a1", "a2")
		_, err = next(stream, at.Add(-time.Millisecond))
		wantErr(t, "not yet due", err, bridge.ErrNotFound)
		e, err := next(stream, at)
		if err != nil || e.ID != "a1" || e.Claim != 1 || !e.ClaimedAt.Equal(at) || e.Phase != bridge.Ready {
			t.Fatalf("claimed %+v %v", e, err)
		}
		_, err = next(stream, at)
		wantErr(t, "head is being tried", err, bridge.ErrNotFound)
		e.Phase = bridge.Unsure
		settle(t, db, e)
		_, err = next(stream, at)
		wantErr(t, "head is unsure", err, bridge.ErrNotFound)
		finish(t, db, "a1")
		if e, err = next(stream, at); err != nil || e.ID != "a2" {
			t.Errorf("claimed %+v %v", e, err)
		}
		if got := claim(t, db, "me", at); len(got) != 0 {
			t.Errorf("claimed again: %v", ids(got))
		}
	})
}

func TestPending(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		enqueue(t, db, stream, "a1", "a2")
		claimOne(t, db, "me", at)
		pending := func(stream string, kind bridge.EntryKind, want bool) {
			t.Helper()
			if got, err := db.Pending(t.Context(), stream, kind); err != nil || got != want {
				t.Errorf("%s %s pending: %v %v, want %v", stream, kind, got, err, want)
			}
		}
		pending(stream, bridge.SendMessage, true)
		pending(stream, bridge.OpenRoom, false)
		pending("other", bridge.SendMessage, false)
		finish(t, db, "a1")
		pending(stream, bridge.SendMessage, true)
		finish(t, db, "a2")
		pending(stream, bridge.SendMessage, false)
	})
}
