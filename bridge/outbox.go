package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// outboxWorkers is how many streams are served at once.
const outboxWorkers = 32

// claimFresh is how long after its claim an entry may still be started.
const claimFresh = ClaimFor / 2

// Wake makes the outbox look for work now, for instance when another replica has enqueued some.
// It never blocks.
func (b *Bridge) Wake() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// dispatch starts entries that were claimed in the transaction that made them: the usual case,
// which spares a message the round through Claim.
func (b *Bridge) dispatch(claimed []Entry) {
	for _, e := range claimed {
		b.begin(e.Stream)
		select {
		case b.direct <- e:
		default:
			b.end(e.Stream)
			// All workers and the queue before them are busy. The entry has not been tried, so
			// it is given back and found by Claim.
			go b.giveBack(e)
		}
	}
	if len(claimed) == 0 {
		b.Wake()
	}
}

func (b *Bridge) giveBack(e Entry) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	e.DueAt = b.now()
	err := b.store.Update(ctx, func(tx Tx) error {
		_, err := tx.SettleEntry(e)
		return err
	})
	if err != nil {
		b.log.Warn().Err(err).Str("entry", e.ID).Msg("outbox entry not given back")
		b.doubt(e.Stream)
	}
	b.Wake()
}

// graceful is how long calls in flight may go on when the process is about to end.
const graceful = 5 * time.Second

// runOutbox serves the streams until ctx ends and the calls in flight have come back.
func (b *Bridge) runOutbox(ctx context.Context) {
	calls, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	context.AfterFunc(ctx, func() { time.AfterFunc(graceful, stop) })
	free := make(chan struct{}, outboxWorkers)
	start := func(e Entry) {
		free <- struct{}{}
		go func() {
			b.follow(ctx, calls, e)
			b.end(e.Stream)
			full := len(free) == outboxWorkers
			<-free
			if full {
				b.Wake() // the loop may have found no free worker
			}
		}()
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	lost := false
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case e := <-b.direct:
			start(e)
			continue
		case <-b.wake:
		case <-timer.C:
		}
		room := outboxWorkers - len(free)
		if ctx.Err() != nil || room == 0 {
			continue // a worker that ends wakes the loop
		}
		if lost {
			// A claim went unanswered and may stand all the same. When nobody works, whatever
			// we hold is such a one.
			if room == outboxWorkers && len(b.direct) == 0 {
				lost = b.store.Update(ctx, func(tx Tx) error { return tx.ReleaseOwner(b.replica, b.now()) }) != nil
			}
			if lost {
				timer.Reset(100 * time.Millisecond)
				continue
			}
		}
		entries, err := b.store.Claim(ctx, b.replica, b.now(), room)
		if err != nil && ctx.Err() == nil {
			lost = true
			b.log.Error().Err(err).Msg("outbox cannot claim entries")
		}
		for _, e := range entries {
			b.begin(e.Stream)
			start(e)
		}
		timer.Reset(b.untilDue(ctx, err != nil, len(entries) == room))
	}
	for range outboxWorkers { // wait for every worker
		free <- struct{}{}
	}
}

// untilDue is how long the outbox may sleep: until the next entry falls due, but never longer
// than a second, in case a notification was lost.
func (b *Bridge) untilDue(ctx context.Context, failed, more bool) time.Duration {
	if more && !failed {
		return 0
	}
	due, err := b.store.NextDue(ctx)
	if err != nil || failed || due.IsZero() {
		return time.Second
	}
	return min(max(due.Sub(b.now()), 5*time.Millisecond), time.Second)
}

// follow works on an entry and then on whatever stands behind it in its stream. The end of ctx
// keeps it from beginning another one, the end of calls breaks off the one at hand.
func (b *Bridge) follow(ctx, calls context.Context, e Entry) {
	for {
		if ctx.Err() != nil || (!e.ClaimedAt.IsZero() && b.now().Sub(e.ClaimedAt) > claimFresh) {
			b.giveBack(e)
			return
		}
		next, ok := b.attempt(calls, e)
		if !ok {
			return
		}
		e = next
	}
}

// attempt does one step for an entry and commits what came of it. It returns the next entry of
// the stream, claimed, when this one is done.
func (b *Bridge) attempt(ctx context.Context, e Entry) (Entry, bool) {
	if e.Kind.sends() && e.Phase != Ready {
		b.raiseBarrier(ctx, e)
		return Entry{}, false
	}
	e.Attempts++
	outcome, err := b.perform(ctx, e)
	if e.Kind != SendMail {
		b.note(err)
	}
	// A call that was made is settled even when the process is about to end.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err != nil {
		b.settleFailure(end, e, err)
		return Entry{}, false
	}
	var next Entry
	var found bool
	err = b.store.Update(end, func(tx Tx) error {
		found = false
		if err := outcome(tx); err != nil {
			return err
		}
		var err error
		next, err = tx.ClaimNext(e.Stream, b.replica, b.now())
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		found = err == nil
		return err
	})
	if err != nil {
		// The homeserver has acted and we could not write it down: the echo will tell.
		b.log.Error().Err(err).Str("entry", e.ID).Str("kind", string(e.Kind)).Msg("outbox entry done but not recorded")
		b.doubt(e.Stream)
		return Entry{}, false
	}
	if e.Conversation != "" && e.Kind != MoveReceipt { // which changes nothing that citizens see
		b.browsers.Notify(e.Conversation)
	}
	if e.Kind == OpenRoom {
		b.Wake() // the lobby's notice stands in another stream
	}
	return next, found
}

// note keeps track of whether the homeserver answers.
func (b *Bridge) note(err error) {
	switch {
	case err == nil, errors.Is(err, ErrRefused), errors.Is(err, ErrForbidden),
		errors.Is(err, ErrAliasTaken), errors.Is(err, ErrRoomBroken):
		b.down.Store(false)
	case errors.Is(err, ErrNotYet), errors.Is(err, context.Canceled):
	default:
		b.down.Store(true)
	}
}

// perform calls the homeserver. What it returns is committed together with the next claim.
func (b *Bridge) perform(ctx context.Context, e Entry) (func(Tx) error, error) {
	switch e.Kind {
	case SendEdit, SendReaction:
		return b.performRelation(ctx, e)
	case Redact:
		return b.performRedact(ctx, e)
	case SendMessage, PostNotice, TellRoom, PostRequest, PostBoard:
		return b.sendText(ctx, e, "")
	case SendFile:
		return b.performFile(ctx, e)
	case WriteProtocol:
		return b.performProtocol(ctx, e)
	case PostFile:
		return b.performPostFile(ctx, e)
	case PostDocument, EditDocument:
		return b.performDocument(ctx, e)
	case EditNotice:
		return b.performEditNotice(ctx, e)
	case PinBoard:
		return b.performPinBoard(ctx, e)
	case InviteClerk:
		return b.performInviteClerk(ctx, e)
	case MoveRoom:
		return b.performMoveRoom(ctx, e)
	case PlaceReaction:
		return b.performReaction(ctx, e)
	case OpenRoom:
		return b.performOpenRoom(ctx, e)
	case UpdateRoom:
		return b.performUpdateRoom(ctx, e)
	case GuardRoom:
		return b.performGuardRoom(ctx, e)
	case SetUpArea:
		return b.performSetUpArea(ctx, e)
	case SendMail:
		return b.performSendMail(ctx, e)
	case SendGuide:
		return b.performSendGuide(ctx, e)
	case SetUpAdmin:
		return b.performSetUpAdmin(ctx, e)
	case LeaveRoom:
		return b.performLeaveRoom(ctx, e)
	case MoveReceipt:
		return b.performMoveReceipt(ctx, e)
	case MendRoom:
		return b.performMendRoom(ctx, e)
	case EmptyRoom:
		return b.performEmptyRoom(ctx, e)
	}
	return nil, fmt.Errorf("unknown kind %q: %w", e.Kind, ErrRefused)
}

// sendText sends a text, in place of an earlier event if replaces is not empty.
func (b *Bridge) sendText(ctx context.Context, e Entry, replaces EventID) (func(Tx) error, error) {
	var p textPayload
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		return nil, fmt.Errorf("decode payload: %w: %w", err, ErrRefused)
	}
	room, err := b.roomOf(ctx, e)
	if err != nil {
		return nil, err
	}
	out := OutgoingMessage{
		Room: room, As: e.Sender, Entry: e.ID, Text: p.Text, HTML: p.HTML, Mentions: p.Mentions, Notice: p.Notice, Replaces: replaces,
	}
	if p.ReplyTo != "" {
		to, err := b.store.Message(ctx, p.ReplyTo)
		if err != nil {
			return nil, fmt.Errorf("read message: %w: %w", err, ErrNotSent)
		}
		out.ReplyTo = to.Event // none if it never came into the room
	}
	event, err := b.rooms.Send(ctx, out)
	if err != nil {
		return nil, err
	}
	return func(tx Tx) error { return b.confirm(tx, e, event) }, nil
}

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

func finish(tx Tx, e Entry) error {
	_, err := tx.FinishEntry(e.ID)
	return err
}
