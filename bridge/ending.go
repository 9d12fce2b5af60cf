package bridge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Close ends a conversation for the citizen. One that is closed stays as it is.
// Errors: ErrNotFound, ErrUnavailable.
func (b *Bridge) Close(ctx context.Context, id ConversationID) error {
	err := b.store.Update(ctx, func(tx Tx) error {
		c, err := tx.LockConversation(id)
		if err != nil || c.State == Closed {
			return err
		}
		if err := b.shut(tx, &c, ByCitizen, ""); err != nil {
			return err
		}
		return b.tellRoom(tx, c, "room_closed_by_citizen", nil)
	})
	if err != nil {
		return fmt.Errorf("close conversation: %w", err)
	}
	b.Wake()
	b.browsers.Notify(id)
	return nil
}

// Forget ends a conversation for good: it can't be taken up again, and what opened it opens it no
// more. Its record and its room go the way of every other.
// Errors: ErrNotFound, ErrUnavailable.
func (b *Bridge) Forget(ctx context.Context, id ConversationID) error {
	err := b.store.Update(ctx, func(tx Tx) error {
		c, err := tx.LockConversation(id)
		if err != nil {
			return err
		}
		if c.State != Closed {
			if err := b.shut(tx, &c, ByCitizen, ""); err != nil {
				return err
			}
		}
		again := !c.over(b.now())
		c.Life.ReopenUntil = b.now()
		if err := tx.SaveConversation(c); err != nil {
			return err
		}
		if err := tx.DeleteTokens(id); err != nil || !again {
			return err
		}
		return b.tellRoom(tx, c, "room_forgotten", nil)
	})
	if err != nil {
		return fmt.Errorf("forget conversation: %w", err)
	}
	b.Wake()
	b.browsers.Notify(id)
	return nil
}

// shut ends a conversation; its room shows it.
func (b *Bridge) shut(tx Tx, c *Conversation, by Closer, reason string) error {
	now := b.now()
	area, err := b.Area(c.Area)
	if err != nil {
		area = ServiceArea{ID: c.Area} // gone from the config: nobody takes it up again
	}
	c.State = Closed
	c.Life.ClosedBy, c.Life.ClosedAt, c.Life.Reason = by, now, reason
	c.Life.ReopenUntil = area.reopenUntil(now)
	if c.Trainee != "" {
		c.Life.ReopenUntil = now.Add(trainingStays)
	}
	c.Life.Stage, c.Life.DueAt = Lively, c.Life.ReopenUntil
	if c.LastSeq == 0 {
		c.Life.DueAt = time.Time{} // nothing was written, so there is no room
		return errors.Join(tx.SaveConversation(*c), tx.ForgetAddress(c.ID))
	}
	if err := tx.SaveConversation(*c); err != nil {
		return err
	}
	if err := b.sendGuestsHome(tx, *c); err != nil {
		return err
	}
	return b.updateRoom(tx, *c)
}

// tellRoom is tellRoomIn in the desk's language, for all who are in the room.
func (b *Bridge) tellRoom(tx Tx, c Conversation, key string, data map[string]string, mentions ...UserID) error {
	return b.tellRoomIn(tx, b.texts, c, key, data, mentions...)
}

// tellRoomIn posts a sentence of the catalogue in a conversation's room. Until when it can be reopened
// is «Until». Whoever is mentioned is notified by their client.
func (b *Bridge) tellRoomIn(tx Tx, words *texts, c Conversation, key string, data map[string]string, mentions ...UserID) error {
	if c.LastSeq == 0 {
		return nil
	}
	with := map[string]string{"Until": words.moment(c.Life.ReopenUntil, b.now())}
	for k, v := range data {
		with[k] = v
	}
	return b.tell(tx, Entry{Stream: deskStream(c.ID), Conversation: c.ID, Area: c.Area}, textPayload{
		Text: strings.TrimSpace(words.say(key, with)), Notice: len(mentions) == 0, Mentions: mentions,
	})
}

// Reopen lets a conversation that is closed go on, for instance after the lunch break. It counts
// as starting one: outside hours it fails like Open. One that is not closed stays as it is.
// Errors: ErrConversationClosed when the time for it is over, ErrBlocked, *ClosedError, ErrUnstaffed,
// ErrNotFound, ErrUnavailable.
func (b *Bridge) Reopen(ctx context.Context, id ConversationID) (Conversation, error) {
	var c Conversation
	err := b.store.Update(ctx, func(tx Tx) error {
		var err error
		if c, err = tx.LockConversation(id); err != nil || c.State != Closed {
			return err
		}
		return b.takeUp(tx, &c)
	})
	if err != nil {
		return Conversation{}, fmt.Errorf("reopen conversation: %w", err)
	}
	b.Wake()
	b.browsers.Notify(id)
	return c, nil
}

// takeUp opens a closed conversation again for its citizen, if there is time and its area takes one.
func (b *Bridge) takeUp(tx Tx, c *Conversation) error {
	if c.State != Closed || c.over(b.now()) {
		return ErrConversationClosed
	}
	if err := b.notBlocked(tx, c.ID); err != nil {
		return err
	}
	area, err := b.admit(tx, c.Area)
	if err != nil {
		return err
	}
	if !area.Staffs(c.ClerkID) {
		c.ClerkID = ""
	}
	if err := b.revive(tx, c, area, c.ClerkID, c.Clerk); err != nil || c.State != Active {
		return err
	}
	return b.tellRoom(tx, *c, "room_reopened_by_citizen", nil, c.ClerkID)
}

// revive opens a closed conversation again, with a clerk; for "" it waits, and the lobby is told.
func (b *Bridge) revive(tx Tx, c *Conversation, area ServiceArea, clerk UserID, name string) error {
	c.State, c.ClerkID, c.Clerk = Active, clerk, name
	if clerk == "" {
		c.State, c.Clerk = Waiting, ""
	}
	c.Life = Life{SpokenBy: c.Life.SpokenBy}
	area.stir(c, b.now())
	if err := tx.SaveConversation(*c); err != nil {
		return err
	}
	if c.State == Waiting {
		if err := b.startTurn(tx, *c, area, b.now()); err != nil {
			return err
		}
	}
	if c.Trainee == "" { // who trains does so at any hour
		if err := b.startClosing(tx, c.ID, area); err != nil || c.LastSeq == 0 {
			return err
		}
	}
	if err := b.updateRoom(tx, *c); err != nil || c.State == Active {
		return err
	}
	return b.announce(tx, *c, area) // a new notice: clients do not notify for an edit
}
