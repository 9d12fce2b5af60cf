package bridge

import (
	"context"
	"fmt"
	"time"
)

// livesAtOnce bounds one look at the due lives; what is left is due a moment later.
const livesAtOnce = 200

// liveDue looks at the conversations whose life is to be looked at.
func (b *Bridge) liveDue(ctx context.Context) error {
	ids, err := b.store.DueLives(ctx, b.now(), livesAtOnce)
	if err != nil {
		return fmt.Errorf("find due lives: %w", err)
	}
	if err := b.eachDue(ctx, ids, b.advanceLife); err != nil {
		return fmt.Errorf("advance life: %w", err)
	}
	return nil
}

// advanceLife does what is due in a conversation's life: remarks upon silence, ends it, or empties
// its room. Another replica may have been faster; then nothing is due. It reports whether anything
// was done.
func (b *Bridge) advanceLife(tx Tx, id ConversationID) (bool, error) {
	c, err := tx.LockConversation(id)
	now := b.now()
	if err != nil || c.Life.DueAt.IsZero() || now.Before(c.Life.DueAt) {
		return false, err
	}
	if c.State == Closed {
		return true, b.endLife(tx, &c)
	}
	area, err := b.Area(c.Area)
	if err != nil { // gone from the config
		area = ServiceArea{ID: c.Area}
	}
	if c.Life.Stage == CitizenWarned && area.IdleClose > 0 {
		if err := b.shut(tx, &c, ByIdle, ""); err != nil {
			return false, err
		}
		return true, b.tellRoom(tx, c, "room_closed_by_idle", map[string]string{"Since": b.texts.clock(c.Life.ActiveAt)})
	}
	before := c.Life.Stage
	c.Life = area.watch(c, now)
	if err := tx.SaveConversation(c); err != nil || c.Life.Stage == before {
		return false, err
	}
	if c.Life.Stage != ClerkReminded {
		return true, nil // the citizen reads it from the database
	}
	clerks := area.Clerks
	if c.ClerkID != "" {
		clerks = []UserID{c.ClerkID}
	}
	return true, b.tellRoom(tx, c, "room_citizen_waits", map[string]string{"Since": b.texts.clock(c.Life.ActiveAt)}, clerks...)
}

// endLife has everybody leave the room of a conversation that is over. Our own record stays.
func (b *Bridge) endLife(tx Tx, c *Conversation) error {
	c.Life.Stage, c.Life.DueAt = RoomLeft, time.Time{}
	if err := tx.SaveConversation(*c); err != nil {
		return err
	}
	if err := tx.ForgetAddress(c.ID); err != nil {
		return err
	}
	now := b.now()
	_, err := tx.Enqueue(Entry{
		ID: "empty-" + string(c.ID), Stream: deskStream(c.ID), Kind: EmptyRoom, Conversation: c.ID, Area: c.Area,
		Room: c.Room, Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
}

// Stay says for the citizen that they are still there, so that silence does not end the
// conversation. One that is closed stays as it is.
// Errors: ErrNotFound, ErrUnavailable.
func (b *Bridge) Stay(ctx context.Context, id ConversationID) error {
	err := b.store.Update(ctx, func(tx Tx) error {
		c, err := tx.LockConversation(id)
		if err != nil || c.State == Closed || c.Life.Stage != CitizenWarned {
			return err
		}
		b.spoke(&c, c.Life.SpokenBy, b.now())
		return tx.SaveConversation(c)
	})
	if err != nil {
		return fmt.Errorf("stay in conversation: %w", err)
	}
	b.browsers.Notify(id)
	return nil
}
