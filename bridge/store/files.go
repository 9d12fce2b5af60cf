package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"schalter/bridge"
)

const (
	insertChunk  = `INSERT INTO file_chunks (file_id, n, data, made_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`
	deleteChunks = `DELETE FROM file_chunks WHERE file_id = ?`
	sweepChunks  = `DELETE FROM file_chunks WHERE made_at < ? AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = file_chunks.file_id)
		AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.id = file_chunks.file_id)`
	selectChunk    = `SELECT data FROM file_chunks WHERE file_id = ? AND n = ?`
	countFiles     = `SELECT count(*) FROM messages WHERE conversation_id = ? AND direction = 'citizen' AND file <> ''`
	replaceFile    = `UPDATE messages SET file = ? WHERE id = ? AND file <> ''`
	updateFile     = `UPDATE messages SET file = ? WHERE id = ?`
	updatePayload  = `UPDATE outbox SET payload = ? WHERE id = ?`
	insertTicket   = `INSERT INTO file_tickets (hash, message_id, until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
	deleteTickets  = `DELETE FROM file_tickets WHERE until <= ?`
	selectByTicket = selectMessage + `JOIN file_tickets t ON t.message_id = m.id WHERE t.hash = ? AND t.until > ?`
)

// saveFile writes what a message brings along.
func (t *transaction) saveFile(id bridge.MessageID, f bridge.File) error {
	return t.writeFile(updateFile, id, f)
}

func (t *transaction) SaveFile(id bridge.MessageID, f bridge.File) error {
	return t.writeFile(replaceFile, id, f)
}

func (t *transaction) writeFile(query string, id bridge.MessageID, f bridge.File) error {
	text, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode file: %w", err)
	}
	return t.exec(query, string(text), string(id))
}

func (t *transaction) AddChunk(id bridge.MessageID, n int, data []byte, at, before time.Time) error {
	if n == 0 {
		if err := t.exec(sweepChunks, millis(before)); err != nil {
			return err
		}
	}
	return t.exec(insertChunk, string(id), n, data, millis(at))
}

func (t *transaction) SavePayload(id string, payload json.RawMessage) error {
	return t.exec(updatePayload, string(payload), id)
}

func (t *transaction) RemoveChunks(id bridge.MessageID) error {
	return t.exec(deleteChunks, string(id))
}

func (t *transaction) CountFiles(id bridge.ConversationID) (int, error) {
	var n int
	err := t.get(&n, countFiles, string(id))
	return n, err
}

// Chunk is a piece of a file; see bridge.FileStore.
func (db *DB) Chunk(ctx context.Context, id bridge.MessageID, n int) ([]byte, error) {
	var data []byte
	err := db.get(ctx, &data, selectChunk, string(id), n)
	return data, err
}

func (t *transaction) RemoveFile(id bridge.MessageID) error {
	if err := t.RemoveChunks(id); err != nil {
		return err
	}
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
