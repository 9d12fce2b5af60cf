package matrix

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"schalter/bridge"
)

// Power levels. Only the bot changes rooms: Matrix's presets would let any member invite anyone,
// into the space too, and with it into every conversation.
const (
	botPower   = 100
	clerkPower = 25
)

// power makes power levels; speak is what it takes to write.
func (a *Adapter) power(clerks []bridge.UserID, speak int) map[string]any {
	users := map[string]any{string(a.BotID()): botPower}
	for _, c := range clerks {
		users[string(c)] = clerkPower
	}
	return map[string]any{
		"users": users, "users_default": 0, "events_default": speak, "state_default": botPower,
		"invite": botPower, "kick": botPower, "ban": botPower, "redact": botPower,
		"events":        map[string]any{barrierType: 0},
		"notifications": map[string]any{"room": botPower},
	}
}

var (
	historyShared = stateEvent{Type: "m.room.history_visibility", Content: map[string]any{"history_visibility": "shared"}}
	noGuests      = stateEvent{Type: "m.room.guest_access", Content: map[string]any{"guest_access": "forbidden"}}
	inviteOnly    = stateEvent{Type: "m.room.join_rules", Content: map[string]any{"join_rule": "invite"}}
)

func restrictedTo(space bridge.RoomID) stateEvent {
	return stateEvent{Type: "m.room.join_rules", Content: map[string]any{
		"join_rule": "restricted",
		"allow":     []any{map[string]any{"type": "m.room_membership", "room_id": string(space)}},
	}}
}

func named(name string) stateEvent {
	return stateEvent{Type: "m.room.name", Content: map[string]any{"name": name}}
}

func topic(text string) stateEvent {
	return stateEvent{Type: "m.room.topic", Content: map[string]any{"topic": text}}
}

// SetUpArea makes or completes an area's space and lobby; see bridge.Rooms.
func (a *Adapter) SetUpArea(ctx context.Context, p bridge.AreaPlan, found func(bridge.RoomOwner, bridge.RoomID) (bridge.RoomID, error)) (bridge.AreaRooms, error) {
	rooms := bridge.AreaRooms{Area: p.Area.ID}
	part := func(known bridge.RoomID, spec roomSpec) (bridge.RoomID, error) {
		room, _, err := a.obtain(ctx, spec, known, func(r bridge.RoomID) (bridge.RoomID, error) { return found(spec.owner, r) })
		if err != nil {
			err = &bridge.PartError{Part: spec.owner.Part, Room: room, Err: err}
		}
		return room, err
	}
	var err error
	if rooms.Space, err = part(p.Rooms.Space, a.spaceSpec(p)); err != nil {
		return rooms, err
	}
	if rooms.Lobby, err = part(p.Rooms.Lobby, a.lobbySpec(p, rooms.Space)); err != nil {
		return rooms, err
	}
	if err := a.putState(ctx, a.BotID(), rooms.Space, spaceChild, string(rooms.Lobby), a.lobbyChild()); err != nil {
		return rooms, fmt.Errorf("list lobby in its space: %w", err)
	}
	for _, room := range []bridge.RoomID{rooms.Space, rooms.Lobby} {
		if err := a.reconcileMembers(ctx, room, p.Area.Clerks); err != nil {
			return rooms, err
		}
	}
	return rooms, nil
}

func (a *Adapter) areaSpec(p bridge.AreaPlan, which bridge.AreaPart, spec roomSpec) roomSpec {
	spec.owner = bridge.RoomOwner{Area: p.Area.ID, Part: which}
	// After a lost database the alias may lead to our own rooms of before: look first.
	spec.retry, spec.seconds, spec.returns = true, p.AgeSeconds, true
	return spec
}

func (a *Adapter) spaceSpec(p bridge.AreaPlan) roomSpec {
	return a.areaSpec(p, bridge.Space, roomSpec{
		alias: p.SpaceAlias, space: true, power: a.power(p.Area.Clerks, botPower),
		state: []stateEvent{inviteOnly, historyShared, noGuests, named(p.SpaceName)},
	})
}

func (a *Adapter) lobbySpec(p bridge.AreaPlan, space bridge.RoomID) roomSpec {
	return a.areaSpec(p, bridge.Lobby, roomSpec{
		alias: p.LobbyAlias, power: a.power(p.Area.Clerks, clerkPower),
		state: []stateEvent{restrictedTo(space), historyShared, noGuests, named(p.LobbyName), topic(p.LobbyTopic)},
	})
}

func (a *Adapter) lobbyChild() map[string]any {
	return map[string]any{"via": []any{a.server}, "suggested": true, "order": "0"}
}

// reconcileMembers invites the clerks that are missing and removes everybody else.
func (a *Adapter) reconcileMembers(ctx context.Context, room bridge.RoomID, clerks []bridge.UserID) error {
	a.release(ctx, room)
	have, err := a.state(ctx, room)
	if err != nil {
		return err
	}
	for _, c := range clerks {
		if m := membership(have, c); m == "join" || m == "invite" || m == "ban" {
			continue
		}
		if err := a.invite(ctx, c, room); err != nil {
			// One clerk whose account does not exist yet must not close the counter.
			a.log.Warn().Err(err).Str("room", string(room)).Msg("clerk not invited")
		}
	}
	return a.removeOthers(ctx, room, have, clerks)
}

// GuardRoom removes everybody from a conversation's room who may not be in it; see bridge.Rooms.
func (a *Adapter) GuardRoom(ctx context.Context, p bridge.RoomPlan) error {
	have, err := a.state(ctx, p.Conversation.Room)
	if err != nil {
		return err
	}
	return a.removeOthers(ctx, p.Conversation.Room, have, slices.Concat([]bridge.UserID{p.Conversation.Ghost}, p.Area.Clerks, p.Guests))
}

// removeOthers removes everybody but the bot and those who may stay.
func (a *Adapter) removeOthers(ctx context.Context, room bridge.RoomID, have roomState, stay []bridge.UserID) error {
	for key := range have {
		user := bridge.UserID(key.key)
		if key.kind != memberType || user == a.BotID() || slices.Contains(stay, user) {
			continue
		}
		if m := membership(have, user); m == "join" || m == "invite" || m == "knock" {
			err := a.kick(ctx, user, room)
			if errors.Is(err, bridge.ErrForbidden) && hasPower(have, user) {
				// Whom a homeserver's admin gave as much power as we have. Nothing else waits for them to go.
				a.log.Warn().Err(err).Str("room", string(room)).Msg("not removed from the room")
				continue
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
