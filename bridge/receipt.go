package bridge

import (
	"context"
	"errors"
	"fmt"
)

// Receipt says that somebody has read a room up to an event.
type Receipt struct {
	Room  RoomID
	Event EventID
	User  UserID
}

// ReceiptTx keeps how far each side has read.
type ReceiptTx interface {
	// ReadByClerk raises ReadSeq to the newest message of the citizen that came before an event, or
	// is it, in the order in which the way in took them, and returns it. An event that was never
	// taken raises nothing.
	ReadByClerk(ConversationID, EventID) (int64, error)
	// SaveAnswered is SaveConversation for a conversation in which a clerk's text was just taken, and
	// ReadByClerk with its event: whoever answers has read what stands before.
	SaveAnswered(Conversation, EventID) error
	// SaveCitizenRead sets CitizenReadSeq.
	SaveCitizenRead(id ConversationID, seq int64) error
}

// SignalStore is what signs of life are read with.
type SignalStore interface {
	// ConversationByRoom returns the conversation that a room was made for. ErrNotFound.
	ConversationByRoom(context.Context, RoomID) (Conversation, error)
	// UserName returns "" when the name is not known.
	UserName(context.Context, UserID) (string, error)
	// NewestOfClerk returns the event of the newest message of a clerk up to seq. ErrNotFound.
	NewestOfClerk(ctx context.Context, id ConversationID, seq int64) (EventID, error)
}

// readByClerk takes what somebody has read. Only clerks staffed for the conversation's area and its guests
// count; of several, the one who has read most.
func (b *Bridge) readByClerk(tx Tx, r Receipt, changed map[ConversationID]bool) error {
	c, err := tx.LockConversationByRoom(r.Room)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	area, err := b.Area(c.Area)
	if err != nil || c.ReadSeq >= c.DeliveredSeq {
		return nil
	}
	if !area.Staffs(r.User) {
		if guest, err := b.isGuest(tx, c, r.User); err != nil || !guest {
			return err
		}
	}
	seq, err := tx.ReadByClerk(c.ID, r.Event)
	if err == nil && seq > c.ReadSeq {
		changed[c.ID] = true
	}
	return err
}

// ReadByCitizen takes that the citizen has read up to a seq: one beyond the newest message counts as
// that, and one that was read before changes nothing. The ghost's receipt follows in the room.
// Errors: ErrNotFound, ErrUnavailable.
func (b *Bridge) ReadByCitizen(ctx context.Context, known Conversation, seq int64) error {
	if seq = min(seq, known.LastSeq); seq <= known.CitizenReadSeq {
		return nil
	}
	err := b.store.Update(ctx, func(tx Tx) error {
		c, err := tx.LockConversation(known.ID)
		if err != nil || seq <= c.CitizenReadSeq {
			return err
		}
		if err := tx.SaveCitizenRead(c.ID, seq); err != nil {
			return err
		}
		now := b.now()
		// One entry, however often it rises: it does what is true when its turn comes.
		_, err = tx.Enqueue(Entry{
			ID: "receipt-" + string(c.ID), Stream: receiptStream(c.ID), Kind: MoveReceipt, Conversation: c.ID,
			Area: c.Area, Sender: c.Ghost, Phase: Ready, DueAt: now, CreatedAt: now,
		}, "", now)
		return err
	})
	if err != nil {
		return fmt.Errorf("take citizen's reading: %w", err)
	}
	b.Wake()
	return nil
}

// performMoveReceipt moves the receipt to the newest message of a clerk that the citizen has read.
// A receipt is not worth mending a room for: what is refused is left.
func (b *Bridge) performMoveReceipt(ctx context.Context, e Entry) (func(Tx) error, error) {
	c, err := b.store.Conversation(ctx, e.Conversation)
	if err != nil {
		return nil, fmt.Errorf("read conversation: %w: %w", err, ErrNotSent)
	}
	event, err := b.store.NewestOfClerk(ctx, c.ID, c.CitizenReadSeq)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("find what was read: %w: %w", err, ErrNotSent)
	}
	if err == nil && c.Room != "" {
		err := b.rooms.MoveReceipt(ctx, c.Room, c.Ghost, event)
		if errors.Is(err, ErrForbidden) || errors.Is(err, ErrRefused) {
			b.log.Info().Err(err).Str("entry", e.ID).Msg("receipt refused")
		} else if err != nil {
			return nil, fmt.Errorf("move receipt: %w", err)
		}
	}
	return func(tx Tx) error {
		now, err := tx.LockConversation(c.ID)
		if err != nil || now.CitizenReadSeq == c.CitizenReadSeq {
			return errors.Join(err, finish(tx, e))
		}
		// More was read meanwhile, and found this entry still there.
		e.Phase, e.DueAt = Ready, b.now()
		_, err = tx.SettleEntry(e)
		return err
	}, nil
}
