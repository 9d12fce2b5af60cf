package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// foundRoom reports a room that has come to exist for an owner, and returns the one that serves.
func (b *Bridge) foundRoom(ctx context.Context, owner RoomOwner) func(RoomID) (RoomID, error) {
	return func(room RoomID) (RoomID, error) {
		var serving RoomID
		err := b.store.Update(ctx, func(tx Tx) error {
			var err error
			serving, err = b.adopt(tx, owner, room)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("adopt room: %w: %w", err, ErrUnanswered)
		}
		return serving, nil
	}
}

// FoundRoom reports a room of ours that came to light otherwise than by /sync.
func (b *Bridge) FoundRoom(ctx context.Context, owner RoomOwner, room RoomID) error {
	_, err := b.foundRoom(ctx, owner)(room)
	b.Wake()
	return err
}

// KnownRooms are the rooms that need no reporting.
func (b *Bridge) KnownRooms(ctx context.Context) (map[RoomID]bool, error) {
	rooms, err := b.store.KnownRooms(ctx)
	if err != nil {
		return nil, err
	}
	known := make(map[RoomID]bool, len(rooms))
	for _, r := range rooms {
		known[r] = true
	}
	return known, nil
}

// adopt makes a room serve its owner. A second room for the same owner (createRoom was answered
// late, or twice) serves nobody and is left.
func (b *Bridge) adopt(tx Tx, owner RoomOwner, room RoomID) (RoomID, error) {
	if owner.Conversation != "" {
		if _, err := tx.LockConversation(owner.Conversation); errors.Is(err, ErrNotFound) {
			return "", nil // a conversation of another database: not ours to touch
		} else if err != nil {
			return "", err
		}
	}
	serving, err := tx.Adopt(owner, room)
	if err != nil || serving == room {
		return serving, err
	}
	return serving, b.discard(tx, owner, room)
}

// discard has a room left that came to exist for an owner and does not serve.
func (b *Bridge) discard(tx Tx, owner RoomOwner, room RoomID) error {
	part, err := json.Marshal(owner.Part)
	if err != nil {
		return fmt.Errorf("encode payload: %w", err)
	}
	now := b.now()
	_, err = tx.Enqueue(Entry{
		ID: "leave-" + string(room), Stream: roomStream(room), Kind: LeaveRoom, Room: room,
		Conversation: owner.Conversation, Area: owner.Area, Payload: part,
		Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
}

// lateEntry is how long after a room came to light we may still come into it, in seconds: a homeserver
// that was killed in the middle of createRoom can go on with it after its start. Seen on Dendrite.
const lateEntry = 45

// performLeaveRoom leaves a room, unless it serves after all. Which of two rooms serves is
// certain only when the owner's room is complete: until then the alias may decide otherwise.
func (b *Bridge) performLeaveRoom(ctx context.Context, e Entry) (func(Tx) error, error) {
	done := func(tx Tx) error { return finish(tx, e) }
	owner := RoomOwner{Conversation: e.Conversation, Area: e.Area}
	if err := json.Unmarshal(e.Payload, &owner.Part); err != nil {
		return nil, fmt.Errorf("decode payload: %w: %w", err, ErrRefused)
	}
	at := map[string]EntryKind{conversationStream(owner.Conversation): OpenRoom, mendStream(owner.Conversation): MendRoom}
	switch {
	case owner.Part == AdminRoom:
		at = map[string]EntryKind{adminRoomStream: SetUpAdmin}
	case owner.Conversation == "":
		at = map[string]EntryKind{areaStream(owner.Area): SetUpArea}
	}
	pending, err := b.anyPending(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("look for the owner: %w", err)
	}
	if pending {
		return nil, fmt.Errorf("owner's room is not complete: %w", ErrNotYet)
	}
	serving, err := b.servingRoom(ctx, owner)
	if err != nil {
		return nil, err
	}
	if serving == e.Room {
		return done, nil
	}
	space, err := b.spaceOf(ctx, owner)
	if err != nil {
		return nil, err
	}
	err = b.rooms.LeaveRoom(ctx, space, e.Room)
	if errors.Is(err, ErrNotIn) {
		if b.age(e) >= lateEntry {
			b.phantoms.note(e.Room, b.now())
			return done, nil
		}
		err = fmt.Errorf("%w: %w", err, ErrNotSent)
	}
	if err != nil {
		return nil, fmt.Errorf("leave room: %w", err)
	}
	return done, nil
}

// leaveStrays has those rooms left that another has taken the place of and in which the bot is all the
// same: Dendrite can go on with a createRoom long after it was killed in it.
func (b *Bridge) leaveStrays(ctx context.Context, joined map[RoomID]bool, open []ServingRoom) error {
	serves := make(map[RoomID]bool, len(open))
	for _, r := range open {
		serves[r.Room] = true
	}
	for room, in := range joined {
		if !in || serves[room] || b.phantoms.lately(room, b.now()) {
			continue
		}
		c, err := b.store.ConversationByRoom(ctx, room)
		if errors.Is(err, ErrNotFound) || err == nil && (c.Room == room || c.Room == "") {
			continue
		}
		if err == nil {
			err = b.store.Update(ctx, func(tx Tx) error { return b.discard(tx, RoomOwner{Conversation: c.ID}, room) })
		}
		if err != nil {
			return fmt.Errorf("leave room that serves nobody: %w", err)
		}
		b.Wake()
	}
	return nil
}

// phantoms are rooms that the homeserver lists as ours, and out of which it does not let us because we
// are not in them, with the time of that answer. They live in memory: after a restart one tries once more.
type phantoms struct {
	mu    sync.Mutex
	rooms map[RoomID]time.Time
}

// phantomRest is how long such a room is left alone.
const phantomRest = 15 * time.Minute

func (p *phantoms) note(room RoomID, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rooms == nil {
		p.rooms = map[RoomID]time.Time{}
	}
	p.rooms[room] = now
}

func (p *phantoms) lately(room RoomID, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.rooms[room]
	return ok && now.Sub(at) < phantomRest
}
