package bridge

import (
	"time"

	"schalter/bridge/openinghours"
)

// WarnBefore is how long before closing citizen and clerk are told.
const WarnBefore = 10 * time.Minute

// Closing is how a live conversation stands to its area's closing: the first one after it was
// opened, or reopened. Each stage is told once.
type Closing struct {
	Conversation ConversationID
	// StartedAt is when the conversation was opened or reopened.
	StartedAt time.Time
	// ClosesAt is the closing that Stage is about; zero while none is known.
	ClosesAt time.Time
	Stage    ClosingStage
	// DueAt is when to look again; zero means never.
	DueAt time.Time
}

// ClosingStage says what has been told about a closing.
type ClosingStage int

// The stages of a closing, in their order. One that was missed is not made up for.
const (
	NothingTold ClosingStage = iota
	ClosingSoon
	ClosingNow
	ClosedByHours
)

// next is the closing as it is at now, in the hours that are in force now. It is a pure function:
// a clock that jumped or a machine that slept makes it late, never wrong. The stage rises to what
// is to be told now. When an admin has moved the closing, telling begins anew.
func (a ServiceArea) next(c Closing, now time.Time) Closing {
	closes, ever := a.closingAfter(c, now)
	if !ever {
		c.ClosesAt, c.Stage, c.DueAt = time.Time{}, NothingTold, time.Time{}
		return c
	}
	if !closes.Equal(c.ClosesAt) {
		c.ClosesAt, c.Stage = closes, NothingTold
	}
	times := [...]time.Time{closes.Add(-WarnBefore), closes, closes.Add(a.Grace)}
	for stage, at := range times {
		if !now.Before(at) {
			c.Stage = max(c.Stage, ClosingStage(stage+1))
		}
	}
	c.DueAt = time.Time{}
	if c.Stage < ClosedByHours {
		c.DueAt = times[c.Stage]
	}
	return c
}

// closingAfter is the closing that a conversation runs into; false when the area never closes. A
// break that is over before the grace is does not end a conversation.
func (a ServiceArea) closingAfter(c Closing, now time.Time) (time.Time, bool) {
	s := a.Hours.At(c.StartedAt)
	if s.State != openinghours.Open {
		// An admin has closed the area meanwhile: from now on, or from when that was told.
		if c.ClosesAt.IsZero() || c.ClosesAt.After(now) {
			return now.Truncate(time.Millisecond), true
		}
		return c.ClosesAt, true
	}
	for !s.Until.IsZero() {
		opens, ok := a.Hours.NextOpening(s.Until)
		if !ok || opens.After(s.Until.Add(a.Grace)) || opens.After(now.AddDate(1, 0, 0)) {
			return s.Until, true
		}
		s = a.Hours.At(opens)
	}
	return time.Time{}, false
}

// HoursNotice is what a citizen is told about the end of the opening.
type HoursNotice struct {
	Stage ClosingStage
	// ClosesAt is when the area closes, EndsAt when the conversation ends, OpensAt when the area
	// opens next; OpensAt may be zero.
	ClosesAt, EndsAt, OpensAt time.Time
}

// notice is nil while there is nothing to tell.
func (b *Bridge) notice(area ServiceAreaID, c Closing) *HoursNotice {
	a, err := b.Area(area)
	if err != nil || c.Stage == NothingTold {
		return nil
	}
	n := &HoursNotice{Stage: c.Stage, ClosesAt: c.ClosesAt, EndsAt: c.ClosesAt.Add(a.Grace)}
	n.OpensAt, _ = a.Hours.NextOpening(c.ClosesAt)
	return n
}
