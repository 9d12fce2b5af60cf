package matrix

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"schalter/bridge"
)

// LeaveRoom leaves and forgets a room that serves nobody; see bridge.Rooms. A room that we are not in
// is left.
func (a *Adapter) LeaveRoom(ctx context.Context, space, room bridge.RoomID) error {
	if err := a.unlist(ctx, space, room); err != nil {
		return err
	}
	in, err := a.membership(ctx, a.BotID(), room)
	if err != nil && !errors.Is(err, bridge.ErrForbidden) {
		return err
	}
	if err := a.leave(ctx, a.BotID(), room); err != nil || in == "join" {
		return err
	}
	return fmt.Errorf("leave room: %w", bridge.ErrNotIn)
}

// unlist takes a room out of a space that lists it, as far as we may.
func (a *Adapter) unlist(ctx context.Context, space, room bridge.RoomID) error {
	if space == "" {
		return nil
	}
	child, err := a.pieceOfState(ctx, space, spaceChild, string(room))
	if err == nil && len(child) > 0 {
		err = a.putState(ctx, a.BotID(), space, spaceChild, string(room), map[string]any{})
	}
	if err != nil && !errors.Is(err, bridge.ErrForbidden) {
		return fmt.Errorf("take room out of its space: %w", err)
	}
	return nil
}

// leave has one of our users leave and forget a room. ErrRefused when the homeserver answers and
// will not have it, whatever its reason.
func (a *Adapter) leave(ctx context.Context, user bridge.UserID, room bridge.RoomID) error {
	for _, verb := range []string{"leave", "forget"} {
		err := a.call(ctx, user, http.MethodPost, map[string]any{}, nil, "rooms", string(room), verb)
		if err == nil || errors.Is(err, bridge.ErrForbidden) || code(err) == "M_UNKNOWN" {
			continue
		}
		var answer *callError
		if errors.As(err, &answer) && answer.code != "" && answer.status != 0 && answer.status != http.StatusTooManyRequests && answer.status != http.StatusUnauthorized {
			err = &callError{kind: bridge.ErrRefused, code: answer.code, status: answer.status}
		}
		return fmt.Errorf("%s room: %w", verb, err)
	}
	return nil
}

// EmptyRoom ends a conversation's room; see bridge.Rooms. The bot goes last, so that a call that was
// cut short can be made again; what it may not do in the room any more is left as it is.
func (a *Adapter) EmptyRoom(ctx context.Context, p bridge.RoomPlan) error {
	room, ghost := p.Conversation.Room, p.Conversation.Ghost
	have, err := a.state(ctx, room)
	if errors.Is(err, bridge.ErrForbidden) || err == nil && membership(have, a.BotID()) != "join" {
		return a.leave(ctx, a.BotID(), room) // out already; forgotten, perhaps not yet
	}
	if err != nil {
		return err
	}
	if err := a.putChild(ctx, p, room); err != nil && !errors.Is(err, bridge.ErrForbidden) {
		return err
	}
	if err := a.seal(ctx, p, have); err != nil && !errors.Is(err, bridge.ErrForbidden) {
		return err
	}
	for key := range have {
		user := bridge.UserID(key.key)
		if key.kind != memberType || user == a.BotID() || user == ghost {
			continue
		}
		if m := membership(have, user); m != "join" && m != "invite" && m != "knock" {
			continue
		}
		if err := a.kick(ctx, user, room); err != nil && !errors.Is(err, bridge.ErrForbidden) {
			return err
		}
	}
	if m := membership(have, ghost); m == "join" || m == "invite" {
		if err := a.leave(ctx, ghost, room); err != nil && !errors.Is(err, bridge.ErrRefused) {
			return err
		}
	}
	return a.leave(ctx, a.BotID(), room)
}

// seal makes a room read-only, and lets nobody in.
func (a *Adapter) seal(ctx context.Context, p bridge.RoomPlan, have roomState) error {
	power := a.power(nil, botPower)
	power["events"] = map[string]any{}
	for _, s := range []stateEvent{named(p.Name), inviteOnly, {Type: powerType, Content: power}} {
		if same(have[stateKey{s.Type, s.Key}].content, s.Content) {
			continue
		}
		if err := a.putState(ctx, a.BotID(), p.Conversation.Room, s.Type, s.Key, s.Content); err != nil {
			return fmt.Errorf("seal room, %s: %w", s.Type, err)
		}
	}
	return nil
}
