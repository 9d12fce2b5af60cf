package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store"
	"schalter/bridge/store/postgrestest"
)

// secret stands in URLs and must stand in no error. The test servers ask for no password.
const secret = "hunter2-secret"

func withSecret(url string) string { return strings.Replace(url, "@", ":"+secret+"@", 1) }

func wantNoSecret(t *testing.T, err error) {
	t.Helper()
	if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "postgres://")) {
		t.Errorf("error tells the URL: %v", err)
	}
}

func TestPostgresOutageIsSaidAndEnds(t *testing.T) {
	server := postgrestest.Start(t)
	db := open(t, withSecret(server.Database(t)))
	c := newConversation(t, db)
	alive(t, db, at, "me")
	calls := map[string]func(ctx context.Context) error{
		"Update": func(ctx context.Context) error {
			return db.Update(ctx, func(tx bridge.Tx) error { return see(tx, "$1") })
		},
		"Conversation": func(ctx context.Context) error { _, err := db.Conversation(ctx, c.ID); return err },
		"Messages":     func(ctx context.Context) error { _, err := db.Messages(ctx, c.ID, 0, 1); return err },
		"Claim":        func(ctx context.Context) error { _, err := db.Claim(ctx, "me", at, 1); return err },
		"NextDue":      func(ctx context.Context) error { _, err := db.NextDue(ctx); return err },
		"TakeSync":     func(ctx context.Context) error { _, _, err := db.TakeSync(ctx, "me", at); return err },
		"KnownEvents":  func(ctx context.Context) error { _, err := db.KnownEvents(ctx, []bridge.EventID{"$1"}); return err },
		"Heartbeat":    func(ctx context.Context) error { return db.Heartbeat(ctx, "me", at) },
		"AreaRooms":    func(ctx context.Context) error { _, err := db.AreaRooms(ctx); return err },
		"Ping":         db.Ping,
	}
	for name, stop := range map[string]func() error{
		"fast": func() error { return server.Stop(postgrestest.Fast) }, "kill": server.Kill,
	} {
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		for call, f := range calls {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			err := f(ctx)
			wantErr(t, call+" after "+name, err, bridge.ErrUnavailable)
			wantNoSecret(t, err)
			if ctx.Err() != nil {
				t.Errorf("%s after %s: no answer in 20 s", call, name)
			}
			cancel()
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		for call, f := range calls {
			wantErr(t, call+" when the server is back", f(t.Context()), nil)
		}
	}
	if got := reload(t, db, c.ID); got != c {
		t.Errorf("the outage has changed the conversation: %+v", got)
	}
}

// The server dies within a transaction: the transaction fails as an outage, and is not run again
// as if it had met a deadlock.
func TestPostgresDiesInATransaction(t *testing.T) {
	server := postgrestest.Start(t)
	db := open(t, server.Database(t))
	runs := 0
	err := db.Update(t.Context(), func(tx bridge.Tx) error {
		runs++
		if err := see(tx, "$1"); err != nil {
			return err
		}
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		return tx.Savepoint(func() error { return see(tx, "$2") })
	})
	wantErr(t, "update", err, bridge.ErrUnavailable)
	if runs != 1 {
		t.Errorf("run %d times", runs)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if seen(t, db, "$1") || seen(t, db, "$2") {
		t.Error("half of a transaction was kept")
	}
}

func TestDeadlockIsTriedAgain(t *testing.T) {
	db := open(t, postgrestest.Database(t))
	one, two := newConversation(t, db), newConversation(t, db)
	bothHold := make(chan struct{}, 2)
	proceed := make(chan struct{})
	lock := func(first, second bridge.ConversationID, runs *int) error {
		return db.Update(t.Context(), func(tx bridge.Tx) error {
			if _, err := tx.LockConversation(first); err != nil {
				return err
			}
			if *runs++; *runs == 1 {
				bothHold <- struct{}{}
				<-proceed
			}
			c, err := tx.LockConversation(second)
			if err != nil {
				return err
			}
			c.LastSeq++
			return tx.SaveConversation(c)
		})
	}
	var runs [2]int
	failures := make(chan error, 2)
	go func() { failures <- lock(one.ID, two.ID, &runs[0]) }()
	go func() { failures <- lock(two.ID, one.ID, &runs[1]) }()
	<-bothHold
	<-bothHold
	close(proceed)
	if err := errors.Join(<-failures, <-failures); err != nil {
		t.Fatal(err)
	}
	if runs[0]+runs[1] < 3 {
		t.Errorf("run %d and %d times; there was no deadlock to be tried again", runs[0], runs[1])
	}
	for _, c := range []bridge.Conversation{one, two} {
		if got := reload(t, db, c.ID); got.LastSeq != 1 {
			t.Errorf("changed %d times", got.LastSeq)
		}
	}
}

func TestUnreachablePostgresAtTheStart(t *testing.T) {
	server := postgrestest.Start(t)
	url := withSecret(server.Database(t))
	for name, wrong := range map[string]string{
		"no such database": withSecret(server.URL("nothing")),
		"not a URL":        "postgres://user:" + secret + "@host:port/%zz",
		"bad option":       url + "&nonsense=" + secret,
	} {
		db, err := store.Open(t.Context(), wrong)
		if err == nil {
			db.Close()
			t.Errorf("%s: opened", name)
		}
		wantNoSecret(t, err)
	}
	if err := server.Stop(postgrestest.Fast); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(t.Context(), url)
	if err == nil {
		t.Fatal("opened a stopped server")
	}
	wantNoSecret(t, err)
	if !strings.Contains(err.Error(), "PostgreSQL") {
		t.Errorf("does not say what it tried: %v", err)
	}
}
