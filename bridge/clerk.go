package bridge

import (
	"errors"
	"strings"
)

// FromClerk takes what somebody who is not one of our own users did in a room: wrote a text, joined
// or left. Only clerks staffed for the conversation's area are heard by the citizen, and guests. The first of
// them to join or to write takes a waiting chat. What begins with "!" is a command, and what is
// written into a closed conversation is answered there; neither reaches the citizen. It returns the
// conversation that changed, or "".
func (b *Bridge) FromClerk(tx Tx, ev Event) (ConversationID, error) {
	c, err := tx.LockConversationByRoom(ev.Room)
	if errors.Is(err, ErrNotFound) {
		return b.fromDesk(tx, ev) // a space, a lobby, the admin room, or no room of ours
	}
	if err != nil {
		return "", err
	}
	area, err := b.Area(c.Area)
	if err != nil {
		return "", nil
	}
	guest := false
	if !area.Staffs(ev.Sender) {
		if guest, err = b.isGuest(tx, c, ev.Sender); err != nil {
			return "", err
		}
	}
	switch {
	case ev.Kind == ClerkLeft && c.Trainee != "":
		return b.leftTraining(tx, &c, ev.Sender)
	case c.Trainee != "" && ev.Sender != c.Trainee: // nobody else has anything to do there
		return "", unheard(tx, c, ev.ID)
	case ev.Kind == ClerkLeft:
		if guest && ev.Room == c.Room {
			return "", tx.RemoveGuest(c.ID, ev.Sender)
		}
		if c.ClerkID != ev.Sender || ev.Room != c.Room {
			return "", nil
		}
		c.ClerkID = ""
		return c.ID, tx.SaveConversation(c)
	case ev.Kind == ClerkText && isCommand(ev):
		if !guest && !b.commands(ev.Sender, area) {
			return "", errors.Join(unheard(tx, c, ev.ID), b.strangerInRoom(tx, c, area, ev))
		}
		if _, err := drop(tx, &c, ev.ID); err != nil {
			return "", err
		}
		if err := tx.AddInternal(ev.ID, c.ID); err != nil {
			return "", err
		}
		return c.ID, b.obeyInRoom(tx, &c, area, ev)
	case !guest && !area.Staffs(ev.Sender):
		return "", unheard(tx, c, ev.ID)
	case c.State == Closed:
		if ev.Kind != ClerkText {
			return "", nil
		}
		if err := unheard(tx, c, ev.ID); err != nil {
			return "", err
		}
		return "", b.tellClosed(tx, c)
	case guest:
		return b.fromGuest(tx, &c, ev)
	}
	if ev.Kind == ClerkText {
		if why, err := b.holdBack(tx, c, ev); err != nil || why != goesOut {
			if err == nil && why == silently && c.Trainee != "" {
				err = notedInTraining(tx, c)
			}
			return "", errors.Join(err, b.keepInside(tx, c, ev, why))
		}
	}
	name, err := b.clerkName(tx, ev.Sender)
	if err != nil {
		return "", err
	}
	if c.State == Active && c.ClerkID == "" { // the one before has left
		c.ClerkID, c.Clerk = ev.Sender, name
	}
	if ev.Kind == ClerkJoined && c.State == Active && c.ClerkID != ev.Sender {
		// Two have come at once, or a colleague looks in: who serves the citizen is said.
		if err := b.tellRoom(tx, c, "room_taken", map[string]string{"Clerk": c.Clerk}); err != nil {
			return "", err
		}
	}
	if ev.Kind == ClerkText {
		b.spoke(&c, FromClerkDirection, b.now())
		if stored, err := b.hear(tx, &c, ev, name); err != nil || !stored {
			return "", err
		}
		if c.Trainee != "" {
			if err := b.heardInTraining(tx, c, ev.Text); err != nil {
				return "", err
			}
		}
	}
	if c.State == Waiting {
		if err := b.assign(tx, &c, ev.Sender, name); err != nil {
			return "", err
		}
	}
	if c.ClerkID == ev.Sender {
		c.Clerk = name // which may be a new one
	}
	if ev.Kind == ClerkText && c.ReadSeq < c.DeliveredSeq {
		return c.ID, tx.SaveAnswered(c, ev.ID)
	}
	return c.ID, tx.SaveConversation(c)
}

// tellClosed answers a clerk who writes into a closed conversation.
func (b *Bridge) tellClosed(tx Tx, c Conversation) error {
	key := "room_is_closed"
	if c.over(b.now()) {
		key = "room_reopen_too_late"
	}
	return b.tellRoom(tx, c, key, nil)
}

// clerkName is what the citizen reads: the display name, else the localpart.
func (b *Bridge) clerkName(tx Tx, user UserID) (string, error) {
	name, known := b.names.of(user)
	if !known {
		var err error
		if name, err = tx.UserName(user); err != nil {
			return "", err
		}
	}
	return displayName(name, user), nil
}

func displayName(name string, user UserID) string {
	if name != "" {
		return name
	}
	local, _, _ := strings.Cut(strings.TrimPrefix(string(user), "@"), ":")
	return local
}
