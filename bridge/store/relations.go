package store

import (
	"context"

	"schalter/bridge"
)

type relationRow struct {
	ID           string `db:"id"`
	Conversation string `db:"conversation_id"`
	Kind         string `db:"kind"`
	Message      string `db:"message_id"`
	Target       string `db:"target"`
	Event        string `db:"event_id"`
	Sender       string `db:"sender_id"`
	ClientID     string `db:"client_id"`
	Key          string `db:"reaction"`
	Text         string `db:"text"`
	HTML         string `db:"html"`
	Emote        bool   `db:"emote"`
	Undone       bool   `db:"undone"`
	Place        int64  `db:"place"`
	At           int64  `db:"at"`
}

func (r relationRow) relation() bridge.Relation {
	return bridge.Relation{
		ID: r.ID, Conversation: bridge.ConversationID(r.Conversation), Kind: bridge.RelationKind(r.Kind),
		Message: bridge.MessageID(r.Message), Target: bridge.EventID(r.Target), Event: bridge.EventID(r.Event),
		Sender: bridge.UserID(r.Sender), ClientID: r.ClientID, Key: r.Key, Text: r.Text, HTML: r.HTML, Emote: r.Emote,
		Undone: r.Undone, Place: r.Place, At: fromMillis(r.At),
	}
}

const relationColumns = `id, conversation_id, kind, message_id, target, event_id, sender_id, client_id, reaction,
	text, html, emote, undone, place, at`

const (
	insertRelation = `INSERT INTO relations (` + relationColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	updateRelation       = `UPDATE relations SET message_id = ?, target = ?, text = ?, html = ?, undone = ? WHERE id = ?`
	deleteRelation       = `DELETE FROM relations WHERE id = ?`
	selectRelation       = `SELECT ` + relationColumns + ` FROM relations WHERE id = ?`
	selectRelationByName = `SELECT ` + relationColumns + ` FROM relations
		WHERE conversation_id = ? AND client_id = ? AND client_id <> ''`
	updateRelationEvent   = `UPDATE relations SET event_id = ? WHERE id = ? AND event_id = ''`
	selectRelationByEvent = `SELECT ` + relationColumns + ` FROM relations WHERE event_id = ? AND event_id <> ''`
	selectRelations       = `SELECT ` + relationColumns + ` FROM relations WHERE message_id = ? AND message_id <> ''`
	selectAwaiting        = `SELECT ` + relationColumns + ` FROM relations WHERE target = ? AND message_id = ''`
	eraseTexts            = `UPDATE relations SET text = '', html = '' WHERE message_id = ? AND message_id <> ''`
	touchReplies          = `UPDATE messages SET revision = ? WHERE reply_to = ? AND reply_to <> ''`
)

func (t *transaction) AddRelation(r bridge.Relation) (bool, error) {
	return t.changed(insertRelation, r.ID, string(r.Conversation), string(r.Kind), string(r.Message), string(r.Target),
		string(r.Event), string(r.Sender), r.ClientID, r.Key, r.Text, r.HTML, r.Emote, r.Undone, r.Place, millis(r.At))
}

func (t *transaction) SaveRelation(r bridge.Relation) error {
	return t.exec(updateRelation, string(r.Message), string(r.Target), r.Text, r.HTML, r.Undone, r.ID)
}

func (t *transaction) RemoveRelation(id string) error { return t.exec(deleteRelation, id) }

// Relation returns bridge.ErrNotFound when there is none.
func (db *DB) Relation(ctx context.Context, id string) (bridge.Relation, error) {
	var r relationRow
	err := db.get(ctx, &r, selectRelation, id)
	return r.relation(), err
}

func (t *transaction) Relation(id string) (bridge.Relation, error) {
	var r relationRow
	err := t.get(&r, selectRelation, id)
	return r.relation(), err
}

func (t *transaction) RelationByClientID(id bridge.ConversationID, clientID string) (bridge.Relation, error) {
	var r relationRow
	err := t.get(&r, selectRelationByName, string(id), clientID)
	return r.relation(), err
}

func (t *transaction) SetRelationEvent(id string, event bridge.EventID) error {
	return t.exec(updateRelationEvent, string(event), id)
}

func (t *transaction) RelationByEvent(event bridge.EventID) (bridge.Relation, error) {
	var r relationRow
	err := t.get(&r, selectRelationByEvent, string(event))
	return r.relation(), err
}

func (t *transaction) Relations(id bridge.MessageID) ([]bridge.Relation, error) {
	return t.relations(selectRelations, string(id))
}

func (t *transaction) Awaiting(event bridge.EventID) ([]bridge.Relation, error) {
	return t.relations(selectAwaiting, string(event))
}

func (t *transaction) relations(query string, arg string) ([]bridge.Relation, error) {
	var rows []relationRow
	if err := t.list(&rows, query, arg); err != nil {
		return nil, err
	}
	out := make([]bridge.Relation, len(rows))
	for i, r := range rows {
		out[i] = r.relation()
	}
	return out, nil
}

func (t *transaction) EraseTexts(id bridge.MessageID) error { return t.exec(eraseTexts, string(id)) }

func (t *transaction) TouchReplies(id bridge.MessageID, revision int64) error {
	return t.exec(touchReplies, revision, string(id))
}
