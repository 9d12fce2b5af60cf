package store

import (
	"context"
	"errors"
	"time"

	"schalter/bridge"
)

type turnRow struct {
	Conversation string `db:"conversation_id"`
	Area         string `db:"service_area"`
	Since        int64  `db:"since"`
	Place        int    `db:"place"`
	TakenAt      int64  `db:"taken_at"`
	Called       bool   `db:"called"`
	Overflow     string `db:"overflow"`
	Stage        int    `db:"stage"`
	DueAt        int64  `db:"due_at"`
}

func (r turnRow) turn() bridge.Turn {
	return bridge.Turn{
		Conversation: bridge.ConversationID(r.Conversation), Area: bridge.ServiceAreaID(r.Area), Since: fromMillis(r.Since),
		Place: r.Place, TakenAt: fromMillis(r.TakenAt), Called: r.Called, Overflow: bridge.ServiceAreaID(r.Overflow),
		Stage: bridge.TurnStage(r.Stage), DueAt: fromMillis(r.DueAt),
	}
}

const turnColumns = `conversation_id, service_area, since, place, taken_at, called, overflow, stage, due_at`

const (
	selectTurn = `SELECT ` + turnColumns + ` FROM turns WHERE conversation_id = ?`
	upsertTurn = `INSERT INTO turns (` + turnColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (conversation_id)
		DO UPDATE SET service_area = excluded.service_area, since = excluded.since, place = excluded.place,
		taken_at = excluded.taken_at, called = excluded.called, overflow = excluded.overflow, stage = excluded.stage,
		due_at = excluded.due_at`
	selectDueTurns = `SELECT conversation_id FROM turns WHERE due_at > 0 AND due_at <= ? ORDER BY due_at LIMIT ?`
	selectWaiters  = `SELECT c.id, c.number, c.service_area, COALESCE(t.since, c.created_at) AS since, COALESCE(t.stage, 0) AS stage FROM conversations c
		LEFT JOIN turns t ON t.conversation_id = c.id WHERE c.state = 'waiting' AND c.last_seq > 0 AND c.trainee = ''
		ORDER BY since, c.number LIMIT ?`
	selectLoads = `SELECT clerk_id, count(*) AS count FROM conversations WHERE state = 'active' AND clerk_id <> '' AND trainee = ''
		GROUP BY clerk_id`
	selectLastTook = `SELECT c.clerk_id, MAX(t.taken_at) AS taken_at FROM turns t JOIN conversations c ON c.id = t.conversation_id
		WHERE t.taken_at > ? AND t.taken_at > 0 AND c.clerk_id <> '' GROUP BY c.clerk_id`
	updateNextDue = `UPDATE turns SET due_at = 1 WHERE conversation_id = (SELECT t.conversation_id FROM turns t
		JOIN conversations c ON c.id = t.conversation_id WHERE c.state = 'waiting' AND NOT t.called AND c.service_area = ?
		ORDER BY t.since, c.number LIMIT 1)`
	selectRecentWaits = `SELECT service_area, since, taken_at, place FROM turns WHERE taken_at > ? AND taken_at > 0
		ORDER BY taken_at DESC LIMIT ?`
)

// DueTurns returns conversations whose waiting is to be looked at, the longest due first.
func (db *DB) DueTurns(ctx context.Context, now time.Time, limit int) ([]bridge.ConversationID, error) {
	var ids []bridge.ConversationID
	err := db.list(ctx, &ids, selectDueTurns, millis(now), limit)
	return ids, err
}

// Turn returns the zero value for a conversation without one.
func (db *DB) Turn(ctx context.Context, id bridge.ConversationID) (bridge.Turn, error) {
	r := turnRow{Conversation: string(id)}
	if err := db.get(ctx, &r, selectTurn, string(id)); err != nil && !errors.Is(err, bridge.ErrNotFound) {
		return bridge.Turn{}, err
	}
	return r.turn(), nil
}

type waiterRow struct {
	ID     string `db:"id"`
	Number int64  `db:"number"`
	Area   string `db:"service_area"`
	Since  int64  `db:"since"`
	Stage  int    `db:"stage"`
}

func waiters(rows []waiterRow) []bridge.Waiter {
	out := make([]bridge.Waiter, len(rows))
	for i, r := range rows {
		out[i] = bridge.Waiter{
			Conversation: bridge.ConversationID(r.ID), Number: r.Number, Area: bridge.ServiceAreaID(r.Area), Since: fromMillis(r.Since),
			Stage: bridge.TurnStage(r.Stage),
		}
	}
	return out
}

// Waiting returns at most limit conversations that wait, the oldest first.
func (db *DB) Waiting(ctx context.Context, limit int) ([]bridge.Waiter, error) {
	var rows []waiterRow
	err := db.list(ctx, &rows, selectWaiters, limit)
	return waiters(rows), err
}

type loadRow struct {
	Clerk string `db:"clerk_id"`
	Count int    `db:"count"`
}

// RecentWaits returns how the last chats that were taken since a time had waited.
func (db *DB) RecentWaits(ctx context.Context, since time.Time, limit int) ([]bridge.Turn, error) {
	var rows []turnRow
	if err := db.list(ctx, &rows, selectRecentWaits, millis(since), limit); err != nil {
		return nil, err
	}
	out := make([]bridge.Turn, len(rows))
	for i, r := range rows {
		out[i] = r.turn()
	}
	return out, nil
}

func (t *transaction) Turn(id bridge.ConversationID) (bridge.Turn, error) {
	r := turnRow{Conversation: string(id)}
	if err := t.get(&r, selectTurn+t.forUpdate, string(id)); err != nil && !errors.Is(err, bridge.ErrNotFound) {
		return bridge.Turn{}, err
	}
	return r.turn(), nil
}

func (t *transaction) SaveTurn(n bridge.Turn) error {
	return t.exec(upsertTurn, string(n.Conversation), string(n.Area), millis(n.Since), n.Place, millis(n.TakenAt), n.Called,
		string(n.Overflow), int(n.Stage), millis(n.DueAt))
}

func (t *transaction) Waiting(limit int) ([]bridge.Waiter, error) {
	var rows []waiterRow
	err := t.list(&rows, selectWaiters, limit)
	return waiters(rows), err
}

func (t *transaction) Loads() (map[bridge.UserID]int, error) {
	var rows []loadRow
	if err := t.list(&rows, selectLoads); err != nil {
		return nil, err
	}
	out := make(map[bridge.UserID]int, len(rows))
	for _, r := range rows {
		out[bridge.UserID(r.Clerk)] = r.Count
	}
	return out, nil
}

func (t *transaction) LastTook(since time.Time) (map[bridge.UserID]time.Time, error) {
	var rows []struct {
		Clerk   string `db:"clerk_id"`
		TakenAt int64  `db:"taken_at"`
	}
	if err := t.list(&rows, selectLastTook, millis(since)); err != nil {
		return nil, err
	}
	out := make(map[bridge.UserID]time.Time, len(rows))
	for _, r := range rows {
		out[bridge.UserID(r.Clerk)] = fromMillis(r.TakenAt)
	}
	return out, nil
}

func (t *transaction) NextTurnDue(area bridge.ServiceAreaID) error {
	return t.exec(updateNextDue, string(area))
}
