package bridge

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

const (
	// turnsAtOnce bounds one look at the due turns; what is left is due a moment later.
	turnsAtOnce = 200
	// notReadyFor is when a turn is looked at again whose chat is not on the board yet.
	notReadyFor = 15 * time.Second
	// DefaultPauseAfter is how many unanswered offers in a row make a clerk count as away.
	DefaultPauseAfter = 3
)

// tendQueue looks at the conversations whose waiting is due.
func (b *Bridge) tendQueue(ctx context.Context) error {
	ids, err := b.store.DueTurns(ctx, b.now(), turnsAtOnce)
	if err != nil {
		return fmt.Errorf("find due turns: %w", err)
	}
	if err := b.eachDue(ctx, ids, b.advanceTurn); err != nil {
		return fmt.Errorf("advance turn: %w", err)
	}
	if b.staffNews.Swap(false) {
		b.browsers.Notify(AreasNews)
		return b.reread(ctx)
	}
	return nil
}

// advanceTurn tells about a chat that waits what is to be told now. It reports whether it waits.
func (b *Bridge) advanceTurn(tx Tx, id ConversationID) (bool, error) {
	c, err := tx.LockConversation(id)
	if err != nil {
		return false, err
	}
	before, err := tx.Turn(id)
	if err != nil {
		return false, err
	}
	table, err := b.timetableIn(tx)
	if err != nil {
		return false, err
	}
	area, known := table.area(c.Area)
	if c.State != Waiting || !known {
		before.DueAt = time.Time{}
		return false, tx.SaveTurn(before)
	}
	now := b.now()
	notices, err := tx.LobbyNotices(id)
	if err != nil {
		return false, err
	}
	if len(notices) == 0 {
		before.DueAt = now.Add(notReadyFor)
		return false, tx.SaveTurn(before)
	}
	after := area.advance(before, now)
	asked, err := b.offeredTo(tx, table, id)
	if err != nil {
		return false, err
	}
	if err := b.overflow(tx, table, c, area, &after); err != nil {
		return false, err
	}
	offered := asked
	if after.Stage != before.Stage { // where one is asked after the other, it is the next one's turn
		if err := tx.SaveTurn(after); err != nil {
			return false, err
		}
		if offered, err = b.offeredTo(tx, table, id); err != nil {
			return false, err
		}
	}
	switch {
	case after.Stage != before.Stage && after.Stage == Escalated:
		err = b.pointAt(tx, c, after, "lobby_escalated", escalateTo(area))
	case after.Stage != before.Stage:
		if err = b.pointAt(tx, c, after, "lobby_reminder", offered); err == nil {
			err = b.unanswered(tx, area, asked)
		}
	case !after.Called && len(offered) > 0:
		err = b.pointAt(tx, c, after, "lobby_call", offered)
	}
	if err != nil {
		return false, err
	}
	after.Called = after.Called || len(offered) > 0
	if err := tx.SaveTurn(after); err != nil {
		return false, err
	}
	if !before.Called && after.Called {
		return true, tx.NextTurnDue(c.Area) // there may be room for the next one too
	}
	return true, nil
}

func escalateTo(area ServiceArea) []UserID {
	if len(area.Leads) > 0 {
		return area.Leads
	}
	return area.Clerks
}

// pointAt tells the lobby of a chat that waits. It is a message of its own, because clients do not
// notify for an edit.
func (b *Bridge) pointAt(tx Tx, c Conversation, turn Turn, key string, whom []UserID) error {
	text := b.texts.say(key, map[string]string{
		"Number": strconv.FormatInt(c.Number, 10), "Name": b.texts.citizenName(c), "Time": b.texts.clock(turn.Since),
		"Minutes": strconv.Itoa(int(b.now().Sub(turn.Since).Minutes())),
	})
	p := b.withLink(c, text)
	p.Mentions, p.Notice = whom, len(whom) == 0
	return b.tell(tx, Entry{Stream: lobbyStream(c.Area), Area: c.Area}, p)
}

// overflow offers a chat to the clerks of another area too, when it has waited long enough and that
// area is open.
func (b *Bridge) overflow(tx Tx, table *timetable, c Conversation, area ServiceArea, turn *Turn) error {
	to, known := table.area(area.Overflow.To)
	now := b.now()
	if !known || turn.Overflow != "" || to.ID == area.ID || now.Before(turn.Since.Add(area.Overflow.After)) {
		return nil
	}
	if to.At(now).State != AreaOpen {
		if later := now.Add(time.Minute); turn.DueAt.IsZero() || later.Before(turn.DueAt) {
			turn.DueAt = later
		}
		return nil
	}
	turn.Overflow = to.ID
	if err := tx.SaveTurn(*turn); err != nil {
		return err
	}
	return b.announce(tx, c, to)
}

// unanswered counts an offer that nobody took against those who were asked, at most one in the time
// after which the lobby is reminded: several chats at once are one occasion to answer.
func (b *Bridge) unanswered(tx Tx, area ServiceArea, asked []UserID) error {
	now := b.now()
	if b.pauseAfter < 0 {
		return nil
	}
	asked = slices.Clone(asked)
	slices.Sort(asked) // rows are locked in one order
	for _, user := range asked {
		p, err := tx.Pause(user)
		if err != nil {
			return err
		}
		if p.Paused || p.Unanswered > 0 && now.Before(p.Since.Add(area.remindAfter())) {
			continue
		}
		p.Unanswered, p.Since = p.Unanswered+1, now
		if p.Unanswered >= b.pauseAfter {
			p.Paused, p.Automatic = true, true
			b.staffNews.Store(true)
			name, err := b.clerkName(tx, user)
			if err != nil {
				return err
			}
			err = b.tell(tx, Entry{Stream: lobbyStream(area.ID), Area: area.ID}, textPayload{
				Text: b.texts.say("clerk_auto_paused", map[string]string{"Name": name, "Count": strconv.Itoa(p.Unanswered)}), Mentions: []UserID{user},
			})
			if err != nil {
				return err
			}
		}
		if err := tx.SavePause(p); err != nil {
			return err
		}
	}
	return nil
}
