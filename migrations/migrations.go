// Package migrations holds the database schema, embedded, in the two dialects that Schalter
// speaks. README.md describes the tables.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// Dialect is a database that Schalter runs on.
type Dialect string

// The dialects. They differ in column types only; see the two folders of the same names.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// ErrNewer says that a newer Schalter has written this database. Running an older one on it could
// lose what it does not know of, so it is refused.
var ErrNewer = errors.New("database schema is newer than this program")

// Up brings the schema to this program's version. Several replicas may call it at once on
// PostgreSQL: the first does the work. ErrNewer when the schema is ahead.
func Up(ctx context.Context, db *sql.DB, d Dialect) error {
	return withLock(ctx, db, d, func() error {
		p, err := provider(db, d)
		if err != nil {
			return err
		}
		have, err := p.GetDBVersion(ctx)
		if err != nil {
			return fmt.Errorf("read schema version: %w", err)
		}
		want := latest(p)
		if have > want {
			return fmt.Errorf("%w: schema %d, program %d", ErrNewer, have, want)
		}
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrate schema from %d to %d: %w", have, want, err)
		}
		return nil
	})
}

func provider(db *sql.DB, d Dialect) (*goose.Provider, error) {
	dir, err := fs.Sub(files, string(d))
	if err != nil {
		return nil, fmt.Errorf("open embedded migrations: %w", err)
	}
	dialect := database.DialectSQLite3
	if d == Postgres {
		dialect = database.DialectPostgres
	}
	p, err := goose.NewProvider(dialect, db, dir)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

func latest(p *goose.Provider) int64 {
	var v int64
	for _, s := range p.ListSources() {
		v = max(v, s.Version)
	}
	return v
}

// lockKey is an arbitrary number that all versions of Schalter agree on.
const lockKey = 0x5c4a17e4

// withLock keeps other replicas out meanwhile. SQLite has one process only.
func withLock(ctx context.Context, db *sql.DB, d Dialect, f func() error) error {
	if d != Postgres {
		return f()
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, lockKey); err != nil {
		return fmt.Errorf("lock schema: %w", err)
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lockKey) //nolint:errcheck // ends with the connection
	return f()
}
