package bridge

import (
	"context"
	"fmt"
)

// spaceOf is the space that lists an owner's room; "" for none.
func (b *Bridge) spaceOf(ctx context.Context, owner RoomOwner) (RoomID, error) {
	area := owner.Area
	if owner.Conversation != "" {
		c, err := b.store.Conversation(ctx, owner.Conversation)
		if err != nil {
			return "", fmt.Errorf("read conversation: %w: %w", err, ErrNotSent)
		}
		area = c.Area
	}
	if area == "" || owner.Part == Space {
		return "", nil
	}
	rooms, err := b.areaRooms(ctx, area)
	return rooms.Space, err
}

func (b *Bridge) servingRoom(ctx context.Context, owner RoomOwner) (RoomID, error) {
	if owner.Conversation != "" {
		c, err := b.store.Conversation(ctx, owner.Conversation)
		if err != nil {
			return "", fmt.Errorf("read conversation: %w: %w", err, ErrNotSent)
		}
		return c.Room, nil
	}
	if owner.Part == AdminRoom {
		plan, err := b.adminPlan(ctx)
		return plan.Room, err
	}
	rooms, err := b.areaRooms(ctx, owner.Area)
	if owner.Part == Space {
		return rooms.Space, err
	}
	return rooms.Lobby, err
}

// roomOf is the room that an entry goes to: its own, else the lobby for a lobby's stream, else its
// conversation's. ErrNotYet while that is not made.
func (b *Bridge) roomOf(ctx context.Context, e Entry) (RoomID, error) {
	room := e.Room
	switch {
	case room != "":
	case e.toLobby():
		rooms, err := b.areaRooms(ctx, e.Area)
		if err != nil {
			return "", err
		}
		room = rooms.Lobby
	default:
		c, err := b.store.Conversation(ctx, e.Conversation)
		if err != nil {
			return "", fmt.Errorf("find room: %w: %w", err, ErrNotSent)
		}
		room = c.Room
	}
	if room == "" {
		return "", fmt.Errorf("entry has no room: %w", ErrNotYet)
	}
	return room, nil
}

// roomIn is roomOf within a transaction; "" while the room is not made.
func roomIn(tx Tx, e Entry) (RoomID, error) {
	switch {
	case e.Room != "":
		return e.Room, nil
	case e.toLobby():
		rooms, err := tx.AreaRooms(e.Area)
		return rooms.Lobby, err
	}
	c, err := tx.LockConversation(e.Conversation)
	return c.Room, err
}

// toLobby reports whether an entry goes to its area's lobby.
func (e Entry) toLobby() bool { return e.Conversation == "" || e.Stream == lobbyStream(e.Area) }
