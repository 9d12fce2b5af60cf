package store

import (
	"context"
	"strings"
	"time"

	"schalter/bridge"
)

const (
	selectSyncState = `SELECT owner, generation, next_batch FROM sync_state WHERE id = 1`
	selectAlive     = `SELECT EXISTS (SELECT 1 FROM replicas WHERE id = ? AND seen_at > ?)`
	takeSync        = `UPDATE sync_state SET owner = ?, generation = generation + 1 WHERE id = 1`
	advanceSync     = `UPDATE sync_state SET next_batch = ? WHERE id = 1 AND next_batch = ? AND generation = ? AND owner = ?`
)

// TakeSync makes owner the reader of /sync, if nobody alive is; see bridge.Store.
func (db *DB) TakeSync(ctx context.Context, owner string, now time.Time) (bridge.SyncLease, bool, error) {
	var lease bridge.SyncLease
	var taken bool
	err := db.Update(ctx, func(tx bridge.Tx) error {
		t := tx.(*transaction)
		var r struct {
			Owner      string `db:"owner"`
			Generation int64  `db:"generation"`
			NextBatch  string `db:"next_batch"`
		}
		taken = false
		if err := t.get(&r, selectSyncState+t.forUpdate); err != nil {
			return err
		}
		if r.Owner != owner {
			var alive bool
			if err := t.get(&alive, selectAlive, r.Owner, millis(now.Add(-bridge.AliveFor))); err != nil || alive {
				return err
			}
			if err := t.exec(takeSync, owner); err != nil {
				return err
			}
			r.Generation++
		}
		lease, taken = bridge.SyncLease{Owner: owner, Generation: r.Generation, Since: r.NextBatch}, true
		return nil
	})
	return lease, taken && err == nil, err
}

func (t *transaction) AdvanceSync(lease bridge.SyncLease, next string) error {
	moved, err := t.changed(advanceSync, next, lease.Since, lease.Generation, lease.Owner)
	if err == nil && !moved {
		return bridge.ErrLost
	}
	return err
}

const (
	selectKnownEvents = `SELECT event_id FROM seen_events WHERE event_id IN (?` // and so on
	insertSeenEvent   = `INSERT INTO seen_events (event_id, room_id) VALUES (?, ?) ON CONFLICT DO NOTHING`
	insertSetAside    = `INSERT INTO set_aside (event_id, room_id, class, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`
)

// KnownEvents returns which of the events have been seen. At most 1,000 IDs.
func (db *DB) KnownEvents(ctx context.Context, ids []bridge.EventID) (map[bridge.EventID]bool, error) {
	known := make(map[bridge.EventID]bool, len(ids))
	if len(ids) == 0 {
		return known, nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = string(id)
	}
	var found []bridge.EventID
	query := selectKnownEvents + strings.Repeat(", ?", len(ids)-1) + ")"
	// Not prepared: its text differs with the number of IDs.
	if err := db.read.SelectContext(ctx, &found, db.read.Rebind(query), args...); err != nil {
		return nil, classify(err)
	}
	for _, id := range found {
		known[id] = true
	}
	return known, nil
}

func (t *transaction) Seen(event bridge.EventID, room bridge.RoomID) (bool, error) {
	return t.changed(insertSeenEvent, string(event), string(room))
}

func (t *transaction) SetAside(event bridge.EventID, room bridge.RoomID, class string, at time.Time) error {
	return t.exec(insertSetAside, string(event), string(room), class, millis(at))
}

const selectWasSeen = `SELECT EXISTS (SELECT 1 FROM seen_events WHERE event_id = ?)`

func (t *transaction) WasSeen(event bridge.EventID) (bool, error) {
	var seen bool
	err := t.get(&seen, selectWasSeen, string(event))
	return seen, err
}

// CountSetAside returns how many events could not be used, by class.
func (db *DB) CountSetAside(ctx context.Context) (map[string]int, error) {
	var rows []struct {
		Class string `db:"class"`
		Count int    `db:"count"`
	}
	if err := db.list(ctx, &rows, `SELECT class, count(*) AS count FROM set_aside GROUP BY class`); err != nil {
		return nil, err
	}
	out := make(map[string]int, len(rows))
	for _, r := range rows {
		out[r.Class] = r.Count
	}
	return out, nil
}

const (
	upsertUserName = `INSERT INTO user_names (user_id, name) VALUES (?, ?)
		ON CONFLICT (user_id) DO UPDATE SET name = excluded.name`
	selectUserName = `SELECT COALESCE(MAX(name), '') FROM user_names WHERE user_id = ?`
)

func (t *transaction) SetUserName(user bridge.UserID, name string) error {
	return t.exec(upsertUserName, string(user), name)
}

func (t *transaction) UserName(user bridge.UserID) (string, error) {
	var name string
	err := t.get(&name, selectUserName, string(user))
	return name, err
}
