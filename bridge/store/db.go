// Package store keeps Schalter's state in PostgreSQL or SQLite. There is one text of SQL for
// both, with ? for parameters; one file per type, its SQL above the methods that use it.
package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq" // the driver "postgres"
	_ "modernc.org/sqlite"

	"schalter/bridge"
	"schalter/migrations"
)

// DB is a database of Schalter's. Safe for concurrent use.
type DB struct {
	// read serves reads of committed state; for PostgreSQL it is also where transactions run.
	read *sqlx.DB
	// statements are those of read, prepared.
	statements *statements
	dialect    migrations.Dialect
	url        string
	// group is SQLite's one writer; nil for PostgreSQL.
	group *group
	// written counts messages since the start.
	written written
}

var _ bridge.Store = (*DB)(nil)

// Open connects to "sqlite:PATH" or "postgres://…", and brings the schema up to date.
// It fails when the schema is newer than this program (migrations.ErrNewer), and when the
// database can't be reached or written. Errors never contain the URL, which may hold a password.
func Open(ctx context.Context, databaseURL string) (*DB, error) {
	switch scheme, rest, _ := strings.Cut(databaseURL, ":"); scheme {
	case "sqlite":
		return openSQLite(ctx, rest)
	case "postgres", "postgresql":
		return openPostgres(ctx, databaseURL)
	default:
		return nil, errors.New("database URL must begin with sqlite or postgres and a colon")
	}
}

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if path == "" {
		return nil, errors.New("database URL names no file: write sqlite:/path/to/schalter.db")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create folder of the database: %w", err)
	}
	dsn := func(pragmas ...string) string {
		q := url.Values{"_txlock": {"immediate"}, "_pragma": append(pragmas, "busy_timeout(10000)", "foreign_keys(1)")}
		return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
	}
	write, err := sqlx.ConnectContext(ctx, "sqlite", dsn("journal_mode(WAL)", "synchronous(FULL)"))
	if err != nil {
		return nil, fmt.Errorf("open SQLite database: %w", err)
	}
	write.SetMaxOpenConns(1)
	if err := prepare(ctx, write, migrations.SQLite); err != nil {
		write.Close()
		return nil, err
	}
	read, err := sqlx.ConnectContext(ctx, "sqlite", dsn("query_only(1)"))
	if err != nil {
		write.Close()
		return nil, fmt.Errorf("open SQLite database for reading: %w", err)
	}
	read.SetMaxOpenConns(4)
	// One process owns the file: whoever is still listed has died.
	if _, err := write.ExecContext(ctx, `DELETE FROM replicas`); err != nil {
		write.Close()
		read.Close()
		return nil, fmt.Errorf("clear replicas: %w", err)
	}
	return &DB{read: read, statements: newStatements(read), dialect: migrations.SQLite, group: newGroup(write)}, nil
}

func openPostgres(ctx context.Context, databaseURL string) (*DB, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return nil, errors.New("database URL is not a URL") // the parser's error would show it
	}
	q := u.Query()
	q.Set("binary_parameters", "yes") // one round trip for a statement instead of two
	if q.Get("connect_timeout") == "" {
		q.Set("connect_timeout", "5")
	}
	u.RawQuery = q.Encode()
	read, err := sqlx.ConnectContext(ctx, "postgres", u.String())
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	read.SetMaxOpenConns(24)
	read.SetMaxIdleConns(12)
	read.SetConnMaxIdleTime(5 * time.Minute)
	if err := prepare(ctx, read, migrations.Postgres); err != nil {
		read.Close()
		return nil, err
	}
	return &DB{read: read, statements: newStatements(read), dialect: migrations.Postgres, url: u.String()}, nil
}

// prepare migrates, and makes sure that the database takes writes.
func prepare(ctx context.Context, db *sqlx.DB, d migrations.Dialect) error {
	if err := migrations.Up(ctx, db.DB, d); err != nil {
		return fmt.Errorf("prepare database: %w", err)
	}
	if _, err := db.ExecContext(ctx, `UPDATE counters SET value = value WHERE name = 'conversation'`); err != nil {
		return fmt.Errorf("database takes no writes: %w", err)
	}
	return nil
}

// Close waits for the running transactions and disconnects. Nothing of the database is touched afterwards.
func (db *DB) Close() error {
	if db.group != nil {
		db.group.stop()
	}
	err := db.read.Close()
	db.statements.end()
	return err
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return classify(db.read.PingContext(ctx)) }

// get reads one row; bridge.ErrNotFound when there is none.
func (db *DB) get(ctx context.Context, into any, query string, args ...any) error {
	return classify(db.statements.get(ctx, into, query, args...))
}

func (db *DB) list(ctx context.Context, into any, query string, args ...any) error {
	return classify(db.statements.list(ctx, into, query, args...))
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
