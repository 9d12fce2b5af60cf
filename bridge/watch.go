package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// roundEvery is how often what /sync can't show is looked for: half of the minute within which
	// everything is found.
	roundEvery = 30 * time.Second
	// roundRooms is how many conversations' rooms are looked at in a round, one after the other, though
	// nothing points at them: 200 open chats within a minute, at three requests each. What a round
	// costs does not rise with the number of rooms beyond.
	roundRooms = 100
	// lookPause is the least time between two looks, so that many changes at once are one look.
	lookPause = 250 * time.Millisecond
)

// ServingRoom is the room of a conversation that is not closed.
type ServingRoom struct {
	Conversation ConversationID
	Area         ServiceAreaID
	Room         RoomID
}

// AreaFindings is what an inspection found about an area's rooms.
type AreaFindings struct {
	Space, Lobby []What
	// Listed are the rooms that the space lists; nil when that can't be read.
	Listed map[RoomID]bool
}

// lasting is what the work on a room never changes: it is wrong, whatever else is going on.
var lasting = []What{RoomLost, PowerDrifted, AliasDrifted, Encrypted}

// suspicion is the rooms that are to be looked at soon. It lives in memory: what is lost with it is
// found in a round.
type suspicion struct {
	mu    sync.Mutex
	rooms map[RoomID]bool
	news  chan struct{}
}

func newSuspicion() *suspicion {
	return &suspicion{rooms: map[RoomID]bool{}, news: make(chan struct{}, 1)}
}

// suspect has rooms looked at soon. It never blocks.
func (s *suspicion) suspect(rooms ...RoomID) {
	s.mu.Lock()
	for _, r := range rooms {
		s.rooms[r] = true
	}
	s.mu.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
}

func (s *suspicion) take() map[RoomID]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.rooms
	s.rooms = map[RoomID]bool{}
	return out
}

// watchRooms compares what is in Matrix with what should be, until ctx ends. Of several replicas the
// one that reads /sync does it.
func (b *Bridge) watchRooms(ctx context.Context) {
	every := time.NewTicker(b.rounds)
	defer every.Stop()
	var last ConversationID // the one that was looked at last in a round
	for {
		round := false
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			round = true
		case <-b.suspects.news:
		}
		if !b.Vitals().Reads {
			continue
		}
		rooms := b.suspects.take()
		err := b.inspectSuspects(ctx, rooms)
		if err == nil && round {
			last, err = b.goRound(ctx, last)
		}
		if err != nil && ctx.Err() == nil {
			// A homeserver that is away is nothing that has drifted.
			b.log.Warn().Err(err).Msg("rooms not looked at")
			b.suspects.put(rooms)
		}
		select {
		case <-ctx.Done():
		case <-time.After(lookPause):
		}
	}
}

// put keeps rooms for the next round.
func (s *suspicion) put(rooms map[RoomID]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for r := range rooms {
		s.rooms[r] = true
	}
}

// inspectSuspects looks at rooms that something points at. Those that serve nobody are none of ours.
func (b *Bridge) inspectSuspects(ctx context.Context, rooms map[RoomID]bool) error {
	for room := range rooms {
		owner, err := b.ownerIn(ctx, room)
		if err == nil {
			err = b.inspect(ctx, owner)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ownerIn is whom a room serves; the zero value for nobody.
func (b *Bridge) ownerIn(ctx context.Context, room RoomID) (RoomOwner, error) {
	var owner RoomOwner
	err := b.store.Update(ctx, func(tx Tx) error {
		owner = RoomOwner{}
		admin, err := tx.HouseRoom(AdminRoom)
		if err != nil {
			return err
		}
		if admin == room {
			owner = RoomOwner{Part: AdminRoom}
			return nil
		}
		for _, a := range b.timetable.Load().areas {
			rooms, err := tx.AreaRooms(a.ID)
			if err != nil {
				return err
			}
			if rooms.Space == room || rooms.Lobby == room {
				owner = RoomOwner{Area: a.ID, Part: Space}
				return nil
			}
		}
		c, err := tx.LockConversationByRoom(room)
		if errors.Is(err, ErrNotFound) || err == nil && c.Room != room {
			return nil
		}
		owner = RoomOwner{Conversation: c.ID}
		return err
	})
	if err != nil {
		return RoomOwner{}, fmt.Errorf("find whose room it is: %w", err)
	}
	return owner, nil
}

// inspect looks at the rooms of an owner; of an area at both.
func (b *Bridge) inspect(ctx context.Context, owner RoomOwner) error {
	switch {
	case owner.Conversation != "":
		return b.inspectRoom(ctx, owner.Conversation, "")
	case owner.Area != "":
		_, err := b.inspectArea(ctx, owner.Area)
		return err
	case owner.Part == AdminRoom:
		return b.inspectAdmin(ctx)
	}
	return nil
}

// goRound looks for what /sync does not show: at the admin room, at spaces and lobbies, at the rooms
// that the bot is not in or that their space does not list, and at some of the others, in turn. It
// returns the conversation at which the next round goes on.
func (b *Bridge) goRound(ctx context.Context, last ConversationID) (ConversationID, error) {
	joined, err := b.rooms.JoinedRooms(ctx)
	if err != nil {
		return last, fmt.Errorf("list joined rooms: %w", err)
	}
	if err := b.inspectAdmin(ctx); err != nil {
		return last, err
	}
	listed := map[ServiceAreaID]map[RoomID]bool{}
	for _, a := range b.timetable.Load().areas {
		if listed[a.ID], err = b.inspectArea(ctx, a.ID); err != nil {
			return last, err
		}
	}
	open, err := b.store.ServingRooms(ctx)
	if err != nil {
		return last, fmt.Errorf("read rooms: %w", err)
	}
	if err := b.leaveStrays(ctx, joined, open); err != nil {
		return last, err
	}
	inTurn := map[ConversationID]bool{}
	for _, from := range []ConversationID{last, ""} { // and from the beginning, when that was the end
		for _, r := range open {
			if len(inTurn) < b.roundRooms && r.Conversation > from && !inTurn[r.Conversation] {
				inTurn[r.Conversation], last = true, r.Conversation
			}
		}
	}
	for _, r := range open {
		space := listed[r.Area]
		if joined[r.Room] && (space == nil || space[r.Room]) && !inTurn[r.Conversation] {
			continue
		}
		if err := b.inspectRoom(ctx, r.Conversation, ""); err != nil {
			return last, err
		}
	}
	return last, nil
}

func (b *Bridge) inspectAdmin(ctx context.Context) error {
	looked := b.now()
	busy := func() (bool, error) { return b.store.Pending(ctx, adminRoomStream, SetUpAdmin) }
	if is, err := busy(); err != nil || is {
		return err
	}
	plan, err := b.adminPlan(ctx)
	if err != nil || plan.Room == "" {
		return err
	}
	found, err := b.rooms.InspectAdmin(ctx, plan)
	if err != nil {
		return fmt.Errorf("inspect admin room: %w", err)
	}
	return b.drifted(ctx, mending{looked: looked, busy: busy, entry: adminEntry, mend: b.enqueueAdmin},
		finding{RoomOwner{Part: AdminRoom}, plan.Room, b.texts.say("admin_name", nil), found})
}

// inspectArea looks at space and lobby, and returns which rooms the space lists; nil when it was not
// looked at.
func (b *Bridge) inspectArea(ctx context.Context, id ServiceAreaID) (map[RoomID]bool, error) {
	looked := b.now()
	busy := func() (bool, error) { return b.store.Pending(ctx, areaStream(id), SetUpArea) }
	if is, err := busy(); err != nil || is {
		return nil, err
	}
	area, err := b.Area(id)
	if err != nil {
		return nil, err
	}
	plan, err := b.areaPlan(ctx, area)
	if err != nil || plan.Rooms.Space == "" || plan.Rooms.Lobby == "" {
		return nil, err
	}
	found, err := b.rooms.InspectArea(ctx, plan)
	if err != nil {
		return nil, fmt.Errorf("inspect area: %w", err)
	}
	err = b.drifted(ctx, mending{
		looked: looked, busy: busy, entry: areaEntry(id), mend: func(tx Tx) error { return b.enqueueArea(tx, id) },
	}, finding{RoomOwner{Area: id, Part: Space}, plan.Rooms.Space, plan.SpaceName, found.Space},
		finding{RoomOwner{Area: id, Part: Lobby}, plan.Rooms.Lobby, plan.LobbyName, found.Lobby})
	if err != nil {
		return nil, err
	}
	return found.Listed, nil
}

// inspectRoom looks at a conversation's room, unless it is being worked on or has been left. refused is
// who was not allowed to write there, "" for nobody: if that is the ghost, and everything looks as it
// should, the homeserver does not believe its own state, and the ghost comes in anew.
func (b *Bridge) inspectRoom(ctx context.Context, id ConversationID, refused UserID) error {
	looked := b.now()
	busy := func() (bool, error) {
		return b.anyPending(ctx, map[string]EntryKind{conversationStream(id): OpenRoom, mendStream(id): MendRoom})
	}
	if is, err := busy(); err != nil || is {
		return err
	}
	changing := false // name, members and space are about to become otherwise
	for _, kind := range []EntryKind{UpdateRoom, GuardRoom, MoveRoom} {
		is, err := b.store.Pending(ctx, deskStream(id), kind)
		if err != nil {
			return fmt.Errorf("look for work on the room: %w", err)
		}
		changing = changing || is
	}
	plan, err := b.roomPlan(ctx, Entry{Conversation: id})
	c := plan.Conversation
	if errors.Is(err, ErrNotYet) {
		return nil // space or lobby are being replaced
	}
	if err != nil || c.left() || c.Room == "" {
		return err
	}
	found, err := b.rooms.InspectRoom(ctx, plan)
	if err != nil {
		return fmt.Errorf("inspect room: %w", err)
	}
	if len(found) == 0 && refused == c.Ghost {
		found = []What{MemberDrifted}
	}
	if changing {
		found = slices.DeleteFunc(found, func(w What) bool { return !slices.Contains(lasting, w) })
	}
	return b.drifted(ctx, mending{
		looked: looked, busy: busy, entry: mendEntry(id),
		still: func(tx Tx) (bool, error) { // it may have changed while we looked
			now, err := tx.LockConversation(id)
			return now.State == c.State && now.Room == c.Room && now.Name == c.Name && now.Number == c.Number && now.Area == c.Area, err
		},
		mend: func(tx Tx) error { return b.enqueueMend(tx, c) },
	}, finding{RoomOwner{Conversation: id}, c.Room, "#" + strconv.FormatInt(c.Number, 10), found})
}
