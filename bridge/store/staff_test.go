package store_test

import (
	"slices"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store"
)

func version(t *testing.T, db *store.DB) int64 {
	t.Helper()
	v, err := db.HoursVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestStaff(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		before := version(t, db)
		posting := bridge.Posting{Area: "hunde", User: "@a:x", Staffed: true, Lead: true, Capacity: 3, SetBy: "@chief:x", SetAt: at}
		gone := bridge.Posting{Area: "hunde", User: "@b:x", SetBy: "@chief:x", SetAt: at.Add(time.Second)}
		away := bridge.Pause{User: "@a:x", Paused: true, Automatic: true, Since: at, Unanswered: 3}
		update(t, db, func(tx bridge.Tx) error {
			for _, p := range []bridge.Posting{gone, posting} {
				if err := tx.SavePosting(p); err != nil {
					return err
				}
			}
			if p, err := tx.Pause("@a:x"); err != nil || p != (bridge.Pause{User: "@a:x", Since: p.Since}) {
				t.Errorf("pause of somebody new: %+v %v", p, err)
			}
			if err := tx.SavePause(bridge.Pause{User: "@b:x", Since: at}); err != nil {
				return err
			}
			return tx.SavePause(away)
		})
		want := bridge.Staff{Postings: []bridge.Posting{posting, gone}, Pauses: []bridge.Pause{away}}
		check := func(got bridge.Staff, err error) {
			t.Helper()
			if err != nil || !slices.Equal(got.Postings, want.Postings) || !slices.Equal(got.Pauses, want.Pauses) {
				t.Errorf("staff %+v %v", got, err)
			}
		}
		check(db.Staff(t.Context()))
		posting.Lead, posting.Capacity, posting.SetAt = false, 0, at.Add(time.Minute)
		away.Paused, away.Unanswered = false, 0
		want = bridge.Staff{Postings: []bridge.Posting{gone, posting}}
		update(t, db, func(tx bridge.Tx) error {
			if err := tx.SavePosting(posting); err != nil {
				return err
			}
			if err := tx.SavePause(away); err != nil {
				return err
			}
			check(tx.Staff())
			if p, err := tx.Pause("@a:x"); err != nil || p != away {
				t.Errorf("pause %+v %v", p, err)
			}
			return nil
		})
		check(db.Staff(t.Context()))
		if after := version(t, db); after != before+6 {
			t.Errorf("version rose from %d to %d by six changes", before, after)
		}
	})
}

// The doctor knows the staff as it is, not only as the config has it.
func TestProbeTellsTheStaff(t *testing.T) {
	url := sqliteURL(t)
	db := open(t, url)
	update(t, db, func(tx bridge.Tx) error {
		return tx.SavePosting(bridge.Posting{Area: "hunde", User: "@b:x", SetBy: "@chief:x", SetAt: at})
	})
	c, err := store.Probe(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Staff.Clerks("hunde", []bridge.UserID{"@a:x", "@b:x"}); !slices.Equal(got, []bridge.UserID{"@a:x"}) {
		t.Errorf("clerks %v", got)
	}
}
