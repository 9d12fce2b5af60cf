package store

import (
	"context"
	"fmt"
	"time"

	"schalter/bridge"
)

type conversationRow struct {
	ID           string `db:"id"`
	Number       int64  `db:"number"`
	Area         string `db:"service_area"`
	State        string `db:"state"`
	Name         string `db:"name"`
	Language     string `db:"language"`
	PageURL      string `db:"page_url"`
	Ghost        string `db:"ghost"`
	Room         string `db:"room_id"`
	Notice       string `db:"notice_event_id"`
	Clerk        string `db:"clerk"`
	LastSeq      int64  `db:"last_seq"`
	DeliveredSeq int64  `db:"delivered_seq"`
	Revision     int64  `db:"revision"`
	Awaited      int64  `db:"awaited"`
	ReadSeq      int64  `db:"clerk_read_seq"`
	CitizenRead  int64  `db:"citizen_read_seq"`
	CreatedAt    int64  `db:"created_at"`
	ClerkID      string `db:"clerk_id"`
	SpokenBy     string `db:"spoken_by"`
	ActiveAt     int64  `db:"active_at"`
	ClosedBy     string `db:"closed_by"`
	ClosedAt     int64  `db:"closed_at"`
	CloseReason  string `db:"close_reason"`
	ReopenUntil  int64  `db:"reopen_until"`
	LifeStage    int    `db:"life_stage"`
	LifeDueAt    int64  `db:"life_due_at"`
	Trainee      string `db:"trainee"`
}

func (r conversationRow) conversation() bridge.Conversation {
	return bridge.Conversation{
		ID: bridge.ConversationID(r.ID), Number: r.Number, Area: bridge.ServiceAreaID(r.Area),
		State: bridge.State(r.State), Name: r.Name, Language: r.Language, PageURL: r.PageURL,
		Ghost: bridge.UserID(r.Ghost), Room: bridge.RoomID(r.Room), Notice: bridge.EventID(r.Notice),
		Clerk: r.Clerk, ClerkID: bridge.UserID(r.ClerkID), LastSeq: r.LastSeq, DeliveredSeq: r.DeliveredSeq,
		ReadSeq: r.ReadSeq, CitizenReadSeq: r.CitizenRead, Revision: r.Revision, Awaited: r.Awaited, CreatedAt: fromMillis(r.CreatedAt),
		Trainee: bridge.UserID(r.Trainee),
		Life: bridge.Life{
			SpokenBy: bridge.Direction(r.SpokenBy), ActiveAt: fromMillis(r.ActiveAt),
			ClosedBy: bridge.Closer(r.ClosedBy), ClosedAt: fromMillis(r.ClosedAt), Reason: r.CloseReason,
			ReopenUntil: fromMillis(r.ReopenUntil), Stage: bridge.LifeStage(r.LifeStage), DueAt: fromMillis(r.LifeDueAt),
		},
	}
}

const conversationColumns = `c.id, c.number, c.service_area, c.state, c.name, c.language, c.page_url, c.ghost,
	c.room_id, c.notice_event_id, c.clerk, c.last_seq, c.delivered_seq, c.clerk_read_seq,
	c.citizen_read_seq, c.created_at,
	c.clerk_id, c.spoken_by, c.active_at, c.closed_by, c.closed_at, c.close_reason, c.reopen_until, c.life_stage, c.life_due_at,
	c.revision, c.awaited, c.trainee`

const (
	selectConversation       = `SELECT ` + conversationColumns + ` FROM conversations c WHERE c.id = ?`
	selectConversationByRoom = `SELECT ` + conversationColumns + ` FROM conversations c
		WHERE c.id = (SELECT conversation_id FROM conversation_rooms WHERE room_id = ?)`
	selectAuthorized = `SELECT ` + conversationColumns + ` FROM conversations c
		JOIN tokens t ON t.conversation_id = c.id WHERE c.id = ? AND t.hash = ?`
	selectQueuePosition = `SELECT count(*) FROM conversations c LEFT JOIN turns t ON t.conversation_id = c.id,
		(SELECT COALESCE(t.since, c.created_at) AS since FROM conversations c LEFT JOIN turns t ON t.conversation_id = c.id
			WHERE c.id = ?) own
		WHERE c.service_area = ? AND c.state = 'waiting' AND c.trainee = '' AND (COALESCE(t.since, c.created_at) < own.since
			OR COALESCE(t.since, c.created_at) = own.since AND c.number <= ?)`
)

// Conversation returns bridge.ErrNotFound when there is none.
func (db *DB) Conversation(ctx context.Context, id bridge.ConversationID) (bridge.Conversation, error) {
	var r conversationRow
	err := db.get(ctx, &r, selectConversation, string(id))
	return r.conversation(), err
}

// Authorized returns the conversation that the hashed token opens, else bridge.ErrUnauthorized.
func (db *DB) Authorized(ctx context.Context, id bridge.ConversationID, tokenHash []byte) (bridge.Conversation, error) {
	var r conversationRow
	err := db.get(ctx, &r, selectAuthorized, string(id), tokenHash)
	if err == bridge.ErrNotFound {
		err = bridge.ErrUnauthorized
	}
	return r.conversation(), err
}

// QueuePosition counts the waiting conversations of the area up to and with this one, in the order in
// which they began to wait.
func (db *DB) QueuePosition(ctx context.Context, c bridge.Conversation) (int, error) {
	var n int
	err := db.get(ctx, &n, selectQueuePosition, string(c.ID), string(c.Area), c.Number)
	return n, err
}

func (t *transaction) LockConversation(id bridge.ConversationID) (bridge.Conversation, error) {
	var r conversationRow
	err := t.get(&r, selectConversation+t.forUpdate, string(id))
	return r.conversation(), err
}

func (t *transaction) LockConversationByRoom(room bridge.RoomID) (bridge.Conversation, error) {
	var r conversationRow
	err := t.get(&r, selectConversationByRoom+t.forUpdate, string(room))
	return r.conversation(), err
}

const nextNumber = `UPDATE counters SET value = value + 1 WHERE name = 'conversation' RETURNING value`

func (t *transaction) NextNumber() (int64, error) {
	var n int64
	err := t.get(&n, nextNumber)
	return n, err
}

const insertConversation = `INSERT INTO conversations
	(id, number, service_area, state, name, language, page_url, ghost, last_seq, delivered_seq, created_at,
	 active_at, life_due_at, trainee)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (t *transaction) InsertConversation(c bridge.Conversation) error {
	return t.exec(insertConversation, string(c.ID), c.Number, string(c.Area), string(c.State), c.Name, c.Language,
		c.PageURL, string(c.Ghost), c.LastSeq, c.DeliveredSeq, millis(c.CreatedAt),
		millis(c.Life.ActiveAt), millis(c.Life.DueAt), string(c.Trainee))
}

const (
	updateConversation = `UPDATE conversations SET number = ?, service_area = ?, state = ?, name = ?, language = ?,
		notice_event_id = ?, clerk = ?, last_seq = ?, delivered_seq = ?, clerk_id = ?, spoken_by = ?, active_at = ?,
		closed_by = ?, closed_at = ?, close_reason = ?, reopen_until = ?, life_stage = ?, life_due_at = ?,
		revision = ?, awaited = ?`
	ofConversation = ` WHERE id = ?`
)

// changeable are the values of updateConversation.
func changeable(c bridge.Conversation) []any {
	return []any{c.Number, string(c.Area), string(c.State), c.Name, c.Language,
		string(c.Notice), c.Clerk, c.LastSeq, c.DeliveredSeq, string(c.ClerkID), string(c.Life.SpokenBy),
		millis(c.Life.ActiveAt), string(c.Life.ClosedBy), millis(c.Life.ClosedAt), c.Life.Reason,
		millis(c.Life.ReopenUntil), int(c.Life.Stage), millis(c.Life.DueAt), c.Revision, c.Awaited}
}

func (t *transaction) SaveConversation(c bridge.Conversation) error {
	return t.exec(updateConversation+ofConversation, append(changeable(c), string(c.ID))...)
}

const (
	deleteTokens         = `DELETE FROM tokens WHERE conversation_id = ?`
	insertToken          = `INSERT INTO tokens (hash, conversation_id, created_at) VALUES (?, ?, ?)`
	selectIdempotencyKey = `SELECT conversation_id, digest FROM idempotency_keys WHERE hash = ? AND created_at > ?`
	deleteIdempotencyKey = `DELETE FROM idempotency_keys WHERE hash = ? AND created_at <= ?`
	insertIdempotencyKey = `INSERT INTO idempotency_keys (hash, digest, conversation_id, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT DO NOTHING`
)

func (t *transaction) AddToken(id bridge.ConversationID, hash []byte, at time.Time) error {
	return t.exec(insertToken, hash, string(id), millis(at))
}

func (t *transaction) DeleteTokens(id bridge.ConversationID) error {
	return t.exec(deleteTokens, string(id))
}

func (t *transaction) ByIdempotencyKey(keyHash []byte, since time.Time) (bridge.ConversationID, []byte, error) {
	var r struct {
		Conversation string `db:"conversation_id"`
		Digest       []byte `db:"digest"`
	}
	err := t.get(&r, selectIdempotencyKey, keyHash, millis(since))
	return bridge.ConversationID(r.Conversation), r.Digest, err
}

// AddIdempotencyKey has the transaction run again when another one has just used the key: it
// will find it then.
func (t *transaction) AddIdempotencyKey(keyHash, digest []byte, id bridge.ConversationID, at time.Time) error {
	// Only one that has expired: one that another transaction has just committed must stay.
	if err := t.exec(deleteIdempotencyKey, keyHash, millis(at.Add(-bridge.IdempotencyFor))); err != nil {
		return err
	}
	added, err := t.changed(insertIdempotencyKey, keyHash, digest, string(id), millis(at))
	if err == nil && !added {
		err = fmt.Errorf("%w: %w", bridge.ErrUnavailable, errAgain)
	}
	return err
}

const selectDueLives = `SELECT id FROM conversations WHERE life_due_at > 0 AND life_due_at <= ? ORDER BY life_due_at LIMIT ?`

// DueLives returns conversations whose life is to be looked at, the longest due first.
func (db *DB) DueLives(ctx context.Context, now time.Time, limit int) ([]bridge.ConversationID, error) {
	var ids []bridge.ConversationID
	err := db.list(ctx, &ids, selectDueLives, millis(now), limit)
	return ids, err
}
