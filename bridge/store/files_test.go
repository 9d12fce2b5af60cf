package store_test

import (
	"errors"
	"slices"
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

// Pieces are read in order, go with their message, and are swept away when no message has them.
func TestChunks(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := newConversation(t, db)
		m := message(c, 1)
		m.File = &bridge.File{Name: "x.pdf", Type: "application/pdf", Size: 6, Pending: true}
		insert(t, db, m)
		lost := bridge.MessageID(bridge.NewID())
		add := func(id bridge.MessageID, n int, data string, now time.Time) {
			t.Helper()
			update(t, db, func(tx bridge.Tx) error { return tx.AddChunk(id, n, []byte(data), now, now.Add(-time.Hour)) })
		}
		has := func(id bridge.MessageID, n int, want string) {
			t.Helper()
			data, err := db.Chunk(t.Context(), id, n)
			if string(data) != want || (want == "") != errors.Is(err, bridge.ErrNotFound) {
				t.Errorf("piece %d: %q %v, want %q", n, data, err, want)
			}
		}
		add(m.ID, 0, "a\x00\xff", at)
		add(m.ID, 1, "b", at)
		add(lost, 0, "c", at)
		has(m.ID, 0, "a\x00\xff")
		has(m.ID, 1, "b")
		has(m.ID, 2, "")
		add(bridge.MessageID(bridge.NewID()), 0, "d", at.Add(30*time.Minute))
		has(lost, 0, "c")
		add(bridge.MessageID(bridge.NewID()), 0, "e", at.Add(2*time.Hour))
		has(lost, 0, "")
		has(m.ID, 0, "a\x00\xff")
		update(t, db, func(tx bridge.Tx) error {
			if n, err := tx.CountFiles(c.ID); err != nil || n != 1 {
				t.Errorf("%d files %v", n, err)
			}
			if err := tx.RemoveFile(m.ID); err != nil {
				return err
			}
			if err := tx.SaveFile(m.ID, *m.File); err != nil { // too late
				return err
			}
			n, err := tx.CountFiles(c.ID)
			if n != 0 {
				t.Errorf("%d files are left", n)
			}
			return err
		})
		has(m.ID, 0, "")
	})
}

// The pieces of a file of the bot's stay as long as its entry does, whose payload can change.
func TestPiecesOfAnEntry(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := newConversation(t, db)
		id := bridge.NewID()
		enqueue(t, db, "desk:"+string(c.ID), id)
		later := at.Add(2 * time.Hour)
		update(t, db, func(tx bridge.Tx) error {
			return errors.Join(
				tx.AddChunk(bridge.MessageID(id), 0, []byte("a"), at, at),
				tx.AddChunk(bridge.MessageID(bridge.NewID()), 0, []byte("b"), later, later.Add(-time.Hour)),
				tx.SavePayload(id, []byte(`{"name":"ä"}`)),
				tx.AddInternal("$note", c.ID), tx.AddInternal("$command", c.ID), tx.AddInternal("$note", c.ID),
			)
		})
		if data, err := db.Chunk(t.Context(), bridge.MessageID(id), 0); err != nil || string(data) != "a" {
			t.Errorf("piece %q %v", data, err)
		}
		update(t, db, func(tx bridge.Tx) error {
			e, err := tx.Entry(id)
			if string(e.Payload) != `{"name":"ä"}` {
				t.Errorf("payload %s", e.Payload)
			}
			return err
		})
		finish(t, db, id)
		update(t, db, func(tx bridge.Tx) error {
			return tx.AddChunk(bridge.MessageID(bridge.NewID()), 0, []byte("c"), later, later.Add(-time.Hour))
		})
		if _, err := db.Chunk(t.Context(), bridge.MessageID(id), 0); !errors.Is(err, bridge.ErrNotFound) {
			t.Errorf("piece of nothing: %v", err)
		}
		events, err := db.InternalEvents(t.Context(), c.ID)
		slices.Sort(events)
		if err != nil || !slices.Equal(events, []bridge.EventID{"$command", "$note"}) {
			t.Errorf("internal %v %v", events, err)
		}
	})
}
