package matrix

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"schalter/bridge"
)

// limbo is who is taken for joined in a room whose state does not have them. A Dendrite that is killed
// while it takes in a join can end so (seen with 0.15.2): joining does nothing then, for they are in, and
// nothing that they write is taken, for they are not. Only somebody else can put them out, and in again.
type limbo struct {
	mu    sync.Mutex
	since map[bridge.RoomID]map[bridge.UserID]time.Time
	// shaken is when the homeserver was last seen going, or we came, in Unix nanoseconds.
	shaken atomic.Int64
}

const (
	// limboAfter is how long it must look so: a join that is just being taken in looks the same.
	limboAfter = 10 * time.Second
	// limboWithin is how long after it was shaken a homeserver is asked for it.
	limboWithin = 15 * time.Minute
)

func newLimbo() *limbo {
	l := &limbo{since: map[bridge.RoomID]map[bridge.UserID]time.Time{}}
	l.shake()
	return l
}

func (l *limbo) shake() { l.shaken.Store(time.Now().UnixNano()) }

// suspected reports whether it is worth a call to look at a room.
func (l *limbo) suspected(room bridge.RoomID, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.since[room]) > 0 || now.UnixNano()-l.shaken.Load() < int64(limboWithin)
}

// look compares who is said to be joined in a room with its state, which was read afterwards, and reports
// whether it has looked wrong for long.
func (l *limbo) look(room bridge.RoomID, joined []bridge.UserID, have roomState, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, found, long := l.since[room], map[bridge.UserID]time.Time{}, false
	for _, user := range joined {
		if membership(have, user) == "join" {
			continue
		}
		since, known := before[user]
		if !known {
			since = now
		}
		found[user], long = since, long || now.Sub(since) >= limboAfter
	}
	if l.since[room] = found; len(found) == 0 {
		delete(l.since, room)
	}
	return long
}

// take returns and forgets who has been found in a room for long.
func (l *limbo) take(room bridge.RoomID, now time.Time) []bridge.UserID {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []bridge.UserID
	for user, since := range l.since[room] {
		if now.Sub(since) >= limboAfter {
			out = append(out, user)
		}
	}
	if len(out) > 0 {
		delete(l.since, room)
	}
	return out
}

// joinedPeople is who the homeserver takes for joined in a room, our own users left out; nil where that is not in doubt.
func (a *Adapter) joinedPeople(ctx context.Context, room bridge.RoomID) []bridge.UserID {
	if !a.limbo.suspected(room, time.Now()) {
		return nil
	}
	var answer struct {
		Joined map[bridge.UserID]any `json:"joined"`
	}
	if a.call(ctx, a.BotID(), http.MethodGet, nil, &answer, "rooms", string(room), "joined_members") != nil {
		return nil // what is wrong with the room shows in its state
	}
	var people []bridge.UserID
	for user := range answer.Joined {
		if !a.isOurs(string(user)) {
			people = append(people, user)
		}
	}
	return people
}

// release puts out who is in limbo in a room, so that they can come in again, and returns them. Where that
// fails, they are found once more.
func (a *Adapter) release(ctx context.Context, room bridge.RoomID) []bridge.UserID {
	var out []bridge.UserID
	for _, user := range a.limbo.take(room, time.Now()) {
		m, err := a.membership(ctx, user, room)
		if err == nil && m == "join" {
			continue
		}
		if err == nil {
			err = a.kick(ctx, user, room)
		}
		if err != nil {
			a.log.Warn().Err(err).Str("room", string(room)).Msg("not put out of a room in which they are not")
			continue
		}
		out = append(out, user)
	}
	return out
}

// shaking is a transport that notices when the homeserver goes.
type shaking struct {
	under http.RoundTripper
	limbo *limbo
}

func (s shaking) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.under.RoundTrip(r)
	if err != nil && r.Context().Err() == nil {
		s.limbo.shake()
	}
	return resp, err
}
