package store

import (
	"context"

	"schalter/bridge"
)

// What a clerk has read is found by the order in which the way in took the events: an event may be
// anything that stands in the room, and only events whose echo has come have a place there.
const (
	raiseClerkRead = `clerk_read_seq = COALESCE((SELECT m.seq FROM messages m JOIN seen_events s ON s.event_id = m.event_id
		WHERE m.conversation_id = conversations.id AND m.direction = 'citizen'
			AND m.seq > conversations.clerk_read_seq AND m.seq <= conversations.delivered_seq
			AND s.ord <= (SELECT ord FROM seen_events WHERE event_id = ?)
		ORDER BY m.seq DESC LIMIT 1), clerk_read_seq)`
	updateClerkRead     = `UPDATE conversations SET ` + raiseClerkRead + ofConversation + ` RETURNING clerk_read_seq`
	updateCitizenRead   = `UPDATE conversations SET citizen_read_seq = ?` + ofConversation
	selectNewestOfClerk = `SELECT event_id FROM messages
		WHERE conversation_id = ? AND seq <= ? AND direction = 'clerk' AND event_id <> '' ORDER BY seq DESC LIMIT 1`
)

func (t *transaction) ReadByClerk(id bridge.ConversationID, event bridge.EventID) (int64, error) {
	var seq int64
	err := t.get(&seq, updateClerkRead, string(event), string(id))
	return seq, err
}

func (t *transaction) SaveAnswered(c bridge.Conversation, event bridge.EventID) error {
	return t.exec(updateConversation+`, `+raiseClerkRead+ofConversation, append(changeable(c), string(event), string(c.ID))...)
}

func (t *transaction) SaveCitizenRead(id bridge.ConversationID, seq int64) error {
	return t.exec(updateCitizenRead, seq, string(id))
}

// NewestOfClerk returns the event of the newest message of a clerk up to seq; bridge.ErrNotFound.
func (db *DB) NewestOfClerk(ctx context.Context, id bridge.ConversationID, seq int64) (bridge.EventID, error) {
	var event string
	err := db.get(ctx, &event, selectNewestOfClerk, string(id), seq)
	return bridge.EventID(event), err
}

// ConversationByRoom returns the conversation that a room was made for; bridge.ErrNotFound.
func (db *DB) ConversationByRoom(ctx context.Context, room bridge.RoomID) (bridge.Conversation, error) {
	var r conversationRow
	err := db.get(ctx, &r, selectConversationByRoom, string(room))
	return r.conversation(), err
}

// UserName returns "" when the name is not known.
func (db *DB) UserName(ctx context.Context, user bridge.UserID) (string, error) {
	var name string
	err := db.get(ctx, &name, selectUserName, string(user))
	return name, err
}
