package bridge

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// AreasNews is what Browsers is told when the state of any service area, or its hours, has
// changed. It looks like a conversation and is none.
const AreasNews ConversationID = "areas"

const (
	// edgeEvery is how often the wall clock is looked at. A ticker alone would miss a clock that
	// is set and a machine that sleeps.
	edgeEvery = 200 * time.Millisecond
	// closingsAtOnce bounds one look at the due closings; what is left is due a moment later.
	closingsAtOnce = 200
)

// HoursMayHaveChanged has the core look at the database for what admins have set, now instead of
// within a second. It never blocks.
func (b *Bridge) HoursMayHaveChanged() {
	select {
	case b.hoursNews <- struct{}{}:
	default:
	}
}

// runHours keeps the timetable, tells browsers of every opening and closing, and conversations of
// theirs, until ctx ends.
func (b *Bridge) runHours(ctx context.Context) {
	every := time.NewTicker(edgeEvery)
	defer every.Stop()
	first := true
	// What was shown before the first look is what the config says.
	table := b.configured
	shown := statuses(table.areas, b.now())
	var looked time.Time // by the ticker's clock, which never jumps
	for {
		if first || time.Since(looked) >= time.Second {
			looked = time.Now()
			first = b.lookAtHours(ctx, first) != nil
		}
		at, now := b.timetable.Load(), b.now()
		status := statuses(at.areas, now)
		if at != table || !slices.EqualFunc(status, shown, AreaStatus.equal) {
			b.browsers.Notify(AreasNews)
		}
		table, shown = at, status
		select {
		case <-ctx.Done():
			return
		case <-b.hoursNews:
			looked = time.Time{}
		case <-every.C:
		}
	}
}

// lookAtHours reads what may have changed in the database. After a start every closing is due: the
// config may have other hours than the one before.
func (b *Bridge) lookAtHours(ctx context.Context, first bool) error {
	err := b.reread(ctx)
	if err == nil && first {
		err = b.store.Update(ctx, func(tx Tx) error { return tx.AllClosingsDue() })
	}
	if err == nil {
		err = b.closeDue(ctx)
	}
	if err == nil {
		err = b.liveDue(ctx)
	}
	if err == nil {
		err = b.train(ctx)
	}
	if err == nil {
		err = b.tendQueue(ctx)
	}
	if err == nil {
		err = b.watchQueues(ctx)
	}
	if err != nil && ctx.Err() == nil {
		b.log.Warn().Err(err).Msg("hours not looked at")
	}
	return err
}

func statuses(areas []ServiceArea, now time.Time) []AreaStatus {
	out := make([]AreaStatus, len(areas))
	for i, a := range areas {
		out[i] = a.At(now)
	}
	return out
}

func (s AreaStatus) equal(t AreaStatus) bool {
	return s.State == t.State && s.OpensAt.Equal(t.OpensAt) && s.ClosesAt.Equal(t.ClosesAt) &&
		s.CounterOpen == t.CounterOpen && s.CounterChanges.Equal(t.CounterChanges)
}

// closeDue looks at the conversations whose closing is due.
func (b *Bridge) closeDue(ctx context.Context) error {
	ids, err := b.store.DueClosings(ctx, b.now(), closingsAtOnce)
	if err != nil {
		return fmt.Errorf("find due closings: %w", err)
	}
	if err := b.eachDue(ctx, ids, b.advanceClosing); err != nil {
		return fmt.Errorf("advance closing: %w", err)
	}
	return nil
}

// eachDue advances conversations for which something is due, each in a transaction of its own, and
// tells browsers and outbox of those for which there was anything.
func (b *Bridge) eachDue(ctx context.Context, ids []ConversationID, advance func(Tx, ConversationID) (bool, error)) error {
	for _, id := range ids {
		var news bool
		err := b.store.Update(ctx, func(tx Tx) error {
			var err error
			news, err = advance(tx, id)
			return err
		})
		if err != nil {
			return err
		}
		if news {
			b.browsers.Notify(id)
			b.Wake()
		}
	}
	return nil
}

// advanceClosing tells a conversation's room what is to be told now; the citizen reads the stage
// from the database. It reports whether there was anything.
func (b *Bridge) advanceClosing(tx Tx, id ConversationID) (bool, error) {
	c, err := tx.LockConversation(id)
	if err != nil {
		return false, err
	}
	before, err := tx.Closing(id)
	if err != nil {
		return false, err
	}
	table, err := b.timetableIn(tx)
	if err != nil {
		return false, err
	}
	area, known := table.area(c.Area)
	if c.State == Closed || !known {
		before.DueAt = time.Time{}
		return false, tx.SaveClosing(before)
	}
	after := area.next(before, b.now())
	if err := tx.SaveClosing(after); err != nil {
		return false, err
	}
	if after.Stage == before.Stage || after.Stage == NothingTold {
		return after.Stage != before.Stage, nil
	}
	if err := b.tellClosing(tx, c, area, after); err != nil {
		return false, err
	}
	if after.Stage == ClosedByHours {
		return true, b.shut(tx, &c, ByHours, "")
	}
	return true, nil
}

// updateRoom has the room and the notices in the lobbies show a conversation as it is now; what it
// leaves may be room for the next one.
func (b *Bridge) updateRoom(tx Tx, c Conversation) error {
	if err := b.showNotices(tx, c); err != nil {
		return err
	}
	if err := tx.NextTurnDue(c.Area); err != nil {
		return err
	}
	now := b.now()
	_, err := tx.Enqueue(Entry{
		ID: NewID(), Stream: deskStream(c.ID), Kind: UpdateRoom, Conversation: c.ID, Area: c.Area,
		Room: c.Room, Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
}

func (b *Bridge) tellClosing(tx Tx, c Conversation, area ServiceArea, closing Closing) error {
	if c.LastSeq == 0 {
		return nil
	}
	key := map[ClosingStage]string{ClosingSoon: "closing_soon", ClosingNow: "closing_now", ClosedByHours: "closed_by_hours"}[closing.Stage]
	return b.tell(tx, Entry{Stream: deskStream(c.ID), Conversation: c.ID, Area: c.Area}, textPayload{
		Text: b.texts.say(key, map[string]string{
			"Area": area.NameIn("de"), "Closes": b.texts.clock(closing.ClosesAt), "Ends": b.texts.clock(closing.ClosesAt.Add(area.Grace)),
		}), Notice: closing.Stage == ClosedByHours,
	})
}

// tell enqueues a message of the bot into the room of e: Room, else that of the conversation, else
// the area's lobby.
func (b *Bridge) tell(tx Tx, e Entry, p textPayload) error {
	payload, err := p.encode()
	if err != nil {
		return err
	}
	now := b.now()
	if e.ID == "" {
		e.ID = NewID()
	}
	if e.Kind == "" {
		e.Kind = TellRoom
	}
	e.Sender, e.Payload, e.Phase, e.DueAt, e.CreatedAt = b.rooms.BotID(), payload, Ready, now, now
	_, err = tx.Enqueue(e, "", now)
	return err
}

// admit returns the area if it takes a conversation now.
func (b *Bridge) admit(tx Tx, id ServiceAreaID) (ServiceArea, error) {
	table, err := b.timetableIn(tx)
	if err != nil {
		return ServiceArea{}, err
	}
	area, ok := table.area(id)
	if !ok {
		return ServiceArea{}, ErrUnknownArea
	}
	waiting, err := tx.CountWaiting(id)
	if err != nil {
		return ServiceArea{}, err
	}
	return area, area.admits(waiting, b.now())
}

func (b *Bridge) startClosing(tx Tx, id ConversationID, area ServiceArea) error {
	now := b.now()
	return tx.SaveClosing(area.next(Closing{Conversation: id, StartedAt: now}, now))
}
