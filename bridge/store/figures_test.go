package store_test

import (
	"errors"
	"testing"

	"schalter/bridge"
	"schalter/bridge/store"
)

func TestFigures(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		f, err := db.Figures(t.Context())
		if err != nil || len(f.Conversations) != 0 || len(f.Outbox) != 0 || !f.Oldest.IsZero() || !f.Unconfirmed.IsZero() {
			t.Fatalf("of an empty database: %+v %v", f, err)
		}
		c := newConversation(t, db)
		enqueue(t, db, stream, "a1")
		if f, err = db.Figures(t.Context()); err != nil {
			t.Fatal(err)
		}
		if f.Conversations[store.AreaState{Area: c.Area, State: c.State}] != 1 || f.Outbox[bridge.Ready] != 1 || f.Oldest.IsZero() || !f.Unconfirmed.IsZero() {
			t.Errorf("with a chat: %+v", f)
		}
		alive(t, db, at, "me") // claims are for the living
		claimOne(t, db, "me", at)
		if f, err = db.Figures(t.Context()); err != nil || f.Outbox[bridge.Trying] != 1 || f.Unconfirmed.IsZero() {
			t.Errorf("under way: %+v %v", f, err)
		}

		// What was not committed was not written.
		m := bridge.Message{ID: bridge.MessageID(bridge.NewID()), Conversation: c.ID, Seq: 77, Direction: bridge.FromClerkDirection, Text: "x", CreatedAt: at}
		before, failure := db.Written(bridge.FromClerkDirection), errors.New("no")
		for _, want := range []error{failure, nil} {
			err := db.Update(t.Context(), func(tx bridge.Tx) error {
				if _, err := tx.InsertMessage(m); err != nil {
					return err
				}
				return want
			})
			if !errors.Is(err, want) {
				t.Fatal(err)
			}
		}
		if n := db.Written(bridge.FromClerkDirection) - before; n != 1 {
			t.Errorf("%d written", n)
		}
	})
}
