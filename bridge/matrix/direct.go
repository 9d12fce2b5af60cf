package matrix

import (
	"context"

	"schalter/bridge"
)

// OpenDirect makes or completes the room that the bot shares with one clerk; see bridge.Rooms.
func (a *Adapter) OpenDirect(ctx context.Context, p bridge.DirectPlan, found func(bridge.RoomID) (bridge.RoomID, error)) (bridge.RoomID, error) {
	room, _, err := a.obtain(ctx, roomSpec{
		owner: bridge.RoomOwner{Part: bridge.DirectRoom, User: p.User}, alias: p.Alias,
		power: a.power([]bridge.UserID{p.User}, 0),
		state: []stateEvent{inviteOnly, historyShared, noGuests, named(p.Name), topic(p.Topic)},
		// After a lost database the alias may lead to our own room of before: look first.
		retry: true, seconds: p.AgeSeconds, returns: true,
	}, p.Room, found)
	return room, err
}
