package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store"
	"schalter/bridge/store/postgrestest"
)

// at is when everything in these tests happens, unless it happens later.
var at = time.UnixMilli(1_765_432_100_123).UTC()

// each runs a test on SQLite and on PostgreSQL, each time on an empty database.
func each(t *testing.T, f func(t *testing.T, db *store.DB)) {
	t.Run("sqlite", func(t *testing.T) { f(t, open(t, sqliteURL(t))) })
	t.Run("postgres", func(t *testing.T) { f(t, open(t, postgrestest.Database(t))) })
}

func sqliteURL(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "schalter.db") }

func open(t *testing.T, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// update runs a transaction that must succeed.
func update(t *testing.T, db *store.DB, f func(bridge.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), f); err != nil {
		t.Fatalf("update: %v", err)
	}
}

// newConversation stores a conversation with everything set that can be set at its birth.
func newConversation(t *testing.T, db *store.DB) bridge.Conversation {
	t.Helper()
	id := bridge.NewID()
	c := bridge.Conversation{
		ID: bridge.ConversationID(id), Area: "hundekontrolle", State: bridge.Waiting, Name: "Anna «Änni» 🐕",
		Language: "de", PageURL: "https://www.example.org/hunde", Ghost: bridge.UserID("@citizen_" + id + ":example.org"),
		CreatedAt: at, Life: bridge.Life{ActiveAt: at, DueAt: at.Add(time.Minute)},
	}
	update(t, db, func(tx bridge.Tx) error {
		var err error
		if c.Number, err = tx.NextNumber(); err != nil {
			return err
		}
		return tx.InsertConversation(c)
	})
	return c
}

func reload(t *testing.T, db *store.DB, id bridge.ConversationID) bridge.Conversation {
	t.Helper()
	c, err := db.Conversation(t.Context(), id)
	if err != nil {
		t.Fatalf("read conversation: %v", err)
	}
	return c
}

// wantErr compares by errors.Is; a nil want means success.
func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if want == nil && got != nil || want != nil && !errors.Is(got, want) {
		t.Errorf("%s: error %v, want %v", what, got, want)
	}
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !yes() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within 30 s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
