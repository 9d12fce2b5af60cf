package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"schalter/bridge"
)

type trainingRow struct {
	Conversation string `db:"conversation_id"`
	Clerk        string `db:"clerk"`
	Scenario     string `db:"scenario"`
	Progress     string `db:"progress"`
	StartedAt    int64  `db:"started_at"`
	AnsweredAt   int64  `db:"answered_at"`
	SaysAt       int64  `db:"says_at"`
	Typing       bool   `db:"typing"`
	EndsAt       int64  `db:"ends_at"`
	DueAt        int64  `db:"due_at"`
}

const trainingColumns = `conversation_id, clerk, scenario, progress, started_at, answered_at, says_at, typing, ends_at, due_at`

const (
	selectTraining = `SELECT ` + trainingColumns + ` FROM trainings WHERE conversation_id = ?`
	upsertTraining = `INSERT INTO trainings (` + trainingColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (conversation_id) DO UPDATE SET progress = excluded.progress, answered_at = excluded.answered_at,
		says_at = excluded.says_at, typing = excluded.typing, due_at = excluded.due_at`
	selectDueTrainings     = `SELECT conversation_id FROM trainings WHERE due_at > 0 AND due_at <= ? ORDER BY due_at LIMIT ?`
	selectRunningTrainings = `SELECT c.id FROM trainings t JOIN conversations c ON c.id = t.conversation_id
		WHERE t.clerk = ? AND c.state <> 'closed' ORDER BY c.number`
)

// DueTrainings returns the trainings that are to be looked at, the longest due first.
func (db *DB) DueTrainings(ctx context.Context, now time.Time, limit int) ([]bridge.ConversationID, error) {
	var ids []bridge.ConversationID
	err := db.list(ctx, &ids, selectDueTrainings, millis(now), limit)
	return ids, err
}

// Training returns bridge.ErrNotFound for a citizen's conversation.
func (t *transaction) Training(id bridge.ConversationID) (bridge.Training, error) {
	var r trainingRow
	if err := t.get(&r, selectTraining, string(id)); err != nil {
		return bridge.Training{}, err
	}
	out := bridge.Training{
		Conversation: id, Clerk: bridge.UserID(r.Clerk), Scenario: r.Scenario, StartedAt: fromMillis(r.StartedAt),
		AnsweredAt: fromMillis(r.AnsweredAt), SaysAt: fromMillis(r.SaysAt), Typing: r.Typing, EndsAt: fromMillis(r.EndsAt),
		DueAt: fromMillis(r.DueAt),
	}
	if err := json.Unmarshal([]byte(r.Progress), &out.Progress); err != nil {
		return bridge.Training{}, fmt.Errorf("decode progress: %w", err)
	}
	return out, nil
}

func (t *transaction) SaveTraining(n bridge.Training) error {
	progress, err := json.Marshal(n.Progress)
	if err != nil {
		return fmt.Errorf("encode progress: %w", err)
	}
	return t.exec(upsertTraining, string(n.Conversation), string(n.Clerk), n.Scenario, string(progress), millis(n.StartedAt),
		millis(n.AnsweredAt), millis(n.SaysAt), n.Typing, millis(n.EndsAt), millis(n.DueAt))
}

func (t *transaction) RunningTrainings(clerk bridge.UserID) ([]bridge.ConversationID, error) {
	var ids []bridge.ConversationID
	err := t.list(&ids, selectRunningTrainings, string(clerk))
	return ids, err
}
