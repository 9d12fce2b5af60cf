package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// redactPayload is the payload of Redact: what is to be redacted. Its event is looked up when the
// entry's turn comes.
type redactPayload struct {
	Message  MessageID `json:"message,omitempty"`
	Relation string    `json:"relation,omitempty"`
}

func (p redactPayload) encode() (json.RawMessage, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode payload: %w", err)
	}
	return b, nil
}

// mostRedactions is how often a redaction is tried that the homeserver forbids: the event may be
// gone, and what follows must not wait for ever.
const mostRedactions = 10

// performRelation sends what a citizen did to a message: an edit or a reaction. What was taken
// back meanwhile, or belongs to a message that never came into the room, is not sent.
func (b *Bridge) performRelation(ctx context.Context, e Entry) (func(Tx) error, error) {
	nothing := func(tx Tx) error { return finish(tx, e) }
	r, err := b.store.Relation(ctx, e.ID)
	if errors.Is(err, ErrNotFound) || err == nil && r.Undone {
		return nothing, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read relation: %w: %w", err, ErrNotSent)
	}
	m, err := b.store.Message(ctx, r.Message)
	if err != nil {
		return nil, fmt.Errorf("read message: %w: %w", err, ErrNotSent)
	}
	if m.Deleted() || m.Event == "" {
		return nothing, nil
	}
	room, err := b.roomOf(ctx, e)
	if err != nil {
		return nil, err
	}
	var event EventID
	if e.Kind == SendReaction {
		event, err = b.rooms.React(ctx, Reaction{Room: room, As: e.Sender, Entry: e.ID, Target: m.Event, Key: r.Key})
	} else {
		event, err = b.rooms.Send(ctx, OutgoingMessage{Room: room, As: e.Sender, Entry: e.ID, Text: r.Text, Replaces: m.Event})
	}
	if err != nil {
		return nil, err
	}
	return func(tx Tx) error { return b.confirm(tx, e, event) }, nil
}

// performRedact redacts an event of the ghost's. To do it again changes nothing.
func (b *Bridge) performRedact(ctx context.Context, e Entry) (func(Tx) error, error) {
	done := func(tx Tx) error { return finish(tx, e) }
	var p redactPayload
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		return nil, fmt.Errorf("decode payload: %w: %w", err, ErrRefused)
	}
	event, err := b.redactedEvent(ctx, p)
	if errors.Is(err, ErrNotFound) || err == nil && event == "" {
		return done, nil // it never came into the room
	}
	if err != nil {
		return nil, fmt.Errorf("find what is to be redacted: %w: %w", err, ErrNotSent)
	}
	room, err := b.roomOf(ctx, e)
	if err != nil {
		return nil, err
	}
	err = b.rooms.Redact(ctx, room, e.Sender, e.ID, event)
	if errors.Is(err, ErrForbidden) && e.Attempts >= mostRedactions {
		err = fmt.Errorf("%w: %w", err, ErrRefused)
	}
	return done, err
}

func (b *Bridge) redactedEvent(ctx context.Context, p redactPayload) (EventID, error) {
	if p.Message != "" {
		m, err := b.store.Message(ctx, p.Message)
		return m.Event, err
	}
	r, err := b.store.Relation(ctx, p.Relation)
	return r.Event, err
}

// confirmRelation records that what a citizen did to a message is in the room.
func (b *Bridge) confirmRelation(tx Tx, c *Conversation, e Entry, event EventID) error {
	if err := tx.SetRelationEvent(e.ID, event); err != nil || c.Awaited == 0 {
		return err
	}
	gone, err := redactedEarly(tx, c, event)
	if err != nil || !gone {
		return err
	}
	r, err := tx.RelationByEvent(event)
	if err != nil {
		return ignoreNotFound(err)
	}
	return undo(tx, c, r)
}

// failRelation takes back what the homeserver refused for good.
func failRelation(tx Tx, e Entry) error {
	c, err := tx.LockConversation(e.Conversation)
	if err != nil {
		return err
	}
	r, err := tx.Relation(e.ID)
	if err != nil {
		return ignoreNotFound(err)
	}
	if err := undo(tx, &c, r); err != nil {
		return err
	}
	return tx.SaveConversation(c)
}
