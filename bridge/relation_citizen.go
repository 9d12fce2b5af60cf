package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxReaction is the longest reaction, in characters: an emoji can be a family of several.
const MaxReaction = 24

// amendment is what one change of a citizen's comes to: the message as it is now, and what the
// room has to be told.
type amendment struct {
	message Message
	entries []Entry
}

// EditFromCitizen gives a citizen's message another text. When it returns without error, the text
// is committed and will reach the room. The same ClientID with the same text is the same edit.
// Errors: *InvalidError, ErrUnknownMessage, ErrUnchangeable, ErrClientIDReused, ErrConversationClosed,
// ErrUnavailable.
func (b *Bridge) EditFromCitizen(ctx context.Context, id ConversationID, message MessageID, in CitizenMessage) (Message, error) {
	if err := in.check(); err != nil {
		return Message{}, err
	}
	return b.amend(ctx, id, message, func(tx Tx, c *Conversation, m Message, now time.Time) (amendment, error) {
		before, err := tx.RelationByClientID(c.ID, in.ClientID)
		if err == nil {
			// The text of one that was taken back is not there to compare with.
			if before.Message != m.ID || before.Text != in.Text && !before.Undone && !m.Deleted() {
				return amendment{}, ErrClientIDReused
			}
			return amendment{message: m}, nil
		}
		if !errors.Is(err, ErrNotFound) {
			return amendment{}, err
		}
		switch {
		case m.Direction != FromCitizenDirection || m.Deleted() || m.Failed || m.File != nil || m.Card != nil:
			return amendment{}, ErrUnchangeable
		case c.State == Closed:
			return amendment{}, ErrConversationClosed
		}
		r := newDeed(c, Edit, now)
		r.ClientID, r.Text = in.ClientID, in.Text
		m, err = addRelation(tx, c, m, r)
		return amendment{m, []Entry{{ID: r.ID, Kind: SendEdit}}}, err
	})
}

// DeleteFromCitizen deletes a citizen's message. One that is deleted stays so. What was not sent
// yet never is; what was is redacted in the room, with its edits.
// Errors: ErrUnknownMessage, ErrUnchangeable, ErrConversationClosed, ErrUnavailable.
func (b *Bridge) DeleteFromCitizen(ctx context.Context, id ConversationID, message MessageID) (Message, error) {
	return b.amend(ctx, id, message, func(tx Tx, c *Conversation, m Message, now time.Time) (amendment, error) {
		switch {
		case m.Direction != FromCitizenDirection || m.Card != nil: // what was handed in stays
			return amendment{}, ErrUnchangeable
		case m.Deleted():
			return amendment{message: m}, nil
		case c.State == Closed:
			return amendment{}, ErrConversationClosed
		}
		withdrawn, err := tx.WithdrawEntry(string(m.ID))
		if err != nil {
			return amendment{}, err
		}
		var entries []Entry
		if !withdrawn && !m.Failed {
			relations, err := tx.Relations(m.ID)
			if err != nil {
				return amendment{}, err
			}
			if entries, err = redactions(m, relations); err != nil {
				return amendment{}, err
			}
		}
		file := m.File
		if m, err = erase(tx, c, m, now); err != nil {
			return amendment{}, err
		}
		return amendment{m, entries}, b.reopenDocument(tx, c, m.ID, file)
	})
}

// redactions are of a message and of its edits, whose events would still show what it said.
func redactions(m Message, relations []Relation) ([]Entry, error) {
	payload, err := redactPayload{Message: m.ID}.encode()
	entries := []Entry{{ID: NewID(), Kind: Redact, Payload: payload}}
	for _, r := range relations {
		if r.Kind == Edit && !r.Undone && err == nil {
			payload, err = redactPayload{Relation: r.ID}.encode()
			entries = append(entries, Entry{ID: NewID(), Kind: Redact, Payload: payload})
		}
	}
	return entries, err
}

// ReactFromCitizen puts a citizen's reaction under a message of either side. One that is there
// stays. Errors: *InvalidError, ErrUnknownMessage, ErrUnchangeable, ErrConversationClosed, ErrUnavailable.
func (b *Bridge) ReactFromCitizen(ctx context.Context, id ConversationID, message MessageID, key string) (Message, error) {
	if strings.TrimSpace(key) == "" {
		return Message{}, &InvalidError{Field: "key", Reason: ReasonRequired}
	}
	if err := checkText("key", key, MaxReaction, false); err != nil {
		return Message{}, err
	}
	return b.amend(ctx, id, message, func(tx Tx, c *Conversation, m Message, now time.Time) (amendment, error) {
		if m.Deleted() || m.Failed {
			return amendment{}, ErrUnchangeable
		}
		if slices.ContainsFunc(m.Reactions, func(r ReactionCount) bool { return r.Key == key && r.Mine }) {
			return amendment{message: m}, nil
		}
		if c.State == Closed {
			return amendment{}, ErrConversationClosed
		}
		r := newDeed(c, ReactionTo, now)
		r.Key = key
		m, err := addRelation(tx, c, m, r)
		return amendment{m, []Entry{{ID: r.ID, Kind: SendReaction}}}, err
	})
}

// UnreactFromCitizen takes a citizen's reaction back, if it is there.
// Errors: ErrUnknownMessage, ErrConversationClosed, ErrUnavailable.
func (b *Bridge) UnreactFromCitizen(ctx context.Context, id ConversationID, message MessageID, key string) (Message, error) {
	return b.amend(ctx, id, message, func(tx Tx, c *Conversation, m Message, _ time.Time) (amendment, error) {
		relations, err := tx.Relations(m.ID)
		if err != nil {
			return amendment{}, err
		}
		i := slices.IndexFunc(relations, func(r Relation) bool {
			return r.Kind == ReactionTo && r.Sender == "" && r.Key == key && !r.Undone
		})
		if i < 0 {
			return amendment{message: m}, nil
		}
		if c.State == Closed {
			return amendment{}, ErrConversationClosed
		}
		r := relations[i]
		withdrawn, err := tx.WithdrawEntry(r.ID)
		if err != nil {
			return amendment{}, err
		}
		var entries []Entry
		if !withdrawn {
			payload, err := redactPayload{Relation: r.ID}.encode()
			if err != nil {
				return amendment{}, err
			}
			entries = []Entry{{ID: NewID(), Kind: Redact, Payload: payload}}
		}
		if err := undo(tx, c, r); err != nil {
			return amendment{}, err
		}
		m, err = tx.Message(m.ID)
		return amendment{m, entries}, err
	})
}

// newDeed is something that the citizen does now, behind everything done before.
func newDeed(c *Conversation, kind RelationKind, now time.Time) Relation {
	c.Revision++
	return Relation{ID: NewID(), Conversation: c.ID, Kind: kind, Place: c.Revision, At: now}
}

// amend changes a message and enqueues what the room is to be told, in the conversation's stream,
// and so behind the message itself.
func (b *Bridge) amend(ctx context.Context, id ConversationID, message MessageID,
	f func(Tx, *Conversation, Message, time.Time) (amendment, error),
) (Message, error) {
	var a amendment
	var claimed []Entry
	err := b.store.Update(ctx, func(tx Tx) error {
		claimed = nil
		c, err := tx.LockConversation(id)
		if err != nil {
			return err
		}
		m, err := tx.Message(message)
		if errors.Is(err, ErrNotFound) || err == nil && m.Conversation != id {
			return ErrUnknownMessage
		}
		if err != nil {
			return err
		}
		before, now := c, b.now()
		if a, err = f(tx, &c, m, now); err != nil || c == before {
			return err
		}
		if area, err := b.Area(c.Area); err == nil {
			area.stir(&c, now)
		}
		if err := tx.SaveConversation(c); err != nil {
			return err
		}
		claimed, err = b.enqueueAsGhost(tx, c, a.entries, now)
		return err
	})
	if err != nil {
		b.doubtIf(err, conversationStream(id))
		return Message{}, fmt.Errorf("amend message: %w", err)
	}
	b.dispatch(claimed)
	b.browsers.Notify(id)
	return a.message, nil
}
