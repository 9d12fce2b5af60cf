package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"schalter/bridge"
)

type entryRow struct {
	Order        int64  `db:"ord"`
	ID           string `db:"id"`
	Stream       string `db:"stream"`
	Kind         string `db:"kind"`
	Conversation string `db:"conversation_id"`
	Area         string `db:"service_area"`
	Room         string `db:"room_id"`
	Sender       string `db:"sender"`
	Payload      string `db:"payload"`
	Phase        string `db:"phase"`
	Barrier      string `db:"barrier"`
	Attempts     int    `db:"attempts"`
	DueAt        int64  `db:"due_at"`
	Claim        int64  `db:"claim"`
	CreatedAt    int64  `db:"created_at"`
}

func (r entryRow) entry() bridge.Entry {
	return bridge.Entry{
		Order: r.Order, ID: r.ID, Stream: r.Stream, Kind: bridge.EntryKind(r.Kind),
		Conversation: bridge.ConversationID(r.Conversation), Area: bridge.ServiceAreaID(r.Area),
		Room: bridge.RoomID(r.Room), Sender: bridge.UserID(r.Sender), Payload: json.RawMessage(r.Payload),
		Phase: bridge.Phase(r.Phase), Barrier: r.Barrier, Attempts: r.Attempts,
		DueAt: fromMillis(r.DueAt), Claim: r.Claim, CreatedAt: fromMillis(r.CreatedAt),
	}
}

const entryColumns = `o.ord, o.id, o.stream, o.kind, o.conversation_id, o.service_area, o.room_id, o.sender,
	o.payload, o.phase, o.barrier, o.attempts, o.due_at, o.claim, o.created_at`

// An entry can be taken when it is due, or when whoever was trying it is gone; and only the first
// of a stream, for a stream is done in order. Nobody takes over from themselves: a clock that is set
// forward would hand out what is under way.
const (
	takeable = `(o.phase <> 'trying' AND o.due_at <= ?
		OR o.phase = 'trying' AND o.owner <> ?
			AND (o.claimed_until < ? OR o.owner NOT IN (SELECT id FROM replicas WHERE seen_at > ?)))
		AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.stream = o.stream AND p.ord < o.ord)`
	selectAnyTakeable = `SELECT EXISTS (SELECT 1 FROM outbox o WHERE ` + takeable + `)`
	selectTakeable    = `SELECT ` + entryColumns + ` FROM outbox o WHERE ` + takeable + ` ORDER BY o.due_at, o.ord LIMIT ?`
	claimEntry        = `UPDATE outbox SET phase = 'trying', owner = ?, claimed_until = ?, claim = claim + 1 WHERE ord = ?`
)

// Claim takes up to limit entries that are due; see bridge.Store.
func (db *DB) Claim(ctx context.Context, owner string, now time.Time, limit int) ([]bridge.Entry, error) {
	at, alive := millis(now), millis(now.Add(-bridge.AliveFor))
	var any bool
	// Most of the time there is nothing, and a read costs no commit.
	if err := db.get(ctx, &any, selectAnyTakeable, at, owner, at, alive); err != nil || !any {
		return nil, err
	}
	var out []bridge.Entry
	err := db.Update(ctx, func(tx bridge.Tx) error {
		t := tx.(*transaction)
		out = nil
		query := selectTakeable
		if t.forUpdate != "" {
			query += " FOR UPDATE OF o SKIP LOCKED"
		}
		var rows []entryRow
		if err := t.list(&rows, query, at, owner, at, alive, limit); err != nil {
			return err
		}
		for _, r := range rows {
			e, err := t.claim(r, owner, now)
			if err != nil {
				return err
			}
			out = append(out, e)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// claim hands an entry out. One that was being tried comes back as Unsure.
func (t *transaction) claim(r entryRow, owner string, now time.Time) (bridge.Entry, error) {
	if err := t.exec(claimEntry, owner, millis(now.Add(bridge.ClaimFor)), r.Order); err != nil {
		return bridge.Entry{}, err
	}
	e := r.entry()
	if e.Phase == bridge.Trying {
		e.Phase = bridge.Unsure
	}
	e.Claim++
	e.ClaimedAt = now
	return e, nil
}

const selectHead = `SELECT ` + entryColumns + ` FROM outbox o WHERE o.stream = ? ORDER BY o.ord LIMIT 1`

func (t *transaction) ClaimNext(stream, owner string, now time.Time) (bridge.Entry, error) {
	var r entryRow
	if err := t.get(&r, selectHead+t.forUpdate, stream); err != nil {
		return bridge.Entry{}, err
	}
	if r.Phase != string(bridge.Ready) || r.DueAt > millis(now) {
		return bridge.Entry{}, bridge.ErrNotFound
	}
	return t.claim(r, owner, now)
}

const selectNextDue = `SELECT COALESCE(MIN(due_at), 0) FROM outbox WHERE phase <> 'trying'`

// NextDue returns when the next unclaimed entry falls due; zero when there is none. An entry that
// stands behind a claimed one of its stream may be named too early, never too late.
func (db *DB) NextDue(ctx context.Context) (time.Time, error) {
	var ms int64
	err := db.get(ctx, &ms, selectNextDue+` AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.stream = outbox.stream AND p.ord < outbox.ord)`)
	return fromMillis(ms), err
}

const (
	selectPending    = `SELECT EXISTS (SELECT 1 FROM outbox WHERE stream = ? AND kind = ?)`
	selectAnyPending = `SELECT EXISTS (SELECT 1 FROM outbox WHERE stream = ?)`
)

// Pending reports whether a stream holds an entry of a kind; "" is any kind.
func (db *DB) Pending(ctx context.Context, stream string, kind bridge.EntryKind) (bool, error) {
	var pending bool
	if kind == "" {
		err := db.get(ctx, &pending, selectAnyPending, stream)
		return pending, err
	}
	err := db.get(ctx, &pending, selectPending, stream, string(kind))
	return pending, err
}

// An entry that comes into an empty stream is claimed by whoever puts it there. The casts are
// PostgreSQL's: in a SELECT, a parameter has no column to take its type from.
const insertEntry = `INSERT INTO outbox
	(id, stream, kind, conversation_id, service_area, room_id, sender, payload, due_at, created_at,
	 phase, owner, claimed_until, claim)
	SELECT CAST(? AS TEXT), s.stream, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT),
		CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT),
		CASE WHEN s.mine THEN 'trying' ELSE CAST(? AS TEXT) END, CASE WHEN s.mine THEN s.owner ELSE '' END,
		CASE WHEN s.mine THEN CAST(? AS BIGINT) ELSE 0 END, CASE WHEN s.mine THEN 1 ELSE 0 END
	FROM (SELECT i.stream, i.owner, i.owner <> '' AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.stream = i.stream) AS mine
		FROM (SELECT CAST(? AS TEXT) AS stream, CAST(? AS TEXT) AS owner) i) s
	WHERE TRUE ON CONFLICT (id) DO NOTHING RETURNING claim`

func (t *transaction) Enqueue(e bridge.Entry, owner string, now time.Time) (bool, error) {
	var claim int64
	err := t.get(&claim, insertEntry, e.ID, string(e.Kind), string(e.Conversation), string(e.Area),
		string(e.Room), string(e.Sender), string(e.Payload), millis(e.DueAt), millis(e.CreatedAt),
		string(e.Phase), millis(now.Add(bridge.ClaimFor)), e.Stream, owner)
	if errors.Is(err, bridge.ErrNotFound) {
		return false, nil // it is there already
	}
	return claim > 0, err
}

const (
	selectEntry = `SELECT ` + entryColumns + ` FROM outbox o WHERE o.id = ?`
	deleteEntry = `DELETE FROM outbox WHERE id = ?`
	// An entry that was tried may be in the room all the same.
	withdrawEntry = `DELETE FROM outbox WHERE id = ? AND phase = 'ready' AND attempts = 0`
	settleEntry   = `UPDATE outbox SET phase = ?, barrier = ?, attempts = ?, due_at = ?, owner = '', claimed_until = 0
		WHERE id = ? AND claim = ? AND phase = 'trying'`
	releaseBarrier  = `UPDATE outbox SET phase = 'ready', barrier = '', due_at = ? WHERE id = ? AND phase = 'barred' AND barrier = ?`
	postponeBarrier = `UPDATE outbox SET due_at = ? WHERE id = ? AND phase = 'barred' AND barrier = ?`
	moveEntry       = `UPDATE outbox SET room_id = ?, phase = 'ready', barrier = '', attempts = 0, due_at = ? WHERE id = ? AND phase <> 'trying'`
	releaseOwner    = `UPDATE outbox SET phase = 'unsure', due_at = ?, owner = '', claimed_until = 0
		WHERE owner = ? AND phase = 'trying'`
	releaseStream = `UPDATE outbox SET phase = 'unsure', due_at = ?, owner = '', claimed_until = 0
		WHERE stream = ? AND owner = ? AND phase = 'trying'`
)

func (t *transaction) Entry(id string) (bridge.Entry, error) {
	var r entryRow
	err := t.get(&r, selectEntry, id)
	return r.entry(), err
}

func (t *transaction) InFlight(stream string) (bridge.Entry, error) {
	var r entryRow
	if err := t.get(&r, selectHead, stream); err != nil {
		return bridge.Entry{}, err
	}
	if r.Phase == string(bridge.Ready) && r.Attempts == 0 {
		return bridge.Entry{}, bridge.ErrNotFound
	}
	return r.entry(), nil
}

func (t *transaction) FinishEntry(id string) (bool, error) { return t.changed(deleteEntry, id) }

func (t *transaction) WithdrawEntry(id string) (bool, error) { return t.changed(withdrawEntry, id) }

func (t *transaction) SettleEntry(e bridge.Entry) (bool, error) {
	return t.changed(settleEntry, string(e.Phase), e.Barrier, e.Attempts, millis(e.DueAt), e.ID, e.Claim)
}

func (t *transaction) ReleaseBarrier(id, nonce string, now time.Time) (bool, error) {
	return t.changed(releaseBarrier, millis(now), id, nonce)
}

func (t *transaction) PostponeBarrier(id, nonce string, due time.Time) error {
	return t.exec(postponeBarrier, millis(due), id, nonce)
}

func (t *transaction) MoveEntry(id string, room bridge.RoomID, now time.Time) error {
	return t.exec(moveEntry, string(room), millis(now), id)
}

func (t *transaction) ReleaseOwner(owner string, now time.Time) error {
	return t.exec(releaseOwner, millis(now), owner)
}

func (t *transaction) ReleaseStream(stream, owner string, now time.Time) error {
	return t.exec(releaseStream, millis(now), stream, owner)
}
