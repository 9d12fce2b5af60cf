package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// Fingerprints returns the messages of a conversation that bring a file along, in order, with the SHA-256
// of each; not those whose file is kept from everybody. What a clerk has sent is fetched for it once; then
// it is known. Where a file can't be had any more, the SHA-256 is empty; so it is where ctx ends before,
// and then there is an error beside the messages. Errors: ErrUnavailable.
func (b *Bridge) Fingerprints(ctx context.Context, id ConversationID) ([]Message, error) {
	var out []Message
	err := b.eachMessage(ctx, id, func(m Message) {
		if m.File != nil && m.File.Verdict == "" {
			out = append(out, m)
		}
	})
	if err != nil {
		return nil, err
	}
	for _, m := range out {
		if m.File.SHA256 != "" {
			continue
		}
		sum, err := b.sum(ctx, m.File.URI)
		if errors.Is(err, ErrNotFound) || errors.Is(err, ErrForbidden) || errors.Is(err, ErrRefused) {
			continue
		}
		if err == nil {
			m.File.SHA256 = sum
			err = b.store.Update(ctx, func(tx Tx) error { return tx.SaveFile(m.ID, *m.File) })
		}
		if err != nil {
			return out, fmt.Errorf("fingerprint: %w: %w", ErrUnavailable, err)
		}
	}
	return out, nil
}

// sum reads a file of at most MaxDownload. ErrNotFound when it is larger.
func (b *Bridge) sum(ctx context.Context, uri MediaURI) (string, error) {
	content, err := b.rooms.Download(ctx, uri)
	if err != nil {
		return "", err
	}
	defer content.Body.Close()
	digest := sha256.New()
	n, err := io.Copy(digest, io.LimitReader(content.Body, MaxDownload+1))
	if err == nil && n > MaxDownload {
		err = ErrNotFound
	}
	return hex.EncodeToString(digest.Sum(nil)), err
}

// readAtOnce is how many messages are read at a time where all are.
const readAtOnce = 200

// eachMessage goes through all messages of a conversation, the oldest first.
func (b *Bridge) eachMessage(ctx context.Context, id ConversationID, f func(Message)) error {
	for after := int64(0); ; {
		page, err := b.store.Messages(ctx, id, after, readAtOnce)
		if err != nil {
			return fmt.Errorf("read messages: %w", err)
		}
		for _, m := range page {
			after = m.Seq
			f(m)
		}
		if len(page) < readAtOnce {
			return nil
		}
	}
}
