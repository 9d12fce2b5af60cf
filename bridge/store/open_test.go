package store_test

import (
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"schalter/bridge"
	"schalter/bridge/store"
	"schalter/bridge/store/postgrestest"
	"schalter/migrations"
)

func TestURLsThatNameNoDatabase(t *testing.T) {
	for _, u := range []string{"", "sqlite:", "sqlite", "mysql://root:" + secret + "@host/db", secret} {
		db, err := store.Open(t.Context(), u)
		if err == nil {
			db.Close()
			t.Errorf("%q: opened", u)
		}
		wantNoSecret(t, err)
	}
}

func TestSQLiteFileIsMadeWithItsFolder(t *testing.T) {
	for _, name := range []string{"a/b/schalter.db", "mit Leerzeichen & Umlaut ä?#%41.db"} {
		path := filepath.Join(t.TempDir(), filepath.FromSlash(name))
		db := open(t, "sqlite:"+path)
		c := newConversation(t, db)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("the file is elsewhere: %v", err)
		}
		if got := reload(t, open(t, "sqlite:"+path), c.ID); got != c {
			t.Errorf("after opening again: %+v", got)
		}
	}
}

func TestSQLitePathThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("no database, but longer than the header of one: "+strings.Repeat("x", 4096)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"a folder": dir, "below a file": filepath.Join(file, "schalter.db"), "not a database": file,
	} {
		db, err := store.Open(t.Context(), "sqlite:"+path)
		if err == nil {
			db.Close()
			t.Errorf("%s: opened", name)
		}
	}
}

// SQLite has one process: at its start nobody else is alive, and what was in flight is in doubt.
func TestSQLiteStartTakesOverAtOnce(t *testing.T) {
	where := sqliteURL(t)
	db := open(t, where)
	alive(t, db, at, "before")
	enqueue(t, db, stream, "a1")
	claimOne(t, db, "before", at)
	if _, ours := takeSync(t, db, "before", at); !ours {
		t.Fatal("no sync lease")
	}
	db.Close()
	again := open(t, where)
	if got := claimOne(t, again, "after", at); got.Phase != bridge.Unsure {
		t.Errorf("taken over as %+v", got)
	}
	if lease, ours := takeSync(t, again, "after", at); !ours || lease.Generation != 2 {
		t.Errorf("sync lease %+v %v", lease, ours)
	}
}

// raw runs statements beside the store.
func raw(t *testing.T, driver, dsn string, statements ...string) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

const fromTheFuture = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`

func TestNewerSchemaIsRefused(t *testing.T) {
	refused := func(t *testing.T, where string) {
		t.Helper()
		db, err := store.Open(t.Context(), where)
		if err == nil {
			db.Close()
		}
		wantErr(t, "newer schema", err, migrations.ErrNewer)
		wantNoSecret(t, err)
		if err != nil && !strings.Contains(err.Error(), "9999") {
			t.Errorf("does not name the version: %v", err)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		where := sqliteURL(t)
		open(t, where).Close()
		raw(t, "sqlite", strings.TrimPrefix(where, "sqlite:"), fromTheFuture)
		refused(t, where)
	})
	t.Run("postgres", func(t *testing.T) {
		where := postgrestest.Database(t)
		open(t, where).Close()
		raw(t, "postgres", where, fromTheFuture)
		refused(t, withSecret(where))
	})
}

func TestReadOnlyPostgresIsRefused(t *testing.T) {
	where := postgrestest.Database(t)
	open(t, where).Close()
	u, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	raw(t, "postgres", where, "ALTER DATABASE "+name+" SET default_transaction_read_only = on")
	db, err := store.Open(t.Context(), withSecret(where))
	if err == nil {
		db.Close()
		t.Fatal("opened")
	}
	wantNoSecret(t, err)
	if !strings.Contains(err.Error(), "read-only") {
		t.Errorf("does not say why: %v", err)
	}
	// The same where even the schema is not there yet.
	empty := postgrestest.Database(t)
	_, err = store.Open(t.Context(), withSecret(empty)+"&default_transaction_read_only=on")
	if err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("empty: %v", err)
	}
	wantNoSecret(t, err)
}

func TestManyOpenAnEmptyPostgresAtOnce(t *testing.T) {
	where := postgrestest.Database(t)
	var wg sync.WaitGroup
	failures := make([]error, 6)
	for i := range failures {
		wg.Go(func() {
			db, err := store.Open(t.Context(), where)
			if err == nil {
				err = db.Close()
			}
			failures[i] = err
		})
	}
	wg.Wait()
	if err := errors.Join(failures...); err != nil {
		t.Error(err)
	}
}

// Nothing touches the database once it is closed, such as a statement that is still being prepared: its file may be
// moved away then.
func TestCloseWaitsForWhatIsPrepared(t *testing.T) {
	for n := range 20 {
		db := open(t, sqliteURL(t))
		if _, err := db.AreaRooms(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Conversation(t.Context(), "none"); !errors.Is(err, bridge.ErrNotFound) {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		stacks := make([]byte, 1<<20)
		if stacks = stacks[:runtime.Stack(stacks, true)]; strings.Contains(string(stacks), ".(*statements).prepare(") {
			t.Fatalf("closed for the %dth time, and a statement is being prepared", n+1)
		}
	}
}
