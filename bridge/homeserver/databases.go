package homeserver

import (
	"database/sql"
	"fmt"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// databases are the SQLite files that dendrite.yaml names.
var databases = []string{
	"accounts.db", "federation.db", "keys.db", "media.db", "mscs.db", "relay.db", "rooms.db", "sync.db",
}

// prepareDatabases turns on write-ahead logging in every database, so that readers don't lock
// writers out. Dendrite has no setting for it (it drops the parameters of a file URI), but the
// mode stays with the file.
func prepareDatabases(dir string) error {
	for _, name := range databases {
		db, err := sql.Open("sqlite", filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("open %s: %w", name, err)
		}
		var mode string
		err = db.QueryRow(`PRAGMA journal_mode = WAL`).Scan(&mode)
		if closing := db.Close(); err == nil {
			err = closing
		}
		if err == nil && mode != "wal" {
			err = fmt.Errorf("journal mode is %s", mode)
		}
		if err != nil {
			return fmt.Errorf("turn on write-ahead logging in %s: %w", name, err)
		}
	}
	return nil
}
