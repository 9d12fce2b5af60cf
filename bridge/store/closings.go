package store

import (
	"context"
	"errors"
	"time"

	"schalter/bridge"
)

type closingRow struct {
	Conversation string `db:"conversation_id"`
	StartedAt    int64  `db:"started_at"`
	ClosesAt     int64  `db:"closes_at"`
	Stage        int    `db:"stage"`
	DueAt        int64  `db:"due_at"`
}

func (r closingRow) closing() bridge.Closing {
	return bridge.Closing{
		Conversation: bridge.ConversationID(r.Conversation), StartedAt: fromMillis(r.StartedAt),
		ClosesAt: fromMillis(r.ClosesAt), Stage: bridge.ClosingStage(r.Stage), DueAt: fromMillis(r.DueAt),
	}
}

const (
	selectClosing = `SELECT conversation_id, started_at, closes_at, stage, due_at FROM closings WHERE conversation_id = ?`
	selectDue     = `SELECT conversation_id FROM closings WHERE due_at > 0 AND due_at <= ? ORDER BY due_at LIMIT ?`
	upsertClosing = `INSERT INTO closings (conversation_id, started_at, closes_at, stage, due_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (conversation_id) DO UPDATE SET started_at = excluded.started_at, closes_at = excluded.closes_at,
		stage = excluded.stage, due_at = excluded.due_at`
	updateAllDue = `UPDATE closings SET due_at = 1 WHERE conversation_id IN
		(SELECT id FROM conversations WHERE state <> 'closed')`
	selectWaiting = `SELECT count(*) FROM conversations WHERE service_area = ? AND state = 'waiting' AND trainee = ''`
)

// DueClosings returns conversations whose closing is to be looked at, the longest due first.
func (db *DB) DueClosings(ctx context.Context, now time.Time, limit int) ([]bridge.ConversationID, error) {
	var ids []bridge.ConversationID
	err := db.list(ctx, &ids, selectDue, millis(now), limit)
	return ids, err
}

// Closing returns the zero value for a conversation without one.
func (db *DB) Closing(ctx context.Context, id bridge.ConversationID) (bridge.Closing, error) {
	r := closingRow{Conversation: string(id)}
	if err := db.get(ctx, &r, selectClosing, string(id)); err != nil && !errors.Is(err, bridge.ErrNotFound) {
		return bridge.Closing{}, err
	}
	return r.closing(), nil
}

func (t *transaction) Closing(id bridge.ConversationID) (bridge.Closing, error) {
	r := closingRow{Conversation: string(id)}
	if err := t.get(&r, selectClosing+t.forUpdate, string(id)); err != nil && !errors.Is(err, bridge.ErrNotFound) {
		return bridge.Closing{}, err
	}
	return r.closing(), nil
}

func (t *transaction) SaveClosing(c bridge.Closing) error {
	return t.exec(upsertClosing, string(c.Conversation), millis(c.StartedAt), millis(c.ClosesAt), int(c.Stage), millis(c.DueAt))
}

func (t *transaction) AllClosingsDue() error { return t.exec(updateAllDue) }

func (t *transaction) CountWaiting(area bridge.ServiceAreaID) (int, error) {
	var n int
	err := t.get(&n, selectWaiting, string(area))
	return n, err
}
