package bridge

import (
	"time"

	"schalter/bridge/routing"
)

// mostWaiting bounds how much of the queues is looked at for offers: more than clerks can take.
const mostWaiting = 500

// tookFor is how far back it counts when a clerk has last taken a chat.
const tookFor = 7 * 24 * time.Hour

// offeredTo returns to whom a conversation is offered now.
func (b *Bridge) offeredTo(tx Tx, table *timetable, id ConversationID) ([]UserID, error) {
	waiting, err := tx.Waiting(mostWaiting)
	if err != nil {
		return nil, err
	}
	loads, err := tx.Loads()
	if err != nil {
		return nil, err
	}
	chats := make([]routing.Chat, len(waiting))
	for i, w := range waiting {
		chats[i] = routing.Chat{ID: string(w.Conversation), Area: string(w.Area), Number: w.Number, Since: w.Since, Unanswered: int(w.Stage)}
	}
	load := make(map[string]int, len(loads))
	for user, n := range loads {
		load[string(user)] = n
	}
	strategy, areas := table.strategy(), table.routed()
	if len(strategy) > 0 {
		took, err := tx.LastTook(b.now().Add(-tookFor))
		if err != nil {
			return nil, err
		}
		for _, a := range areas {
			for i, clerk := range a.Clerks {
				a.Clerks[i].LastTook = took[UserID(clerk.ID)]
			}
		}
	}
	for _, o := range routing.Route(strategy, areas, load, chats, b.now()) {
		if o.Chat != string(id) {
			continue
		}
		out := make([]UserID, len(o.To))
		for i, user := range o.To {
			out[i] = UserID(user)
		}
		return out, nil
	}
	return nil, nil
}

// strategy is how chats are offered in the areas where not everybody is asked; empty for nowhere.
func (t *timetable) strategy() routing.ByArea {
	out := routing.ByArea{}
	for _, a := range t.areas {
		if s, known := routing.Named(a.Routing); known && s != (routing.FirstToTake{}) {
			out[string(a.ID)] = s
		}
	}
	return out
}

// routed is the timetable as routing needs it.
func (t *timetable) routed() []routing.Area {
	out := make([]routing.Area, len(t.areas))
	for i, a := range t.areas {
		out[i] = routing.Area{ID: string(a.ID), OverflowTo: string(a.Overflow.To), OverflowAfter: a.Overflow.After}
		for _, user := range a.Available() {
			out[i].Clerks = append(out[i].Clerks, routing.Clerk{ID: string(user), Capacity: a.CapacityOf(user)})
		}
	}
	return out
}
