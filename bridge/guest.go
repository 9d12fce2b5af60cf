package bridge

import (
	"context"
	"slices"
	"time"
)

// Guest is a clerk of another area who was brought into one conversation: in its room they are heard
// by the citizen, and nowhere else. They are in until the conversation is handed on or closed.
type Guest struct {
	Conversation ConversationID
	User         UserID
	AddedBy      UserID
	AddedAt      time.Time
}

// GuestTx is what Tx keeps about guests.
type GuestTx interface {
	AddGuest(Guest) error
	IsGuest(ConversationID, UserID) (bool, error)
	Guests(ConversationID) ([]UserID, error)
	// GuestOf are the conversations in which somebody is a guest.
	GuestOf(UserID) ([]ConversationID, error)
	RemoveGuest(ConversationID, UserID) error
	// RemoveGuests reports whether there were any.
	RemoveGuests(ConversationID) (bool, error)
}

// GuestStore is what of GuestTx is read without a transaction.
type GuestStore interface {
	IsGuest(context.Context, ConversationID, UserID) (bool, error)
}

// isGuest reports whether somebody who is no clerk of a conversation's area was brought into it. Whoever
// is no clerk at all any more is heard nowhere.
func (b *Bridge) isGuest(tx Tx, c Conversation, user UserID) (bool, error) {
	if !b.timetable.Load().staffs(user) {
		return false, nil
	}
	return tx.IsGuest(c.ID, user)
}

// staffs reports whether somebody is a clerk of any area.
func (t *timetable) staffs(user UserID) bool {
	return slices.ContainsFunc(t.areas, func(a ServiceArea) bool { return a.Staffs(user) })
}

// addGuest brings a clerk of another area in. The one who asks for it serves the conversation, if nobody
// does yet: a guest does not.
func (b *Bridge) addGuest(tx Tx, o order, clerk UserID) error {
	if o.c.State == Waiting {
		if err := b.serve(tx, o.c, o.by, o.name); err != nil {
			return err
		}
	}
	return tx.AddGuest(Guest{Conversation: o.c.ID, User: clerk, AddedBy: o.by, AddedAt: b.now()})
}

// fromGuest takes what a guest did in a conversation's room; a command is not one of them. What a
// guest writes is heard; it takes nothing, and the clerk stays who it is.
func (b *Bridge) fromGuest(tx Tx, c *Conversation, ev Event) (ConversationID, error) {
	if ev.Kind != ClerkText {
		return "", nil
	}
	if why, err := b.holdBack(tx, *c, ev); err != nil || why != goesOut {
		if err == nil {
			err = b.keepInside(tx, *c, ev, why)
		}
		return "", err
	}
	name, err := b.clerkName(tx, ev.Sender)
	if err != nil {
		return "", err
	}
	b.spoke(c, FromClerkDirection, b.now())
	if stored, err := b.hear(tx, c, ev, name); err != nil || !stored {
		return "", err
	}
	if c.ReadSeq < c.DeliveredSeq {
		return c.ID, tx.SaveAnswered(*c, ev.ID)
	}
	return c.ID, tx.SaveConversation(*c)
}

// guestCommands are what a guest may ask for.
var guestCommands = []verb{askHelp, writeNote, setLanguage}

// sendGuestsHome ends a conversation's guests: they hear and read nothing more of it.
func (b *Bridge) sendGuestsHome(tx Tx, c Conversation) error {
	any, err := tx.RemoveGuests(c.ID)
	if err != nil || !any {
		return err
	}
	return b.guard(tx, c.ID, c.Area)
}

// guard has whoever may not be in a conversation's room removed from it.
func (b *Bridge) guard(tx Tx, id ConversationID, area ServiceAreaID) error {
	now := b.now()
	_, err := tx.Enqueue(Entry{
		ID: NewID(), Stream: deskStream(id), Kind: GuardRoom, Conversation: id, Area: area,
		Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
}

// endVisits ends what users are guests of, unless they are clerks of any area still.
func (b *Bridge) endVisits(tx Tx, users []UserID) error {
	table, err := b.timetableIn(tx)
	if err != nil {
		return err
	}
	for _, user := range users {
		if table.staffs(user) {
			continue
		}
		visits, err := tx.GuestOf(user)
		if err != nil {
			return err
		}
		for _, id := range visits {
			c, err := tx.LockConversation(id)
			if err != nil {
				return err
			}
			if err := tx.RemoveGuest(id, user); err != nil {
				return err
			}
			if err := b.guard(tx, id, c.Area); err != nil {
				return err
			}
		}
	}
	return nil
}
