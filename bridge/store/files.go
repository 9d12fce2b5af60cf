package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"schalter/bridge"
)

const (
	updateFile     = `UPDATE messages SET file = ? WHERE id = ?`
	insertTicket   = `INSERT INTO file_tickets (hash, message_id, until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
	deleteTickets  = `DELETE FROM file_tickets WHERE until <= ?`
	selectByTicket = selectMessage + `JOIN file_tickets t ON t.message_id = m.id WHERE t.hash = ? AND t.until > ?`
)

// saveFile writes what a message brings along.
func (t *transaction) saveFile(id bridge.MessageID, f bridge.File) error {
	text, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode file: %w", err)
	}
	return t.exec(updateFile, string(text), string(id))
}

func (t *transaction) RemoveFile(id bridge.MessageID) error {
	return t.exec(updateFile, "", string(id))
}

func (t *transaction) AddTicket(hash []byte, message bridge.MessageID, until, now time.Time) error {
	if err := t.exec(deleteTickets, millis(now)); err != nil {
		return err
	}
	return t.exec(insertTicket, hash, string(message), millis(until))
}

// ByTicket is the message whose file a ticket opens; see bridge.FileStore.
func (db *DB) ByTicket(ctx context.Context, hash []byte, now time.Time) (bridge.Message, error) {
	var r messageRow
	err := db.get(ctx, &r, selectByTicket, hash, millis(now))
	return r.message(), err
}
