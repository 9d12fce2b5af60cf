package bridge

import (
	"context"
	"errors"
	"fmt"
)

// performFile brings a citizen's file to the homeserver's media store, and then its message into the
// room. Where the file will be is stored before it is sent there, where the homeserver allows that: then
// an answer that is lost leaves nothing unknown behind.
func (b *Bridge) performFile(ctx context.Context, e Entry) (func(Tx) error, error) {
	m, err := b.store.Message(ctx, MessageID(e.ID))
	if err != nil {
		return nil, fmt.Errorf("read message: %w: %w", err, ErrNotSent)
	}
	if m.File == nil { // deleted meanwhile
		return func(tx Tx) error { return finish(tx, e) }, nil
	}
	if m.File.Verdict == Unscanned {
		return b.performScan(ctx, e, m)
	}
	room, err := b.roomOf(ctx, e)
	if err != nil {
		return nil, err
	}
	f := *m.File
	if f.Pending {
		save := func(tx Tx, f File) error { return tx.SaveFile(m.ID, f) }
		if f, err = b.bring(ctx, e, m.ID, f, save); err != nil {
			return nil, err
		}
	}
	event, err := b.rooms.Send(ctx, OutgoingMessage{Room: room, As: e.Sender, Entry: e.ID, Text: f.Name, File: &f})
	if err != nil {
		return nil, err
	}
	return func(tx Tx) error { return b.confirm(tx, e, event) }, nil
}

// bring uploads a file whose pieces are kept under an ID, and has what becomes of it written down. Its
// failures are such that nothing was sent into the room.
func (b *Bridge) bring(ctx context.Context, e Entry, id MessageID, f File, record func(Tx, File) error) (File, error) {
	save := func() error {
		err := b.store.Update(ctx, func(tx Tx) error { return record(tx, f) })
		if err != nil {
			return fmt.Errorf("record upload: %w: %w", err, ErrNotSent)
		}
		return nil
	}
	if f.URI == "" {
		uri, err := b.rooms.CreateMedia(ctx, e.Sender)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return f, notUploaded(err)
		}
		if f.URI = uri; uri != "" {
			if err := save(); err != nil {
				return f, err
			}
		}
	}
	uri, err := b.rooms.Upload(ctx, e.Sender, f, &chunkReader{ctx: ctx, store: b.store, id: id})
	if errors.Is(err, ErrNotFound) { // the address has expired unused
		f.URI = ""
		if err := save(); err != nil {
			return f, err
		}
	}
	if err != nil {
		return f, notUploaded(err)
	}
	f.URI, f.Pending = uri, false
	return f, save()
}

// notUploaded is a failure before anything was sent into the room.
func notUploaded(err error) error {
	if errors.Is(err, ErrRefused) {
		return fmt.Errorf("upload file: %w", err)
	}
	return fmt.Errorf("upload file: %w: %v", ErrNotSent, err) //nolint:errorlint // what the upload came to says nothing of the event
}
