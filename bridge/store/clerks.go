package store

import (
	"context"
	"errors"

	"schalter/bridge"
)

const (
	selectClerkLanguage = `SELECT language FROM clerk_languages WHERE user_id = ?`
	upsertClerkLanguage = `INSERT INTO clerk_languages (user_id, language) VALUES (?, ?)
		ON CONFLICT (user_id) DO UPDATE SET language = excluded.language`
	deleteClerkLanguage = `DELETE FROM clerk_languages WHERE user_id = ?`
)

func (t *transaction) ClerkLanguage(user bridge.UserID) (string, error) {
	var lang string
	err := t.get(&lang, selectClerkLanguage, string(user))
	if errors.Is(err, bridge.ErrNotFound) {
		err = nil
	}
	return lang, err
}

func (t *transaction) SetClerkLanguage(user bridge.UserID, lang string) error {
	if lang == "" {
		return t.exec(deleteClerkLanguage, string(user))
	}
	return t.exec(upsertClerkLanguage, string(user), lang)
}

const (
	reportStranger = `INSERT INTO stranger_reports (user_id, room_id, day) VALUES (?, ?, ?)
		ON CONFLICT (user_id, room_id) DO UPDATE SET day = excluded.day WHERE stranger_reports.day < excluded.day`
	forgetStrangers   = `DELETE FROM stranger_reports WHERE day < ?`
	countStrangersDay = `SELECT count(*) FROM stranger_reports WHERE day = ?`
)

func (t *transaction) ReportStranger(user bridge.UserID, room bridge.RoomID, day int64) (int, error) {
	if err := t.exec(forgetStrangers, day); err != nil {
		return 0, err
	}
	fresh, err := t.changed(reportStranger, string(user), string(room), day)
	if err != nil || !fresh {
		return 0, err
	}
	var n int
	err = t.get(&n, countStrangersDay, day)
	return n, err
}

const (
	insertGuest = `INSERT INTO guests (conversation_id, user_id, added_by, added_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`
	isGuest     = `SELECT count(*) FROM guests WHERE conversation_id = ? AND user_id = ?`
	selectGuest = `SELECT user_id FROM guests WHERE conversation_id = ? ORDER BY added_at, user_id`
	guestOf     = `SELECT conversation_id FROM guests WHERE user_id = ? ORDER BY conversation_id`
	dropGuests  = `DELETE FROM guests WHERE conversation_id = ?`
	dropGuest   = `DELETE FROM guests WHERE conversation_id = ? AND user_id = ?`
)

func (t *transaction) AddGuest(g bridge.Guest) error {
	return t.exec(insertGuest, string(g.Conversation), string(g.User), string(g.AddedBy), millis(g.AddedAt))
}

func (t *transaction) IsGuest(id bridge.ConversationID, user bridge.UserID) (bool, error) {
	var n int
	err := t.get(&n, isGuest, string(id), string(user))
	return n > 0, err
}

// IsGuest reports whether a clerk of another area was brought into a conversation.
func (db *DB) IsGuest(ctx context.Context, id bridge.ConversationID, user bridge.UserID) (bool, error) {
	var n int
	err := db.get(ctx, &n, isGuest, string(id), string(user))
	return n > 0, err
}

func (t *transaction) Guests(id bridge.ConversationID) ([]bridge.UserID, error) {
	var users []bridge.UserID
	err := t.list(&users, selectGuest, string(id))
	return users, err
}

func (t *transaction) GuestOf(user bridge.UserID) ([]bridge.ConversationID, error) {
	var ids []bridge.ConversationID
	err := t.list(&ids, guestOf, string(user))
	return ids, err
}

func (t *transaction) RemoveGuest(id bridge.ConversationID, user bridge.UserID) error {
	return t.exec(dropGuest, string(id), string(user))
}

func (t *transaction) RemoveGuests(id bridge.ConversationID) (bool, error) {
	return t.changed(dropGuests, string(id))
}
