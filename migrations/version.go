package migrations

import (
	"context"
	"database/sql"
	"fmt"
)

const (
	hasSQLiteVersions   = `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'goose_db_version')`
	hasPostgresVersions = `SELECT to_regclass('goose_db_version') IS NOT NULL`
	selectVersion       = `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version`
)

// Versions returns the schema's version and this program's, and changes nothing. A database
// without a schema has version 0.
func Versions(ctx context.Context, db *sql.DB, d Dialect) (schema, program int64, err error) {
	p, err := provider(db, d)
	if err != nil {
		return 0, 0, err
	}
	query := hasSQLiteVersions
	if d == Postgres {
		query = hasPostgresVersions
	}
	var made bool
	if err := db.QueryRowContext(ctx, query).Scan(&made); err != nil {
		return 0, 0, fmt.Errorf("look for the schema's version: %w", err)
	}
	if made {
		if err := db.QueryRowContext(ctx, selectVersion).Scan(&schema); err != nil {
			return 0, 0, fmt.Errorf("read schema version: %w", err)
		}
	}
	return schema, latest(p), nil
}
