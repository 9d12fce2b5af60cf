package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jmoiron/sqlx"

	"schalter/bridge"
	"schalter/migrations"
)

// Condition is what Probe finds of a database that can serve.
type Condition struct {
	// Name is "SQLite" or "PostgreSQL".
	Name string
	// Schema is 0 before the first start; below Program, the next start migrates.
	Schema, Program int64
	// Areas and Admin are the rooms that have been made.
	Areas []bridge.AreaRooms
	Admin bridge.RoomID
	// Staff is what admins have set over the configuration.
	Staff bridge.Staff
	// Changes are what admins have set about service areas.
	Changes []bridge.AreaChange
	// Folder is where SQLite's file is or will be; empty for PostgreSQL.
	Folder string
}

const (
	// mayWrite changes nothing, and is rolled back.
	mayWrite        = `UPDATE counters SET value = value WHERE name = 'conversation'`
	mayMakeTables   = `SELECT COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE)`
	selectAdminRoom = `SELECT COALESCE(MAX(room_id), '') FROM house_rooms WHERE part = 'admin'`
	// adminSince is the schema that has house_rooms.
	adminSince = 2
	// staffSince is the one that has postings.
	staffSince = 8
	// changesSince is the one whose area_changes have all columns.
	changesSince = 18
)

// Probe looks whether a database could serve, and changes nothing: no file is made and nothing is
// migrated. It may be used beside a running service. What is wrong comes as a *bridge.Fault, which
// never contains the URL.
func Probe(ctx context.Context, databaseURL string) (Condition, error) {
	switch scheme, rest, _ := strings.Cut(databaseURL, ":"); scheme {
	case "sqlite":
		return probeSQLite(ctx, rest)
	case "postgres", "postgresql":
		return probePostgres(ctx, databaseURL)
	}
	return Condition{}, &bridge.Fault{What: "the URL names no database", Remedy: "Write sqlite:PATH or postgres://… as database.url"}
}

func probeSQLite(ctx context.Context, path string) (Condition, error) {
	c := Condition{Name: "SQLite", Folder: existing(filepath.Dir(path))}
	if err := takesFiles(c.Folder); err != nil {
		return c, &bridge.Fault{What: fmt.Sprintf("nothing can be written in %s (%s)", c.Folder, cause(err)),
			Remedy: "Give the folder to the user that runs the service; SQLite makes files beside the database"}
	}
	unusable := func(err error) error {
		return &bridge.Fault{What: fmt.Sprintf("the file cannot be used as a database (%s)", cause(err)),
			Remedy: "Give it to the user that runs the service; if it is no database or damaged, restore the backup"}
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		c.Program, err = program(migrations.SQLite)
		return c, err
	}
	if err != nil {
		return c, unusable(err)
	}
	if info.IsDir() {
		return c, &bridge.Fault{What: "database.url names a folder", Remedy: "Name a file in it, as in sqlite:/var/lib/schalter/schalter.db"}
	}
	q := url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(5000)"}}
	db, err := sqlx.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String())
	if err != nil {
		return c, unusable(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	err = c.look(ctx, db, migrations.SQLite)
	if fault := (*bridge.Fault)(nil); err != nil && !errors.As(err, &fault) {
		err = unusable(err)
	}
	return c, err
}

func probePostgres(ctx context.Context, databaseURL string) (Condition, error) {
	c := Condition{Name: "PostgreSQL"}
	u, err := url.Parse(databaseURL)
	if err != nil { // the parser's error would show it
		return c, &bridge.Fault{What: "database.url is not a URL", Remedy: "Write postgres://user:password@host/database; special characters of a password as %XX"}
	}
	q := u.Query()
	if q.Get("connect_timeout") == "" {
		q.Set("connect_timeout", "5")
	}
	u.RawQuery = q.Encode()
	db, err := sqlx.ConnectContext(ctx, "postgres", u.String())
	if err != nil {
		return c, &bridge.Fault{What: fmt.Sprintf("PostgreSQL cannot be reached or lets nobody in (%s)", cause(err)),
			Remedy: "Start it, or correct host, user, password and database name in database.url, and sslmode"}
	}
	defer db.Close()
	var may bool
	if err := db.GetContext(ctx, &may, mayMakeTables); err != nil {
		return c, &bridge.Fault{What: fmt.Sprintf("PostgreSQL answers no question (%s)", cause(err)), Remedy: "See PostgreSQL's own log"}
	}
	if !may {
		return c, &bridge.Fault{What: "the user may not make tables in the database", Remedy: "Make the user its owner: ALTER DATABASE … OWNER TO …"}
	}
	err = c.look(ctx, db, migrations.Postgres)
	if fault := (*bridge.Fault)(nil); err != nil && !errors.As(err, &fault) {
		err = &bridge.Fault{What: fmt.Sprintf("the tables cannot be used (%s)", cause(err)),
			Remedy: "Make the user of database.url the owner of the tables, and make sure that this is not a standby server"}
	}
	return c, err
}

// look reads what stands in the database, and whether it could be written.
func (c *Condition) look(ctx context.Context, db *sqlx.DB, d migrations.Dialect) error {
	var err error
	if c.Schema, c.Program, err = migrations.Versions(ctx, db.DB, d); err != nil || c.Schema == 0 {
		return err
	}
	if c.Schema > c.Program {
		return &bridge.Fault{What: fmt.Sprintf("a newer Schalter has written this database (schema %d, this program knows %d)", c.Schema, c.Program),
			Remedy: "Install the newer Schalter again, or restore the backup made before the update"}
	}
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // nothing was changed
	if _, err := tx.ExecContext(ctx, mayWrite); err != nil {
		return err
	}
	var rows []areaRow
	if err := tx.SelectContext(ctx, &rows, selectAreas); err != nil {
		return err
	}
	for _, r := range rows {
		c.Areas = append(c.Areas, r.rooms())
	}
	if c.Schema < adminSince {
		return nil
	}
	if err := tx.GetContext(ctx, &c.Admin, selectAdminRoom); err != nil || c.Schema < staffSince {
		return err
	}
	c.Staff, err = staff(func(into any, query string) error { return tx.SelectContext(ctx, into, query) })
	if err != nil || c.Schema < changesSince {
		return err
	}
	c.Changes, err = areaChanges(func(into any) error { return tx.SelectContext(ctx, into, selectAreaChanges) })
	return err
}

// program is the schema version that this program makes.
func program(d migrations.Dialect) (int64, error) {
	db, err := sqlx.Open("sqlite", ":memory:")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	_, v, err := migrations.Versions(context.Background(), db.DB, d)
	return v, err
}

// existing is the folder itself, or the nearest one above it that is there.
func existing(folder string) string {
	for {
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) || folder == filepath.Dir(folder) {
			return folder
		}
		folder = filepath.Dir(folder)
	}
}

// takesFiles makes a file and removes it. Asking for permissions alone would not tell a read-only
// or full disk.
func takesFiles(folder string) error {
	f, err := os.CreateTemp(folder, ".schalter-check-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 4096))
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// cause is the innermost error that says something, without the paths around it.
func cause(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return strings.TrimPrefix(err.Error(), "pq: ")
}
