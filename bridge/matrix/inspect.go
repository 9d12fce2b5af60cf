package matrix

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"time"

	"schalter/bridge"
)

// whatOf names a piece of state in the words of bridge.What.
var whatOf = map[string]bridge.What{
	powerType: bridge.PowerDrifted, "m.room.join_rules": bridge.JoinRuleDrifted, "m.room.name": bridge.NameDrifted,
	canonicalType:               bridge.AliasDrifted,
	"m.room.history_visibility": bridge.JoinRuleDrifted, "m.room.guest_access": bridge.JoinRuleDrifted,
	spaceParent: bridge.ChildDrifted,
}

// InspectRoom compares a conversation's room with its plan; see bridge.Rooms.
func (a *Adapter) InspectRoom(ctx context.Context, p bridge.RoomPlan) ([]bridge.What, error) {
	room := p.Conversation.Room
	found, have, err := a.inspect(ctx, a.conversationSpec(p), room)
	if err != nil || have == nil {
		return found, err
	}
	if membership(have, p.Conversation.Ghost) != "join" || a.putOut(have, p.Conversation.ClerkID) && p.Area.Staffs(p.Conversation.ClerkID) {
		found = append(found, bridge.MemberDrifted)
	}
	if p.Space == "" {
		return found, nil
	}
	child, err := a.pieceOfState(ctx, p.Space, spaceChild, string(room))
	if errors.Is(err, bridge.ErrForbidden) {
		return found, nil // the space itself is looked at by InspectArea
	}
	if err != nil {
		return nil, err
	}
	if !same(child, a.child(p)) && !slices.Contains(found, bridge.ChildDrifted) {
		found = append(found, bridge.ChildDrifted)
	}
	return found, nil
}

// pieceOfState reads one piece of a room's state; empty when it is not set.
func (a *Adapter) pieceOfState(ctx context.Context, room bridge.RoomID, kind, key string) (map[string]any, error) {
	content := map[string]any{}
	err := a.call(ctx, a.BotID(), http.MethodGet, nil, &content, "rooms", string(room), "state", kind, key)
	if code(err) == "M_NOT_FOUND" {
		return map[string]any{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", kind, err)
	}
	return content, nil
}

// putOut reports whether somebody else than the bot has put a user out of a room.
func (a *Adapter) putOut(have roomState, user bridge.UserID) bool {
	sender := have[stateKey{memberType, string(user)}].sender
	return membership(have, user) == "leave" && sender != string(user) && sender != string(a.BotID())
}

// InspectArea compares space and lobby with their plan; see bridge.Rooms.
func (a *Adapter) InspectArea(ctx context.Context, p bridge.AreaPlan) (bridge.AreaFindings, error) {
	var out bridge.AreaFindings
	found, have, err := a.inspect(ctx, a.spaceSpec(p), p.Rooms.Space)
	if err != nil {
		return out, err
	}
	out.Space = found
	if have != nil {
		out.Space = inspectMembers(found, have, p.Area.Clerks, a.BotID())
		if !same(have[stateKey{spaceChild, string(p.Rooms.Lobby)}].content, a.lobbyChild()) {
			out.Space = append(out.Space, bridge.ChildDrifted)
		}
		out.Listed = map[bridge.RoomID]bool{}
		for key, value := range have {
			if key.kind == spaceChild && len(value.content) > 0 {
				out.Listed[bridge.RoomID(key.key)] = true
			}
		}
	}
	found, have, err = a.inspect(ctx, a.lobbySpec(p, p.Rooms.Space), p.Rooms.Lobby)
	if err != nil {
		return out, err
	}
	out.Lobby = inspectMembers(found, have, p.Area.Clerks, a.BotID())
	return out, nil
}

// InspectAdmin compares the admin room with its plan; see bridge.Rooms.
func (a *Adapter) InspectAdmin(ctx context.Context, p bridge.AdminPlan) ([]bridge.What, error) {
	found, have, err := a.inspect(ctx, a.adminSpec(p), p.Room)
	if err != nil || have == nil {
		return found, err
	}
	return inspectMembers(found, have, p.Admins, a.BotID()), nil
}

// inspect compares a room with its spec. Without a state, the room is lost.
func (a *Adapter) inspect(ctx context.Context, spec roomSpec, room bridge.RoomID) ([]bridge.What, roomState, error) {
	joined := a.joinedPeople(ctx, room)
	have, err := a.state(ctx, room)
	if gone(err, have, a.BotID()) {
		return []bridge.What{bridge.RoomLost}, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var found []bridge.What
	note := func(what bridge.What) {
		if !slices.Contains(found, what) {
			found = append(found, what)
		}
	}
	for _, s := range a.wanted(spec) {
		if whatOf[s.Type] == "" {
			continue // topics say what goes on, and change all the time
		}
		content := have[stateKey{s.Type, s.Key}].content
		if s.Type == powerType && samePower(content, s.Content) || s.Type != powerType && same(content, s.Content) {
			continue
		}
		note(whatOf[s.Type])
	}
	behind, err := a.resolve(ctx, a.AliasFor(spec.alias))
	if err != nil {
		return nil, nil, err
	}
	if behind != room {
		note(bridge.AliasDrifted)
	}
	if len(have[stateKey{encryptionType, ""}].content) > 0 {
		note(bridge.Encrypted)
	}
	if a.limbo.look(room, joined, have, time.Now()) {
		note(bridge.MemberDrifted)
	}
	return found, have, nil
}

// inspectMembers looks for people who were put out of a room by somebody else, or let in. Who has
// left, or has never come, is where they want to be.
func inspectMembers(found []bridge.What, have roomState, people []bridge.UserID, bot bridge.UserID) []bridge.What {
	for key, value := range have {
		user := bridge.UserID(key.key)
		if key.kind != memberType || user == bot {
			continue
		}
		m, staff := membership(have, user), slices.Contains(people, user)
		in := m == "join" || m == "invite" || m == "knock"
		if in != staff && (in || m == "leave" && value.sender != key.key) {
			return append(found, bridge.MemberDrifted)
		}
	}
	return found
}

// samePower compares power levels, but for the clerks' own, which follow the staff, and for what
// homeservers add.
func samePower(have, want map[string]any) bool {
	plain := asJSON(want)
	for key, value := range plain {
		found := have[key]
		switch key {
		case "users":
			found, value = withoutClerks(found), withoutClerks(value)
		case "events": // homeservers merge their own into what a room is made with
			found = withoutOutOfReach(found)
		}
		if !reflect.DeepEqual(found, value) {
			return false
		}
	}
	return true
}

// withoutOutOfReach are the levels of events that somebody beside the bot has.
func withoutOutOfReach(events any) any {
	out := map[string]any{}
	m, _ := events.(map[string]any)
	for kind, level := range m {
		if n, ok := level.(float64); !ok || n <= clerkPower {
			out[kind] = level
		}
	}
	return out
}

func withoutClerks(users any) map[string]any {
	out := map[string]any{}
	m, _ := users.(map[string]any)
	for user, level := range m {
		if level != float64(clerkPower) {
			out[user] = level
		}
	}
	return out
}
