package bridge

import (
	"context"
	"time"
)

// Turn is how a conversation waits in the queue of its area, or has waited the last time.
type Turn struct {
	Conversation ConversationID
	Area         ServiceAreaID
	// Since is when it began to wait, Place its place in the queue then, from 1.
	Since time.Time
	Place int
	// TakenAt is when a clerk took it; zero while it waits.
	TakenAt time.Time
	// Called: those to whom it is offered have been told, once.
	Called bool
	// Overflow is the area to whose clerks it was offered too; "" for none.
	Overflow ServiceAreaID
	Stage    TurnStage
	// DueAt is when to look again; zero means never.
	DueAt time.Time
}

// TurnStage says what has been told because a conversation waits for long.
type TurnStage int

// The stages of waiting, in their order. One that was missed is not made up for.
const (
	JustWaits TurnStage = iota
	// Reminded: the lobby was told that the chat still waits.
	Reminded
	// Escalated: the area's leads were told.
	Escalated
)

// Defaults of how long a chat may wait; see ServiceArea.
const (
	DefaultRemind   = 3 * time.Minute
	DefaultEscalate = 6 * time.Minute
	DefaultLeave    = 5 * time.Minute
)

// Overflow says where an area's chats are offered too, after how long.
type Overflow struct {
	// To is "" for none.
	To    ServiceAreaID
	After time.Duration
}

// times are when the stages after JustWaits come.
func (a ServiceArea) times(since time.Time) [2]time.Time {
	return [2]time.Time{since.Add(a.remindAfter()), since.Add(a.escalateAfter())}
}

func (a ServiceArea) remindAfter() time.Duration   { return positive(a.RemindAfter, DefaultRemind) }
func (a ServiceArea) escalateAfter() time.Duration { return positive(a.EscalateAfter, DefaultEscalate) }

// LeaveAfter is how long a citizen waits before being offered to leave a request instead.
func (a ServiceArea) LeaveAfter() time.Duration { return positive(a.OfferRequestAfter, DefaultLeave) }

func positive(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// advance is the turn of a chat that waits as it is at now: the stage rises to what is to be told
// now. It is a pure function, as with closings.
func (a ServiceArea) advance(t Turn, now time.Time) Turn {
	times := a.times(t.Since)
	for i, at := range times {
		if !now.Before(at) {
			t.Stage = max(t.Stage, TurnStage(i+1))
		}
	}
	t.DueAt = time.Time{}
	if t.Stage < Escalated {
		t.DueAt = times[t.Stage]
	}
	sooner := func(at time.Time) {
		if at.After(now) && (t.DueAt.IsZero() || at.Before(t.DueAt)) {
			t.DueAt = at
		}
	}
	sooner(t.Since.Add(a.LeaveAfter())) // the browser is told then
	if a.Overflow.To != "" && t.Overflow == "" {
		sooner(t.Since.Add(a.Overflow.After))
	}
	return t
}

// Waiter is a conversation that waits, as far as the queue needs it.
type Waiter struct {
	Conversation ConversationID
	Number       int64
	Area         ServiceAreaID
	Since        time.Time
	Stage        TurnStage
}

// TurnStore is what Store keeps about waiting.
type TurnStore interface {
	// DueTurns returns conversations whose waiting is to be looked at, at most limit.
	DueTurns(ctx context.Context, now time.Time, limit int) ([]ConversationID, error)
	// Turn returns the zero value with the ID for a conversation without one.
	Turn(context.Context, ConversationID) (Turn, error)
	// Waiting returns at most limit conversations that wait and in which something was written, in
	// the order in which they began to wait.
	Waiting(ctx context.Context, limit int) ([]Waiter, error)
	// RecentWaits returns turns that were taken since a time, the last one first, at most limit:
	// Area, Since, Place and TakenAt.
	RecentWaits(ctx context.Context, since time.Time, limit int) ([]Turn, error)
}

// TurnTx is TurnStore within a transaction.
type TurnTx interface {
	Turn(ConversationID) (Turn, error)
	SaveTurn(Turn) error
	Waiting(limit int) ([]Waiter, error)
	// Loads counts the active conversations by clerk.
	Loads() (map[UserID]int, error)
	// LastTook is when clerks have last taken a chat, of those who have since a time.
	LastTook(since time.Time) (map[UserID]time.Time, error)
	// NextTurnDue has the oldest chat of an area that was offered to nobody yet looked at again.
	NextTurnDue(ServiceAreaID) error
}

// startTurn has a conversation wait from a moment on.
func (b *Bridge) startTurn(tx Tx, c Conversation, area ServiceArea, since time.Time) error {
	waiting, err := tx.CountWaiting(area.ID)
	if err != nil {
		return err
	}
	// The conversation itself is among those who wait.
	t := area.advance(Turn{Conversation: c.ID, Area: area.ID, Since: since, Place: max(waiting, 1)}, b.now())
	return tx.SaveTurn(t)
}
