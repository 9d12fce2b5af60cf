package store

import (
	"context"

	"schalter/bridge"
)

type messageRow struct {
	ID           string `db:"id"`
	Conversation string `db:"conversation_id"`
	Seq          int64  `db:"seq"`
	Direction    string `db:"direction"`
	ClientID     string `db:"client_id"`
	Sender       string `db:"sender"`
	Text         string `db:"text"`
	HTML         string `db:"html"`
	Event        string `db:"event_id"`
	Failed       bool   `db:"failed"`
	CreatedAt    int64  `db:"created_at"`
}

func (r messageRow) message() bridge.Message {
	return bridge.Message{
		ID: bridge.MessageID(r.ID), Conversation: bridge.ConversationID(r.Conversation), Seq: r.Seq,
		Direction: bridge.Direction(r.Direction), ClientID: r.ClientID, Sender: r.Sender, Text: r.Text,
		HTML: r.HTML, Event: bridge.EventID(r.Event), Failed: r.Failed, CreatedAt: fromMillis(r.CreatedAt),
	}
}

const messageColumns = `id, conversation_id, seq, direction, client_id, sender, text, html, event_id, failed, created_at`

const selectMessages = `SELECT ` + messageColumns + ` FROM messages
	WHERE conversation_id = ? AND seq > ? ORDER BY seq LIMIT ?`

// Messages returns at most limit messages with a seq above after, in order.
func (db *DB) Messages(ctx context.Context, id bridge.ConversationID, after int64, limit int) ([]bridge.Message, error) {
	var rows []messageRow
	if err := db.list(ctx, &rows, selectMessages, string(id), after, limit); err != nil {
		return nil, err
	}
	out := make([]bridge.Message, len(rows))
	for i, r := range rows {
		out[i] = r.message()
	}
	return out, nil
}

const insertMessage = `INSERT INTO messages (` + messageColumns + `)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`

func (t *transaction) InsertMessage(m bridge.Message) (bool, error) {
	inserted, err := t.changed(insertMessage, string(m.ID), string(m.Conversation), m.Seq, string(m.Direction), m.ClientID,
		m.Sender, m.Text, m.HTML, string(m.Event), m.Failed, millis(m.CreatedAt))
	if inserted {
		t.written[m.Direction]++
	}
	return inserted, err
}

const (
	selectMessageByClientID = `SELECT ` + messageColumns + ` FROM messages
		WHERE conversation_id = ? AND client_id = ? AND client_id <> ''`
	selectMessageSeq   = `SELECT seq FROM messages WHERE id = ?`
	updateMessageEvent = `UPDATE messages SET event_id = ? WHERE id = ? AND event_id = ''`
	updateMessageFail  = `UPDATE messages SET failed = TRUE WHERE id = ?`
	selectEventIsOurs  = `SELECT EXISTS (SELECT 1 FROM messages WHERE event_id = ? AND event_id <> '')
		OR EXISTS (SELECT 1 FROM conversations WHERE notice_event_id = ?)`
)

func (t *transaction) MessageByClientID(id bridge.ConversationID, clientID string) (bridge.Message, error) {
	var r messageRow
	err := t.get(&r, selectMessageByClientID, string(id), clientID)
	return r.message(), err
}

func (t *transaction) MessageSeq(id bridge.MessageID) (int64, error) {
	var seq int64
	err := t.get(&seq, selectMessageSeq, string(id))
	return seq, err
}

func (t *transaction) SetMessageEvent(id bridge.MessageID, event bridge.EventID) error {
	return t.exec(updateMessageEvent, string(event), string(id))
}

func (t *transaction) SetMessageFailed(id bridge.MessageID) error {
	return t.exec(updateMessageFail, string(id))
}

func (t *transaction) EventIsOurs(event bridge.EventID) (bool, error) {
	var ours bool
	err := t.get(&ours, selectEventIsOurs, string(event), string(event))
	return ours, err
}
