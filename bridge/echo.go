package bridge

import "errors"

// confirm records that an entry's event is in the room. It is called with the homeserver's
// answer or with the echo in /sync, whichever is first; the second time does nothing.
func (b *Bridge) confirm(tx Tx, e Entry, event EventID) error {
	if e.Conversation == "" {
		done, err := tx.FinishEntry(e.ID)
		if err != nil || !done {
			return err
		}
		if e.Kind == PostBoard {
			return b.boardPosted(tx, e, event)
		}
		if e.Kind != PostRequest {
			return nil
		}
		r, err := tx.Request(RequestID(e.ID))
		if err != nil {
			return err
		}
		r.Notice = event
		if err := tx.SaveRequest(r); err != nil {
			return err
		}
		return b.placeReaction(tx, Entry{Stream: e.Stream, Area: e.Area}, event, DoneKey)
	}
	c, err := tx.LockConversation(e.Conversation)
	if err != nil {
		return err
	}
	done, err := tx.FinishEntry(e.ID)
	if err != nil || !done {
		return err
	}
	switch e.Kind {
	case SendMessage, SendFile:
		if err := tx.SetMessageEvent(MessageID(e.ID), event); err != nil {
			return err
		}
		seq, err := tx.MessageSeq(MessageID(e.ID))
		if err != nil {
			return err
		}
		c.DeliveredSeq = max(c.DeliveredSeq, seq)
		if e.Kind == SendFile {
			if err := tx.RemoveChunks(MessageID(e.ID)); err != nil {
				return err
			}
		}
		if c.Awaited > 0 {
			if err := b.comesDelivered(tx, &c, MessageID(e.ID)); err != nil {
				return err
			}
		}
	case SendEdit, SendReaction:
		if err := b.confirmRelation(tx, &c, e, event); err != nil {
			return err
		}
	case PostDocument:
		if err := b.documentPosted(tx, &c, e, event); err != nil {
			return err
		}
	case PostFile:
		if err := tx.RemoveChunks(MessageID(e.ID)); err != nil {
			return err
		}
	case PostNotice:
		if err := b.posted(tx, &c, e, event); err != nil {
			return err
		}
	}
	return tx.SaveConversation(c)
}

// echo takes an event of one of our own users that carries a marker. The marker counts only from
// the sender and in the room that the entry was meant for: anybody can write a field.
// It returns the conversation that changed, or "".
func (b *Bridge) echo(tx Tx, ev Event) (ConversationID, error) {
	e, err := b.expected(tx, ev)
	if err != nil || e.ID == "" {
		return "", err
	}
	return e.Conversation, b.confirm(tx, e, ev.ID)
}

// bareEcho takes a ghost's message or reaction without a marker: one that was redacted before /sync
// showed it. A ghost has at most one unconfirmed event in a room, so this is that one, unless the
// event is known already.
func (b *Bridge) bareEcho(tx Tx, ev Event) (ConversationID, error) {
	c, err := tx.LockConversationByRoom(ev.Room)
	if errors.Is(err, ErrNotFound) || err == nil && (c.Ghost != ev.Sender || c.Room != ev.Room) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	known, err := tx.EventIsOurs(ev.ID)
	if err != nil || known {
		return "", err
	}
	e, err := tx.InFlight(conversationStream(c.ID))
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	reaction, message := e.Kind == SendReaction, e.Kind == SendMessage || e.Kind == SendFile || e.Kind == SendEdit
	if ev.Kind == BareReaction && !reaction || ev.Kind == BareEcho && !message {
		return "", nil
	}
	return c.ID, b.confirm(tx, e, ev.ID)
}

// barrierEcho takes the echo of a barrier: the message it was raised for, had it been taken by
// the homeserver, would have come before it.
func (b *Bridge) barrierEcho(tx Tx, ev Event) error {
	e, err := b.expected(tx, ev)
	if err != nil || e.ID == "" {
		return err
	}
	_, err = tx.ReleaseBarrier(e.ID, ev.Nonce, b.now())
	return err
}

// expected returns the entry that an event's marker names, if the event comes from where the entry went.
func (b *Bridge) expected(tx Tx, ev Event) (Entry, error) {
	e, err := tx.Entry(ev.Marker)
	if errors.Is(err, ErrNotFound) {
		return Entry{}, nil
	}
	if err != nil {
		return Entry{}, err
	}
	room, err := roomIn(tx, e)
	if err != nil {
		return Entry{}, err
	}
	if !e.Kind.sends() || e.Sender != ev.Sender || room != ev.Room {
		return Entry{}, nil
	}
	return e, nil
}
