package bridge

import (
	"context"
	"encoding/json"
	"fmt"
)

// BotFileTx is what Tx keeps about the files that the bot puts into rooms.
type BotFileTx interface {
	// SavePayload replaces the payload of an entry, if it is still there.
	SavePayload(id string, payload json.RawMessage) error
}

// botFile is a file made here, whose pieces are kept under the ID of its entry until it is in the room.
func (b *Bridge) botFile(ctx context.Context, id, name, kind string, content []byte) (File, error) {
	out := b.spool(ctx, MessageID(id))
	if _, err := out.Write(content); err != nil {
		return File{}, fmt.Errorf("keep file: %w", err)
	}
	if err := out.flush(); err != nil {
		return File{}, fmt.Errorf("keep file: %w", err)
	}
	return File{Name: name, Type: kind, Size: out.size, SHA256: out.digest(), Pending: true}, nil
}

// post enqueues a file of the bot's for a conversation's room.
func (b *Bridge) post(tx Tx, e Entry, id string, f File) error {
	payload, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode file: %w", err)
	}
	now := b.now()
	_, err = tx.Enqueue(Entry{
		ID: id, Stream: e.Stream, Kind: PostFile, Conversation: e.Conversation, Area: e.Area, Room: e.Room,
		Sender: b.rooms.BotID(), Payload: payload, Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
}

// performPostFile brings a file of the bot's to the homeserver's media store, and then into the room.
func (b *Bridge) performPostFile(ctx context.Context, e Entry) (func(Tx) error, error) {
	var f File
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return nil, fmt.Errorf("decode payload: %w: %w", err, ErrRefused)
	}
	room, err := b.roomOf(ctx, e)
	if err != nil {
		return nil, err
	}
	if f.Pending {
		f, err = b.bring(ctx, e, MessageID(e.ID), f, func(tx Tx, f File) error {
			payload, err := json.Marshal(f)
			if err != nil {
				return fmt.Errorf("encode file: %w", err)
			}
			return tx.SavePayload(e.ID, payload)
		})
		if err != nil {
			return nil, err
		}
	}
	event, err := b.rooms.Send(ctx, OutgoingMessage{Room: room, As: e.Sender, Entry: e.ID, Text: f.Name, File: &f})
	if err != nil {
		return nil, err
	}
	return func(tx Tx) error { return b.confirm(tx, e, event) }, nil
}
