package migrations_test

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"schalter/bridge/store/postgrestest"
	"schalter/migrations"
)

func connect(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// each runs a test on an empty database of each dialect.
func each(t *testing.T, f func(t *testing.T, db *sql.DB, d migrations.Dialect)) {
	t.Run("sqlite", func(t *testing.T) {
		f(t, connect(t, "sqlite", filepath.Join(t.TempDir(), "schalter.db")), migrations.SQLite)
	})
	t.Run("postgres", func(t *testing.T) {
		f(t, connect(t, "postgres", postgrestest.Database(t)), migrations.Postgres)
	})
}

// columns returns «table.column: nullable?» of our tables.
func columns(t *testing.T, db *sql.DB, d migrations.Dialect) []string {
	t.Helper()
	query := `SELECT m.name, c.name, c."notnull" = 0 AND c.pk = 0 FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version'`
	if d == migrations.Postgres {
		query = `SELECT table_name, column_name, is_nullable = 'YES' FROM information_schema.columns
			WHERE table_schema = 'public' AND table_name <> 'goose_db_version'`
	}
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var table, column string
		var nullable bool
		if err := rows.Scan(&table, &column, &nullable); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s.%s: %v", table, column, nullable))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func TestUpFromEmptyAndAgain(t *testing.T) {
	found := map[migrations.Dialect][]string{}
	each(t, func(t *testing.T, db *sql.DB, d migrations.Dialect) {
		if err := migrations.Up(t.Context(), db, d); err != nil {
			t.Fatal(err)
		}
		first := columns(t, db, d)
		if _, err := db.Exec(`UPDATE counters SET value = 4711`); err != nil {
			t.Fatal(err)
		}
		if err := migrations.Up(t.Context(), db, d); err != nil {
			t.Fatalf("again: %v", err)
		}
		if again := columns(t, db, d); !slices.Equal(first, again) {
			t.Errorf("the second time has changed the schema:\n%v\n%v", first, again)
		}
		var number int
		if err := db.QueryRow(`SELECT value FROM counters`).Scan(&number); err != nil || number != 4711 {
			t.Errorf("the second time has changed data: %d %v", number, err)
		}
		found[d] = first
	})
	if len(found) == 2 && !slices.Equal(found[migrations.SQLite], found[migrations.Postgres]) {
		t.Errorf("the dialects have different tables:\nsqlite:   %v\npostgres: %v", found[migrations.SQLite], found[migrations.Postgres])
	}
}

func TestManyReplicasMigrateAtOnce(t *testing.T) {
	dsn := postgrestest.Database(t)
	var wg sync.WaitGroup
	failures := make([]error, 8)
	for i := range failures {
		db := connect(t, "postgres", dsn)
		wg.Go(func() { failures[i] = migrations.Up(t.Context(), db, migrations.Postgres) })
	}
	wg.Wait()
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	var times int
	err := connect(t, "postgres", dsn).QueryRow(`SELECT count(*) FROM goose_db_version WHERE version_id = 1`).Scan(&times)
	if err != nil || times != 1 {
		t.Errorf("first step done %d times (%v)", times, err)
	}
}

func TestNewerSchemaIsRefusedUntouched(t *testing.T) {
	each(t, func(t *testing.T, db *sql.DB, d migrations.Dialect) {
		if err := migrations.Up(t.Context(), db, d); err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{
			`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`, `CREATE TABLE future (n INTEGER NOT NULL)`,
		} {
			if _, err := db.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
		before := columns(t, db, d)
		err := migrations.Up(t.Context(), db, d)
		if !errors.Is(err, migrations.ErrNewer) || !strings.Contains(err.Error(), "9999") {
			t.Errorf("error %v", err)
		}
		if after := columns(t, db, d); !slices.Equal(before, after) {
			t.Errorf("refused and changed:\n%v\n%v", before, after)
		}
	})
}

// The README names every table, and no other.
func TestREADMEDescribesEveryTable(t *testing.T) {
	db := connect(t, "sqlite", filepath.Join(t.TempDir(), "schalter.db"))
	if err := migrations.Up(t.Context(), db, migrations.SQLite); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	said, is := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[1], -1) {
				said[m[1]] = true
			}
		}
	}
	for _, c := range columns(t, db, migrations.SQLite) {
		table, _, _ := strings.Cut(c, ".")
		is[table] = true
	}
	if !maps.Equal(said, is) {
		t.Errorf("README describes %v\nthe schema has %v", slices.Sorted(maps.Keys(said)), slices.Sorted(maps.Keys(is)))
	}
}
