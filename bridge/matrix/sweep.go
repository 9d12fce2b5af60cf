package matrix

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"schalter/bridge"
)

// sweep looks through the rooms that the bot is in for some that we don't know, at the start and
// whenever the homeserver has been away: a homeserver that is killed in the middle of createRoom
// can keep a room of which its /sync never tells. Found so on Dendrite.
func (a *Adapter) sweep(ctx context.Context, core Core) error {
	joined, err := a.JoinedRooms(ctx)
	if err != nil {
		return err
	}
	known, err := core.KnownRooms(ctx)
	if err != nil {
		return fmt.Errorf("list known rooms: %w", err)
	}
	for room := range joined {
		if known[room] {
			continue
		}
		state, err := a.state(ctx, room)
		if errors.Is(err, bridge.ErrForbidden) {
			continue // left meanwhile
		}
		if err != nil {
			return err
		}
		create := state[stateKey{createType, ""}]
		owner, ours := ownerOf(create.content)
		if !ours || create.sender != string(a.BotID()) {
			continue
		}
		if err := core.FoundRoom(ctx, owner, room); err != nil {
			return err
		}
	}
	return nil
}

// JoinedRooms are the rooms that the bot is in.
func (a *Adapter) JoinedRooms(ctx context.Context) (map[bridge.RoomID]bool, error) {
	var joined struct {
		Rooms []bridge.RoomID `json:"joined_rooms"`
	}
	if err := a.call(ctx, a.BotID(), http.MethodGet, nil, &joined, "joined_rooms"); err != nil {
		return nil, fmt.Errorf("list joined rooms: %w", err)
	}
	out := make(map[bridge.RoomID]bool, len(joined.Rooms))
	for _, room := range joined.Rooms {
		out[room] = true
	}
	return out, nil
}
