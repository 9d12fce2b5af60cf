package bridge

import (
	"time"

	"schalter/bridge/openinghours"
)

// AreaStatus says whether a service area takes new conversations at a moment, when that changes,
// and how it stands with its counter on site.
type AreaStatus struct {
	State AreaState
	// OpensAt goes with closed, ClosesAt with open; zero means never, as far as is known.
	OpensAt  time.Time
	ClosesAt time.Time
	// CounterOpen, with the moment at which that changes; false and zero without counter hours.
	CounterOpen    bool
	CounterChanges time.Time
}

// At is the area's status at a moment. It depends on nothing else, so every replica says the same.
func (a ServiceArea) At(now time.Time) AreaStatus {
	var s AreaStatus
	if a.Gone {
		return AreaStatus{State: AreaClosed}
	}
	s.State, s.OpensAt, s.ClosesAt = AreaOpen, time.Time{}, time.Time{}
	if a.Hours != nil {
		status := a.Hours.At(now)
		s.ClosesAt = status.Until
		if status.State != openinghours.Open {
			s.State, s.ClosesAt = AreaClosed, time.Time{}
			s.OpensAt, _ = a.Hours.NextOpening(now)
		}
	}
	if s.State == AreaOpen && len(a.Available()) == 0 {
		s.State = AreaUnstaffed
	}
	if a.CounterHours != nil {
		status := a.CounterHours.At(now)
		s.CounterOpen, s.CounterChanges = status.State == openinghours.Open, status.Until
		if !s.CounterOpen {
			s.CounterChanges, _ = a.CounterHours.NextOpening(now)
		}
	}
	return s
}

// ServeTime is how long one conversation is taken to keep a clerk busy, when it is a question of
// whether somebody in the queue can still be served before closing.
const ServeTime = 5 * time.Minute

// admits reports why the area takes no conversation now; waiting is how many wait already.
// Nobody is queued who cannot be reached before the area closes and the grace is over.
func (a ServiceArea) admits(waiting int, now time.Time) error {
	s := a.At(now)
	switch s.State {
	case AreaClosed:
		return &ClosedError{Area: a.ID, OpensAt: s.OpensAt}
	case AreaUnstaffed:
		return ErrUnstaffed
	}
	rounds := time.Duration(waiting / len(a.Available()))
	if !s.ClosesAt.IsZero() && now.Add(rounds*ServeTime).After(s.ClosesAt.Add(a.Grace)) {
		opens, _ := a.Hours.NextOpening(s.ClosesAt)
		return &ClosedError{Area: a.ID, OpensAt: opens}
	}
	return nil
}

// aroundTheClock is what an area without hours has.
func aroundTheClock(zone *time.Location) (*openinghours.Hours, error) {
	schedule, err := openinghours.Parse("24/7")
	if err != nil {
		return nil, err
	}
	return openinghours.New(schedule, zone, nil)
}
