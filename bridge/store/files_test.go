package store_test

import (
	"errors"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store"
)

// A message is read with its file, and by a ticket until that ends; without the file it stays.
func TestFilesAndTickets(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := newConversation(t, db)
		m, plain := message(c, 1), message(c, 2)
		m.File = &bridge.File{Name: "Plan 🏠.png", Type: "image/png", Size: 7, Width: 2, Height: 3, URI: "mxc://example.org/x"}
		insert(t, db, m)
		insert(t, db, plain)
		for _, want := range []bridge.Message{m, plain} {
			if got, err := db.Message(t.Context(), want.ID); err != nil || !same(got, want) {
				t.Errorf("%v %+v\nwant %+v", err, got, want)
			}
		}
		first, second := []byte("first"), []byte("second")
		update(t, db, func(tx bridge.Tx) error { return tx.AddTicket(first, m.ID, at.Add(time.Minute), at) })
		opens := func(hash []byte, now time.Time, want bool) {
			t.Helper()
			got, err := db.ByTicket(t.Context(), hash, now)
			if want && (err != nil || !same(got, m)) || !want && !errors.Is(err, bridge.ErrNotFound) {
				t.Errorf("%s: %v %+v", hash, err, got)
			}
		}
		opens(first, at, true)
		opens(second, at, false)
		opens(first, at.Add(time.Minute), false)
		update(t, db, func(tx bridge.Tx) error {
			return tx.AddTicket(second, m.ID, at.Add(2*time.Minute), at.Add(time.Minute))
		})
		opens(first, at, false) // swept away
		update(t, db, func(tx bridge.Tx) error { return tx.RemoveFile(m.ID) })
		if got, err := db.ByTicket(t.Context(), second, at); err != nil || got.File != nil || got.ID != m.ID {
			t.Errorf("%v %+v", err, got)
		}
	})
}
