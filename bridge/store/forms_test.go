package store_test

import (
	"errors"
	"testing"

	"schalter/bridge"
	"schalter/bridge/store"
)

// A form is kept as it was sent, with a hash of its answers; a message that asks for none has none.
func TestForms(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := newConversation(t, db)
		m := message(c, 1)
		insert(t, db, m)
		want := bridge.SentForm{Message: m.ID, Key: "umzug", Source: []byte(`{"title":"Grüezi ☺"}`)}
		update(t, db, func(tx bridge.Tx) error { return tx.AddForm(want) })
		got, err := db.SentForm(t.Context(), m.ID)
		if err != nil || got.Message != m.ID || got.Key != "umzug" || string(got.Source) != string(want.Source) || len(got.Digest) != 0 {
			t.Errorf("%+v %v", got, err)
		}
		update(t, db, func(tx bridge.Tx) error {
			if err := tx.SaveDigest(m.ID, []byte{0, 255}); err != nil {
				return err
			}
			got, err := tx.SentForm(m.ID)
			if string(got.Digest) != "\x00\xff" {
				t.Errorf("%+v", got)
			}
			return err
		})
		if _, err := db.SentForm(t.Context(), "01JZZZZZZZZZZZZZZZZZZZZZZZ"); !errors.Is(err, bridge.ErrNotFound) {
			t.Errorf("a form from nowhere: %v", err)
		}
	})
}
