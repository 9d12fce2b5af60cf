package matrix

import (
	"context"

	"schalter/bridge"
)

// SetUpAdmin makes or completes the admin room, and brings its members in step with the admins;
// see bridge.Rooms. Only admins are invited, and nobody can join uninvited.
func (a *Adapter) SetUpAdmin(ctx context.Context, p bridge.AdminPlan, found func(bridge.RoomID) (bridge.RoomID, error)) (bridge.RoomID, error) {
	room, _, err := a.obtain(ctx, a.adminSpec(p), p.Room, found)
	if err != nil {
		return room, err
	}
	return room, a.reconcileMembers(ctx, room, p.Admins)
}

func (a *Adapter) adminSpec(p bridge.AdminPlan) roomSpec {
	return roomSpec{
		owner: bridge.RoomOwner{Part: bridge.AdminRoom}, alias: p.Alias,
		power: a.power(p.Admins, clerkPower),
		state: []stateEvent{inviteOnly, historyShared, noGuests, named(p.Name), topic(p.Topic)},
		// After a lost database the alias may lead to our own room of before: look first.
		retry: true, seconds: p.AgeSeconds, returns: true,
	}
}
