package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"schalter/bridge"
)

// errAgain says that the database undid a transaction that would succeed if run again.
var errAgain = errors.New("transaction was undone by the database")

// classify tells apart what the data is to blame for and what the database is. The first stays
// as it is, so that one bad event can be set aside; the second becomes bridge.ErrUnavailable.
func classify(err error) error {
	if err == nil || errors.Is(err, bridge.ErrUnavailable) || errors.Is(err, bridge.ErrNotFound) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return bridge.ErrNotFound
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", bridge.ErrUnavailable, err)
	}
	var p *pq.Error
	if errors.As(err, &p) {
		switch p.Code.Class() {
		case "22", "23", "54": // data exception, integrity constraint violation, limit exceeded
			return err
		case "40": // serialization failure, deadlock
			return fmt.Errorf("%w: %w: %w", bridge.ErrUnavailable, errAgain, err)
		}
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		switch s.Code() & 0xff { // extended codes carry the primary one in the low byte
		case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG:
			return err
		}
	}
	return fmt.Errorf("%w: %w", bridge.ErrUnavailable, err)
}
