package bridge

import (
	"context"
	"errors"
	"html"
	"regexp"
	"strings"
	"unicode"
)

// What clerks write to each other in a conversation's room, and what never reaches the citizen:
//
//   - a text that begins with «//». Element takes two slashes for an escaped one and sends «/», so one
//     is enough: nobody has another use for it at the beginning of an answer;
//   - what is written in a thread under such a text;
//   - a reply to such a text, for it may quote it; and what is written in a thread under something else
//     that the citizen doesn't see. Those are questioned: their writer may have meant the citizen.
//
// Only the event is remembered, so that no edit, redaction or reply can bring it to light; and an edit that makes
// an internal note of a message that the citizen has does not count.

var tags = regexp.MustCompile(`<[^>]*>`)

// begins reports whether a message begins with one of some signs, as body or as formatted text says;
// what can't be seen before it does not count.
func begins(text, formatted string, signs string) bool {
	for _, s := range []string{text, html.UnescapeString(tags.ReplaceAllString(formatted, ""))} {
		s = strings.TrimLeftFunc(s, unseen)
		if s != "" && strings.ContainsRune(signs, []rune(s)[0]) {
			return true
		}
	}
	return false
}

// unseen reports whether nobody sees a character at the beginning of a text.
func unseen(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// InternalTx is what Tx keeps about what clerks write to each other.
type InternalTx interface {
	AddInternal(EventID, ConversationID) error
	IsInternal(EventID) (bool, error)
}

// InternalStore is what Store reads of what clerks write to each other.
type InternalStore interface {
	// InternalEvents are the events of a conversation that its citizen does not see, commands too, in no
	// order.
	InternalEvents(context.Context, ConversationID) ([]EventID, error)
}

// isNote reports whether a text is marked as internal.
func isNote(ev Event) bool { return begins(ev.Text, ev.HTML, "/") }

// heldBack says why a clerk's text does not reach the citizen.
type heldBack int

const (
	goesOut heldBack = iota
	// silently: it is marked as internal.
	silently
	// questioned: its writer is told.
	questioned
)

// holdBack says whether a clerk's text is internal.
func (b *Bridge) holdBack(tx Tx, c Conversation, ev Event) (heldBack, error) {
	if isNote(ev) {
		return silently, nil
	}
	if ev.Thread != "" {
		internal, err := tx.IsInternal(ev.Thread)
		if err != nil || internal {
			return silently, err
		}
		public, err := isPublic(tx, c, ev.Thread)
		if err != nil || !public {
			return questioned, err
		}
	}
	if ev.ReplyTo == "" {
		return goesOut, nil
	}
	internal, err := tx.IsInternal(ev.ReplyTo)
	if err != nil || internal {
		return questioned, err
	}
	return goesOut, nil
}

// isPublic reports whether an event is a message of the conversation.
func isPublic(tx Tx, c Conversation, event EventID) (bool, error) {
	m, err := tx.MessageByEvent(event)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && m.Conversation == c.ID, err
}

// keepInside takes a text that does not reach the citizen: what waits for it is dropped.
func (b *Bridge) keepInside(tx Tx, c Conversation, ev Event, why heldBack) error {
	if err := tx.AddInternal(ev.ID, c.ID); err != nil {
		return err
	}
	if err := unheard(tx, c, ev.ID); err != nil || why != questioned {
		return err
	}
	return b.tellRoom(tx, c, "room_reply_held_back", nil)
}

// editHeldBack takes an edit that would make an internal note, or a command, of what was written. The
// citizen keeps what they have; whoever wrote it is told.
func (b *Bridge) editHeldBack(tx Tx, c Conversation, ev Event) error {
	m, err := tx.MessageByEvent(ev.ReplyTo)
	if err != nil || m.Conversation != c.ID || !m.editableBy(ev.Sender) {
		return ignoreNotFound(err)
	}
	return b.tellRoom(tx, c, "room_edit_held_back", nil)
}
