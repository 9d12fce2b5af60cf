package routing

import (
	"cmp"
	"slices"
)

// Strategy chooses among the clerks who have room for a chat. They are in the area's order, with
// how many chats each serves now; it returns at least one of them.
type Strategy interface {
	Choose(chat Chat, free []Clerk, load map[string]int) []Clerk
}

// FirstToTake offers a chat to everybody: whoever takes it first has it.
type FirstToTake struct{}

// Choose returns all of them.
func (FirstToTake) Choose(_ Chat, free []Clerk, _ map[string]int) []Clerk { return free }

// RoundRobin offers a chat to the clerk who has had none for the longest time; see inTurn.
type RoundRobin struct{}

// Choose returns one of them, or all when the chat has been passed on often enough.
func (RoundRobin) Choose(chat Chat, free []Clerk, _ map[string]int) []Clerk {
	return inTurn(chat, free, func(x, y Clerk) int {
		return cmp.Or(cmp.Compare(x.Promised, y.Promised), x.LastTook.Compare(y.LastTook))
	})
}

// LeastBusy offers a chat to the clerk who serves the fewest; see inTurn.
type LeastBusy struct{}

// Choose returns one of them, or all when the chat has been passed on often enough.
func (LeastBusy) Choose(chat Chat, free []Clerk, load map[string]int) []Clerk {
	return inTurn(chat, free, func(x, y Clerk) int {
		return cmp.Or(cmp.Compare(load[x.ID], load[y.ID]), x.LastTook.Compare(y.LastTook))
	})
}

// askedAlone is how many clerks a chat is offered to one after the other, before it is everybody's.
const askedAlone = 2

// inTurn is the clerk whose turn it is: the first in an order, the next one when that one has left
// the offer unanswered. After that it is offered to all of them, so that no chat waits for somebody
// who is not there.
func inTurn(chat Chat, free []Clerk, order func(x, y Clerk) int) []Clerk {
	if chat.Unanswered >= askedAlone {
		return free
	}
	sorted := slices.Clone(free)
	slices.SortStableFunc(sorted, order)
	n := chat.Unanswered % len(sorted)
	return sorted[n : n+1]
}

// ByArea has each area follow a strategy of its own; FirstToTake where none is named.
type ByArea map[string]Strategy

// Choose does what the chat's area follows.
func (s ByArea) Choose(chat Chat, free []Clerk, load map[string]int) []Clerk {
	if own, ok := s[chat.Area]; ok {
		return own.Choose(chat, free, load)
	}
	return FirstToTake{}.Choose(chat, free, load)
}

// Named returns the strategy of a name as it stands in the configuration: "" and "all", "round_robin",
// "least_busy"; false for another one.
func Named(name string) (Strategy, bool) {
	switch name {
	case "", "all":
		return FirstToTake{}, true
	case "round_robin":
		return RoundRobin{}, true
	case "least_busy":
		return LeastBusy{}, true
	}
	return nil, false
}
