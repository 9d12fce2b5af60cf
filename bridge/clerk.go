package bridge

import (
	"errors"
	"strings"
)

// FromClerk takes what somebody who is not one of our own users did in a room: wrote a text, or
// joined. Only clerks staffed for the conversation's area are heard by the citizen. The first of
// them to join or to write takes a waiting chat. It returns the conversation that changed, or "".
func (b *Bridge) FromClerk(tx Tx, ev Event) (ConversationID, error) {
	c, err := tx.LockConversationByRoom(ev.Room)
	if errors.Is(err, ErrNotFound) {
		return b.fromDesk(tx, ev) // a space, a lobby, the admin room, or no room of ours
	}
	if err != nil {
		return "", err
	}
	area, err := b.Area(c.Area)
	if err != nil || !area.Staffs(ev.Sender) || c.State == Closed {
		return "", nil
	}
	name, err := b.clerkName(tx, ev.Sender)
	if err != nil {
		return "", err
	}
	if ev.Kind == ClerkText {
		c.LastSeq++
		stored, err := tx.InsertMessage(Message{
			ID: MessageID(NewID()), Conversation: c.ID, Seq: c.LastSeq, Direction: FromClerkDirection,
			Sender: name, Text: ev.Text, HTML: ev.HTML, Event: ev.ID, CreatedAt: ev.At,
		})
		if err != nil || !stored {
			return "", err
		}
	}
	if c.State == Waiting {
		if err := b.assign(tx, &c, name); err != nil {
			return "", err
		}
	}
	return c.ID, tx.SaveConversation(c)
}

// assign gives a waiting chat to a clerk; the room shows it.
func (b *Bridge) assign(tx Tx, c *Conversation, clerk string) error {
	c.State, c.Clerk = Active, clerk
	now := b.now()
	_, err := tx.Enqueue(Entry{
		ID: NewID(), Stream: deskStream(c.ID), Kind: UpdateRoom, Conversation: c.ID, Area: c.Area,
		Room: c.Room, Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
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
	if name != "" {
		return name, nil
	}
	local, _, _ := strings.Cut(strings.TrimPrefix(string(user), "@"), ":")
	return local, nil
}
