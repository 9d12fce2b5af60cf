package bridge

import (
	"errors"
	"strings"
)

// FromClerkLater takes what was done in a room to a message that may be known, or still to come:
// an edit, a reaction, a redaction. The result does not depend on which of them comes first.
// Unlike a text, it counts in a closed conversation as well: what the citizen has on the screen
// shall be what the room shows. It returns the conversation that changed, or "".
func (b *Bridge) FromClerkLater(tx Tx, ev Event) (ConversationID, error) {
	c, err := tx.LockConversationByRoom(ev.Room)
	if errors.Is(err, ErrNotFound) {
		if ev.Kind == ClerkReaction {
			return b.fromDesk(tx, ev)
		}
		return "", nil
	}
	if err != nil {
		return "", err
	}
	before := c
	switch ev.Kind {
	case ClerkEdit, ClerkReaction:
		err = b.relate(tx, &c, ev)
	case Redaction:
		err = b.redact(tx, &c, ev)
	case Redacted, Unreadable: // nothing that relates to it has a meaning
		if _, err = drop(tx, &c, ev.ID); err == nil && ev.Class == ClassEncryptedFile {
			err = b.encryptedFile(tx, c, ev)
		}
	}
	if err != nil || c == before {
		return "", err
	}
	return c.ID, tx.SaveConversation(c)
}

// relate takes an edit or a reaction. An edit counts from whoever wrote the message, a reaction
// from clerks of the area and guests.
func (b *Bridge) relate(tx Tx, c *Conversation, ev Event) error {
	if gone, err := redactedEarly(tx, c, ev.ID); err != nil || gone {
		return err
	}
	if ev.Kind == ClerkEdit && (isNote(ev) || isCommand(ev)) {
		return b.editHeldBack(tx, *c, ev)
	}
	r := Relation{
		ID: string(ev.ID), Conversation: c.ID, Kind: ReactionTo, Target: ev.ReplyTo, Event: ev.ID, Sender: ev.Sender,
		Key: ev.Key, Text: ev.said(), HTML: ev.HTML, Emote: ev.Emote, At: ev.At,
	}
	if ev.Kind == ClerkEdit {
		r.Kind = Edit
	}
	area, err := b.Area(c.Area)
	staffed := err == nil && area.Staffs(ev.Sender)
	if !staffed {
		if staffed, err = b.isGuest(tx, *c, ev.Sender); err != nil {
			return err
		}
	}
	m, err := tx.MessageByEvent(ev.ReplyTo)
	switch {
	case err == nil:
		counts := m.Conversation == c.ID && !m.Deleted() && staffed
		if r.Kind == Edit {
			counts = m.Conversation == c.ID && m.editableBy(ev.Sender)
			if counts && ev.File != nil && (m.File == nil || m.File.URI != ev.File.URI) {
				return b.tellRoom(tx, *c, "room_file_exchanged", nil) // only the caption can be changed
			}
		}
		if counts {
			_, err = addRelation(tx, c, m, r)
		}
		return err
	case !errors.Is(err, ErrNotFound) || !staffed:
		return ignoreNotFound(err)
	}
	return b.awaitUnseen(tx, c, r)
}

// awaitUnseen keeps a relation if what it is about can still come.
func (b *Bridge) awaitUnseen(tx Tx, c *Conversation, r Relation) error {
	seen, err := tx.WasSeen(r.Target)
	if err != nil || seen {
		return err // it came and is no message of this conversation
	}
	return await(tx, c, r)
}

// redact takes a redaction, by whomever the homeserver lets do it: of a message, an edit or a
// reaction.
func (b *Bridge) redact(tx Tx, c *Conversation, ev Event) error {
	m, err := tx.MessageByEvent(ev.ReplyTo)
	if err == nil {
		if m.Conversation != c.ID {
			return nil
		}
		if _, err = erase(tx, c, m, ev.At); err != nil {
			return err
		}
		return errors.Join(b.reopenDocument(tx, c, m.ID, m.File), b.tellTakenBack(tx, *c, m))
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	r, err := tx.RelationByEvent(ev.ReplyTo)
	if err == nil {
		if r.Conversation != c.ID {
			return nil
		}
		return undo(tx, c, r)
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	return b.awaitUnseen(tx, c, Relation{
		ID: string(ev.ID), Conversation: c.ID, Kind: AwaitedRedaction, Target: ev.ReplyTo, Sender: ev.Sender, At: ev.At,
	})
}

// tellTakenBack confirms that the citizen no longer sees what a command had sent; the answer to that command
// still stands in the room.
func (b *Bridge) tellTakenBack(tx Tx, c Conversation, m Message) error {
	if m.Deleted() {
		return nil
	}
	command, err := tx.IsInternal(m.Event)
	if err != nil || !command {
		return err
	}
	title, _, _ := strings.Cut(m.Text, "\n")
	return b.tellRoom(tx, c, "room_taken_back", map[string]string{"Text": clip(title)})
}

// undo takes a relation back.
func undo(tx Tx, c *Conversation, r Relation) error {
	var err error
	if r.Sender == "" {
		r.Undone, r.Text, r.HTML = true, "", ""
		err = tx.SaveRelation(r)
	} else {
		err = tx.RemoveRelation(r.ID)
	}
	if err != nil {
		return err
	}
	if r.Message == "" {
		c.Awaited--
		return nil
	}
	m, err := tx.Message(r.Message)
	if err != nil {
		return err
	}
	_, err = recast(tx, c, m)
	return err
}

// hear stores a clerk's text. False when it is there already.
func (b *Bridge) hear(tx Tx, c *Conversation, ev Event, name string) (bool, error) {
	if gone, err := redactedEarly(tx, c, ev.ID); err != nil || gone {
		return err == nil, err
	}
	m := Message{
		ID: MessageID(NewID()), Conversation: c.ID, Seq: c.LastSeq + 1, Direction: FromClerkDirection, Sender: name,
		SenderID: ev.Sender, Text: ev.said(), HTML: ev.HTML, Emote: ev.Emote, File: ev.File, Event: ev.ID, CreatedAt: ev.At,
		Training: c.Trainee != "",
	}
	var waits bool
	if ev.ReplyTo != "" {
		to, err := tx.MessageByEvent(ev.ReplyTo)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return false, err
		}
		if waits = err != nil; !waits && to.Conversation == c.ID {
			m.ReplyTo, m.Quote = to.ID, to.quoted()
		}
	}
	stored, err := tx.InsertMessage(m)
	if err != nil || !stored {
		return false, err
	}
	c.LastSeq++
	if waits {
		err = b.awaitUnseen(tx, c, Relation{
			ID: "reply-" + string(m.ID), Conversation: c.ID, Kind: AwaitedReply, Target: ev.ReplyTo, Sender: ev.Sender, Key: string(m.ID), At: ev.At,
		})
		if err != nil {
			return false, err
		}
	}
	return true, comes(tx, c, m)
}

// unheard drops what waits for a text that no citizen gets.
func unheard(tx Tx, c Conversation, event EventID) error {
	if c.Awaited == 0 {
		return nil
	}
	if _, err := drop(tx, &c, event); err != nil {
		return err
	}
	return tx.SaveConversation(c)
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
