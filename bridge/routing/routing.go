// Package routing decides to which clerks a waiting chat is offered. It is pure: the same clerks,
// chats and moment give the same offers, whoever asks. It needs the standard library only.
package routing

import (
	"cmp"
	"slices"
	"time"
)

// Clerk is somebody who is available in a service area.
type Clerk struct {
	ID string
	// Capacity is how many chats the clerk serves at once, over all areas; 0 means none.
	Capacity int
}

// Area is a service area with those of its clerks who are available now.
type Area struct {
	ID     string
	Clerks []Clerk
	// OverflowTo is the area whose clerks are offered a chat too, once it has waited for
	// OverflowAfter; "" means none.
	OverflowTo    string
	OverflowAfter time.Duration
}

// Overflows reports whether a chat that waits since then is offered to OverflowTo as well.
func (a Area) Overflows(since, now time.Time) bool {
	return a.OverflowTo != "" && !now.Before(since.Add(a.OverflowAfter))
}

// Chat is a conversation that waits.
type Chat struct {
	ID     string
	Area   string
	Number int64
	// Since is when it began to wait.
	Since time.Time
}

// Offer says to whom a chat is offered now. To is empty while nobody has room for it, or while all
// the room there is belongs to chats that came before it.
type Offer struct {
	Chat string
	To   []string
}

// Strategy chooses among the clerks who have room for a chat. They are in the area's order, with
// how many chats each serves now; it returns at least one of them.
type Strategy interface {
	Choose(chat Chat, free []Clerk, load map[string]int) []Clerk
}

// FirstToTake offers a chat to everybody: whoever takes it first has it.
type FirstToTake struct{}

// Choose returns all of them.
func (FirstToTake) Choose(_ Chat, free []Clerk, _ map[string]int) []Clerk { return free }

// Route offers the waiting chats, each area's in the order in which they came. load is how many
// chats a clerk serves now. No more chats are offered than the clerks have room for: a younger chat
// is never offered while an older one of its area is not.
func Route(s Strategy, areas []Area, load map[string]int, waiting []Chat, now time.Time) []Offer {
	r := router{areas: map[string]Area{}, load: map[string]int{}, shared: map[string]int{}}
	for _, a := range areas {
		r.areas[a.ID] = a
	}
	for id, n := range load {
		r.load[id] = n
	}
	waiting = slices.Clone(waiting)
	slices.SortStableFunc(waiting, func(x, y Chat) int {
		return cmp.Or(x.Since.Compare(y.Since), cmp.Compare(x.Number, y.Number))
	})
	out := make([]Offer, len(waiting))
	for i, chat := range waiting {
		out[i] = Offer{Chat: chat.ID, To: r.offer(s, chat, now)}
	}
	return out
}

// router keeps what earlier chats have been promised.
type router struct {
	areas map[string]Area
	// load counts a chat that is offered to one clerk alone as if it were taken.
	load map[string]int
	// shared counts chats that are offered to several, by the area whose room they use: which of
	// the clerks loses it is not known yet.
	shared map[string]int
}

func (r *router) offer(s Strategy, chat Chat, now time.Time) []string {
	own := r.areas[chat.Area]
	candidates := r.free(own)
	uses := own.ID
	if own.Overflows(chat.Since, now) {
		for _, c := range r.free(r.areas[own.OverflowTo]) {
			if !slices.ContainsFunc(candidates, func(d Clerk) bool { return c.ID == d.ID }) {
				if len(candidates) == 0 {
					uses = own.OverflowTo
				}
				candidates = append(candidates, c)
			}
		}
	}
	if len(candidates) == 0 {
		return nil
	}
	chosen := s.Choose(chat, candidates, r.load)
	if len(chosen) == 1 {
		r.load[chosen[0].ID]++
	} else {
		r.shared[uses]++
	}
	to := make([]string, len(chosen))
	for i, c := range chosen {
		to[i] = c.ID
	}
	return to
}

// free returns the clerks of an area who have room, if not all of their room is promised.
func (r *router) free(a Area) []Clerk {
	var out []Clerk
	room := -r.shared[a.ID]
	for _, c := range a.Clerks {
		if left := c.Capacity - r.load[c.ID]; left > 0 {
			room += left
			out = append(out, c)
		}
	}
	if room <= 0 {
		return nil
	}
	return out
}
