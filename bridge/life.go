package bridge

import "time"

// Life is how a conversation goes and ends. Each message changes it, so it stands in the
// conversation's own row: that is written with every message anyway.
type Life struct {
	// SpokenBy is who wrote last; empty before the first message.
	SpokenBy Direction
	// ActiveAt is when somebody last wrote, or otherwise showed that they are there.
	ActiveAt time.Time
	// ClosedBy, ClosedAt and Reason go with a closed conversation. Reason is what a clerk noted, at
	// most MaxReason characters; citizens never see it.
	ClosedBy Closer
	ClosedAt time.Time
	Reason   string
	// ReopenUntil is until when a closed conversation can be taken up again. Then its tokens are
	// dead, too.
	ReopenUntil time.Time
	// Stage says what has been told about the silence, or done after the end; DueAt when to look
	// again, zero for never.
	Stage LifeStage
	DueAt time.Time
}

// Closer says who or what closed a conversation.
type Closer string

// The closers.
const (
	ByCitizen Closer = "citizen"
	ByClerk   Closer = "clerk"
	ByIdle    Closer = "idle"
	ByHours   Closer = "hours"
)

// MaxReason is the longest reason that a clerk can note when closing, in characters.
const MaxReason = 200

// LifeStage says what has been told about a silence, or done after the end.
type LifeStage int

// The stages of a life.
const (
	// Lively: nothing has been told.
	Lively LifeStage = iota
	// CitizenWarned: the citizen knows that the conversation ends at DueAt unless they stir.
	CitizenWarned
	// ClerkReminded: the clerk knows that the citizen waits for an answer.
	ClerkReminded
	// RoomLeft: everybody is on their way out of the room.
	RoomLeft
)

// over reports whether a conversation has ended for good: it can't be taken up again.
func (c Conversation) over(now time.Time) bool {
	return c.State == Closed && !now.Before(c.Life.ReopenUntil)
}

// left reports whether everybody has left a conversation's room, or is about to.
func (c Conversation) left() bool { return c.State == Closed && c.Life.Stage == RoomLeft }

// stir notes that somebody is there. The time to look again is left as it is while it is no later
// than it should be: whoever looks then finds out.
func (a ServiceArea) stir(c *Conversation, now time.Time) {
	c.Life.ActiveAt = now
	if c.Life.Stage == Lively && !c.Life.DueAt.IsZero() {
		return
	}
	c.Life.Stage, c.Life.DueAt = Lively, time.Time{}
	if a.IdleWarning > 0 && c.Trainee == "" {
		c.Life.DueAt = now.Add(a.IdleWarning)
	}
}

// watch is the life of a conversation as it is at now, when it is time to look: what there is to
// tell, the stage says. It is a pure function: a clock that jumped or a machine that slept makes it
// late, never wrong. Nobody whose conversation would end is left without the time between warning
// and end.
func (a ServiceArea) watch(c Conversation, now time.Time) Life {
	l := c.Life
	l.DueAt = time.Time{}
	if l.Stage != Lively || a.IdleWarning == 0 {
		return l
	}
	if due := l.ActiveAt.Add(a.IdleWarning); now.Before(due) {
		l.DueAt = due
		return l
	}
	queued := c.State == Waiting && c.LastSeq > 0 // that nobody has come is routing's concern
	switch {
	case queued:
	case l.SpokenBy == FromCitizenDirection:
		l.Stage = ClerkReminded
	case a.IdleClose > 0:
		l.Stage, l.DueAt = CitizenWarned, l.ActiveAt.Add(a.IdleClose)
		if ends := now.Add(a.IdleClose - a.IdleWarning); ends.After(l.DueAt) {
			l.DueAt = ends
		}
	}
	return l
}

// reopenUntil is until when a conversation that is closed now can be taken up again. While the area
// is closed, nobody could: then the time begins with its next opening.
func (a ServiceArea) reopenUntil(now time.Time) time.Time {
	if s := a.At(now); s.State == AreaClosed && s.OpensAt.After(now) {
		now = s.OpensAt
	}
	return now.Add(a.Reopen)
}
