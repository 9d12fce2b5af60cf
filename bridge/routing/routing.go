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
	// LastTook is when the clerk last took a chat; zero for not of late.
	LastTook time.Time
	// Promised is how many of the waiting chats are offered to this clerk alone. Route sets it.
	Promised int
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
	// Unanswered counts the offers that have passed without anybody taking it.
	Unanswered int
}

// Offer says to whom a chat is offered now. To is empty while nobody has room for it, or while all
// the room there is belongs to chats that came before it.
type Offer struct {
	Chat string
	To   []string
}

// Route offers the waiting chats, each area's in the order in which they came. load is how many
// chats a clerk serves now. No more chats are offered than the clerks have room for: a younger chat
// is never offered while an older one of its area is not.
func Route(s Strategy, areas []Area, load map[string]int, waiting []Chat, now time.Time) []Offer {
	r := router{areas: map[string]Area{}, load: map[string]int{}, promised: map[string]int{}, shared: map[string]int{}}
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
	// promised counts those.
	promised map[string]int
	// shared counts chats that are offered to several, by the area whose room they use: which of
	// the clerks loses it is not known yet.
	shared map[string]int
}

func (r *router) offer(s Strategy, chat Chat, now time.Time) []string {
	own := r.areas[chat.Area]
	home := r.free(own)
	uses := own.ID
	var there []Clerk
	if own.Overflows(chat.Since, now) {
		for _, c := range r.free(r.areas[own.OverflowTo]) {
			if !slices.ContainsFunc(home, func(d Clerk) bool { return c.ID == d.ID }) {
				there = append(there, c)
			}
		}
		if len(home) == 0 {
			uses = own.OverflowTo
		}
	}
	var to []string
	for _, free := range [][]Clerk{home, there} { // each area's clerks read a lobby of their own
		if len(free) == 0 {
			continue
		}
		for _, c := range s.Choose(chat, free, r.load) {
			to = append(to, c.ID)
		}
	}
	switch len(to) {
	case 0:
	case 1:
		r.load[to[0]]++
		r.promised[to[0]]++
	default:
		r.shared[uses]++
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
			c.Promised = r.promised[c.ID]
			out = append(out, c)
		}
	}
	if room <= 0 {
		return nil
	}
	return out
}
