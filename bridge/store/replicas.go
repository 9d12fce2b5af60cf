package store

import (
	"context"
	"time"

	"schalter/bridge"
)

const (
	upsertReplica = `INSERT INTO replicas (id, seen_at) VALUES (?, ?)
		ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`
	// A replica's row goes when it retires or when nobody can still be waiting for it.
	deleteOldReplicas = `DELETE FROM replicas WHERE seen_at < ?`
	deleteReplica     = `DELETE FROM replicas WHERE id = ?`
	releaseEntries    = `UPDATE outbox SET phase = 'unsure', owner = '', claimed_until = 0 WHERE owner = ? AND phase = 'trying'`
	releaseSync       = `UPDATE sync_state SET owner = '' WHERE owner = ?`
)

// Heartbeat tells the other replicas that owner is alive.
func (db *DB) Heartbeat(ctx context.Context, owner string, now time.Time) error {
	return db.Update(ctx, func(tx bridge.Tx) error {
		t := tx.(*transaction)
		if err := t.exec(upsertReplica, owner, millis(now)); err != nil {
			return err
		}
		return t.exec(deleteOldReplicas, millis(now.Add(-10*bridge.AliveFor)))
	})
}

// Retire gives up everything that owner holds.
func (db *DB) Retire(ctx context.Context, owner string) error {
	return db.Update(ctx, func(tx bridge.Tx) error {
		t := tx.(*transaction)
		for _, q := range []string{releaseEntries, releaseSync, deleteReplica} {
			if err := t.exec(q, owner); err != nil {
				return err
			}
		}
		return nil
	})
}
