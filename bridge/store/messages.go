package store

import (
	"context"
	"encoding/json"
	"fmt"

	"schalter/bridge"
)

type messageRow struct {
	ID           string `db:"id"`
	Conversation string `db:"conversation_id"`
	Seq          int64  `db:"seq"`
	Direction    string `db:"direction"`
	ClientID     string `db:"client_id"`
	Sender       string `db:"sender"`
	SenderID     string `db:"sender_id"`
	Text         string `db:"text"`
	HTML         string `db:"html"`
	Emote        bool   `db:"emote"`
	ReplyTo      string `db:"reply_to"`
	Event        string `db:"event_id"`
	Failed       bool   `db:"failed"`
	EditedAt     int64  `db:"edited_at"`
	DeletedAt    int64  `db:"deleted_at"`
	Reactions    string `db:"reactions"`
	Revision     int64  `db:"revision"`
	Card         string `db:"card"`
	CreatedAt    int64  `db:"created_at"`
	File         string `db:"file"`
	Language     string `db:"language"`

	QuoteSeq       int64  `db:"quote_seq"`
	QuoteDirection string `db:"quote_direction"`
	QuoteSender    string `db:"quote_sender"`
	QuoteText      string `db:"quote_text"`
	QuoteDeleted   bool   `db:"quote_deleted"`
}

func (r messageRow) message() bridge.Message {
	m := bridge.Message{
		ID: bridge.MessageID(r.ID), Conversation: bridge.ConversationID(r.Conversation), Seq: r.Seq,
		Direction: bridge.Direction(r.Direction), ClientID: r.ClientID, Sender: r.Sender, SenderID: bridge.UserID(r.SenderID),
		Text: r.Text, HTML: r.HTML, Emote: r.Emote, ReplyTo: bridge.MessageID(r.ReplyTo), Event: bridge.EventID(r.Event),
		Failed: r.Failed, EditedAt: fromMillis(r.EditedAt), DeletedAt: fromMillis(r.DeletedAt), Revision: r.Revision,
		CreatedAt: fromMillis(r.CreatedAt), Language: r.Language,
		Quote: bridge.Quote{
			Seq: r.QuoteSeq, Direction: bridge.Direction(r.QuoteDirection), Sender: r.QuoteSender, Text: r.QuoteText, Deleted: r.QuoteDeleted,
		},
	}
	if r.File != "" {
		_ = json.Unmarshal([]byte(r.File), &m.File) // written by saveFile
	}
	if r.Reactions != "" {
		_ = json.Unmarshal([]byte(r.Reactions), &m.Reactions) // written by SaveMessage
	}
	if r.Card != "" {
		m.Card = &bridge.Card{}
		_ = json.Unmarshal([]byte(r.Card), m.Card) // written by encodeCard
	}
	return m
}

func encodeCard(card *bridge.Card) (string, error) {
	if card == nil {
		return "", nil
	}
	text, err := json.Marshal(card)
	if err != nil {
		return "", fmt.Errorf("encode card: %w", err)
	}
	return string(text), nil
}

func messages(rows []messageRow) []bridge.Message {
	out := make([]bridge.Message, len(rows))
	for i, r := range rows {
		out[i] = r.message()
	}
	return out
}

// A message is read with what it quotes, so that nothing of that is kept twice.
const selectMessage = `SELECT m.id, m.conversation_id, m.seq, m.direction, m.client_id, m.sender, m.sender_id, m.text, m.html,
	m.emote, m.reply_to, m.event_id, m.failed, m.edited_at, m.deleted_at, m.reactions, m.revision, m.card, m.created_at, m.file, m.language,
	COALESCE(q.seq, 0) AS quote_seq, COALESCE(q.direction, '') AS quote_direction, COALESCE(q.sender, '') AS quote_sender,
	COALESCE(SUBSTR(q.text, 1, 200), '') AS quote_text, COALESCE(q.deleted_at, 0) > 0 AS quote_deleted
	FROM messages m LEFT JOIN messages q ON q.id = m.reply_to AND m.reply_to <> '' `

const (
	selectMessages = selectMessage + `WHERE m.conversation_id = ? AND m.seq > ? ORDER BY m.seq LIMIT ?`
	selectCards    = selectMessage + `WHERE m.conversation_id = ? AND m.card <> '' ORDER BY m.seq`
	selectChanged  = selectMessage + `WHERE m.conversation_id = ? AND m.revision > ? AND m.revision > 0 AND m.seq > ? AND m.seq <= ?
		ORDER BY m.seq LIMIT ?`
)

// Messages returns at most limit messages with a seq above after, in order.
func (db *DB) Messages(ctx context.Context, id bridge.ConversationID, after int64, limit int) ([]bridge.Message, error) {
	var rows []messageRow
	err := db.list(ctx, &rows, selectMessages, string(id), after, limit)
	return messages(rows), err
}

// Message returns bridge.ErrNotFound when there is none.
func (db *DB) Message(ctx context.Context, id bridge.MessageID) (bridge.Message, error) {
	var r messageRow
	err := db.get(ctx, &r, selectMessageByID, string(id))
	return r.message(), err
}

func (t *transaction) Cards(id bridge.ConversationID) ([]bridge.Message, error) {
	var rows []messageRow
	err := t.list(&rows, selectCards, string(id))
	return messages(rows), err
}

func (t *transaction) LastMessages(c bridge.Conversation, limit int) ([]bridge.Message, error) {
	var rows []messageRow
	err := t.list(&rows, selectMessages, string(c.ID), c.LastSeq-int64(limit), limit)
	return messages(rows), err
}

// Changed returns at most limit messages that have changed since a revision; see bridge.Store.
func (db *DB) Changed(ctx context.Context, id bridge.ConversationID, since, after, upTo int64, limit int) ([]bridge.Message, error) {
	var rows []messageRow
	err := db.list(ctx, &rows, selectChanged, string(id), since, after, upTo, limit)
	return messages(rows), err
}

const insertMessage = `INSERT INTO messages (id, conversation_id, seq, direction, client_id, sender, sender_id, text, html,
	emote, reply_to, event_id, failed, card, created_at, language)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT language FROM conversations WHERE id = ?)) ON CONFLICT DO NOTHING`

func (t *transaction) InsertMessage(m bridge.Message) (bool, error) {
	card, err := encodeCard(m.Card)
	if err != nil {
		return false, err
	}
	inserted, err := t.changed(insertMessage, string(m.ID), string(m.Conversation), m.Seq, string(m.Direction), m.ClientID,
		m.Sender, string(m.SenderID), m.Text, m.HTML, m.Emote, string(m.ReplyTo), string(m.Event), m.Failed, card, millis(m.CreatedAt), string(m.Conversation))
	if inserted && !m.Training {
		t.written[m.Direction]++
	}
	if inserted && m.File != nil {
		err = t.saveFile(m.ID, *m.File)
	}
	return inserted, err
}

const (
	selectMessageByID       = selectMessage + `WHERE m.id = ?`
	selectMessageByEvent    = selectMessage + `WHERE m.event_id = ? AND m.event_id <> ''`
	selectMessageByClientID = selectMessage + `WHERE m.conversation_id = ? AND m.client_id = ? AND m.client_id <> ''`
	updateMessage           = `UPDATE messages SET text = ?, html = ?, emote = ?, reply_to = ?, edited_at = ?, deleted_at = ?,
		reactions = ?, card = ?, revision = ? WHERE id = ?`
	selectMessageSeq   = `SELECT seq FROM messages WHERE id = ?`
	updateMessageEvent = `UPDATE messages SET event_id = ? WHERE id = ? AND event_id = ''`
	updateMessageFail  = `UPDATE messages SET failed = TRUE WHERE id = ?`
	selectEventIsOurs  = `SELECT EXISTS (SELECT 1 FROM messages WHERE event_id = ? AND event_id <> '')
		OR EXISTS (SELECT 1 FROM relations WHERE event_id = ? AND event_id <> '')
		OR EXISTS (SELECT 1 FROM conversations WHERE notice_event_id = ?)`
)

func (t *transaction) Message(id bridge.MessageID) (bridge.Message, error) {
	var r messageRow
	err := t.get(&r, selectMessageByID, string(id))
	return r.message(), err
}

func (t *transaction) MessageByEvent(event bridge.EventID) (bridge.Message, error) {
	var r messageRow
	err := t.get(&r, selectMessageByEvent, string(event))
	return r.message(), err
}

func (t *transaction) SaveMessage(m bridge.Message) error {
	reactions := ""
	if len(m.Reactions) > 0 {
		text, err := json.Marshal(m.Reactions)
		if err != nil {
			return fmt.Errorf("encode reactions: %w", err)
		}
		reactions = string(text)
	}
	card, err := encodeCard(m.Card)
	if err != nil {
		return err
	}
	return t.exec(updateMessage, m.Text, m.HTML, m.Emote, string(m.ReplyTo), millis(m.EditedAt), millis(m.DeletedAt),
		reactions, card, m.Revision, string(m.ID))
}

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
	err := t.get(&ours, selectEventIsOurs, string(event), string(event), string(event))
	return ours, err
}
