package bridge

import (
	"context"
	"errors"
	"time"
)

// echoWithin is how long the echo of an unanswered call is waited for: a homeserver that was killed may
// bring it later than what came after it.
func (b *Bridge) echoWithin(cause error) time.Duration {
	var late interface{ EchoWithin() time.Duration }
	if errors.As(cause, &late) {
		return max(b.patience.Echo, late.EchoWithin())
	}
	return b.patience.Echo
}

// leaveAttempts is how often the homeserver is asked to let us leave a room that serves nobody,
// when it refuses: for about five minutes.
const leaveAttempts = 20

// settleFailure writes down what a failed call leaves behind.
func (b *Bridge) settleFailure(ctx context.Context, e Entry, cause error) {
	now := b.now()
	pause := b.patience.Backoff << min(e.Attempts-1, 5)
	e.Phase, e.DueAt = Ready, now.Add(pause)
	var after interface{ RetryAfter() time.Duration }
	if errors.As(cause, &after) && after.RetryAfter() > pause {
		e.DueAt = now.Add(after.RetryAfter())
	}
	refused := false
	switch {
	case errors.Is(cause, ErrNotYet):
		e.Attempts--
		e.DueAt = now.Add(b.patience.Backoff)
		if after != nil {
			e.DueAt = now.Add(after.RetryAfter())
		}
	case errors.Is(cause, ErrRefused):
		refused = e.Kind.sends() || e.Kind == Redact || e.Kind == LeaveRoom && e.Attempts >= leaveAttempts
	case errors.Is(cause, ErrNotSent), errors.Is(cause, ErrForbidden), errors.Is(cause, ErrAliasTaken):
	case e.Kind.sends():
		e.Phase, e.DueAt = Unsure, now.Add(b.echoWithin(cause))
	}
	if !errors.Is(cause, ErrNotYet) {
		b.log.Warn().Err(cause).Str("entry", e.ID).Str("kind", string(e.Kind)).Str("phase", string(e.Phase)).
			Int("attempts", e.Attempts).Msg("outbox entry failed")
	}
	err := b.store.Update(ctx, func(tx Tx) error {
		if refused {
			return b.giveUp(tx, e)
		}
		_, err := tx.SettleEntry(e)
		return err
	})
	if err != nil {
		b.log.Error().Err(err).Str("entry", e.ID).Msg("outbox entry not settled")
		b.doubt(e.Stream)
	}
	if errors.Is(cause, ErrForbidden) {
		b.wasForbidden(ctx, e)
	}
	if refused && e.Conversation != "" {
		b.browsers.Notify(e.Conversation)
	}
}

// giveUp sets aside what the homeserver will never take, so that it does not block the rest.
func (b *Bridge) giveUp(tx Tx, e Entry) error {
	var err error
	switch e.Kind {
	case SendMessage, SendFile:
		err = b.fail(tx, e)
	case SendEdit, SendReaction:
		err = failRelation(tx, e)
	case PostFile:
		err = b.failPostFile(tx, e)
	}
	if err != nil {
		return err
	}
	if err := tx.SetAside(EventID(e.ID), e.Room, "refused_by_homeserver", b.now()); err != nil {
		return err
	}
	return finish(tx, e)
}

// fail says of a message that it will not be delivered, and tells browsers.
func (b *Bridge) fail(tx Tx, e Entry) error {
	c, err := tx.LockConversation(e.Conversation)
	if err != nil {
		return err
	}
	if err := tx.SetMessageFailed(MessageID(e.ID)); err != nil {
		return err
	}
	m, err := tx.Message(MessageID(e.ID))
	if err != nil {
		return err
	}
	if _, err := saveChanged(tx, &c, m); err != nil {
		return err
	}
	if err := b.reopenDocument(tx, &c, m.ID, m.File); err != nil {
		return err
	}
	return tx.SaveConversation(c)
}

// raiseBarrier follows up a send whose fate is unknown: the same sender puts a state event into
// the room. When the barrier's echo has come and the message's has not, the message is not there
// and may be sent again, with the same transaction ID. The nonce is committed before the barrier
// is sent, so that its echo finds who waits for it.
func (b *Bridge) raiseBarrier(ctx context.Context, e Entry) {
	nonce := NewID()
	e.Phase, e.Barrier, e.DueAt = Barred, nonce, b.now().Add(b.patience.Barrier)
	var held bool
	var room RoomID
	err := b.store.Update(ctx, func(tx Tx) error {
		var err error
		if room, err = roomIn(tx, e); err != nil {
			return err
		}
		held, err = tx.SettleEntry(e)
		return err
	})
	if err != nil {
		b.doubt(e.Stream)
		return
	}
	if !held {
		return // somebody else has it
	}
	if room == "" {
		// It was claimed behind an open_room that has not ended; nothing can have been sent.
		_ = b.store.Update(ctx, func(tx Tx) error {
			_, err := tx.ReleaseBarrier(e.ID, nonce, b.now())
			return err
		})
		return
	}
	cause := b.rooms.SendBarrier(ctx, room, e.Sender, e.ID, nonce)
	b.note(cause)
	if cause == nil {
		return
	}
	b.log.Warn().Err(cause).Str("entry", e.ID).Msg("barrier not confirmed")
	if errors.Is(cause, ErrForbidden) {
		b.wasForbidden(ctx, e)
	}
	// It may be in the room all the same; then its echo counts. Otherwise the next one follows.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = b.store.Update(end, func(tx Tx) error {
		return tx.PostponeBarrier(e.ID, nonce, b.now().Add(b.echoWithin(cause)))
	})
	if err != nil {
		b.log.Warn().Err(err).Str("entry", e.ID).Msg("barrier not rescheduled")
	}
}
