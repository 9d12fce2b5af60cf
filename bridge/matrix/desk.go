package matrix

import (
	"context"
	"fmt"

	"schalter/bridge"
)

const (
	spaceParent = "m.space.parent"
	pinnedType  = "m.room.pinned_events"
)

// MoveRoom hands a conversation's room to another area; see bridge.Rooms. The order matters: a clerk
// who is removed could come in again while the old space still admits; and the room names its old
// space until that has forgotten it, so that a repeat finds it.
func (a *Adapter) MoveRoom(ctx context.Context, p bridge.RoomPlan) error {
	room := p.Conversation.Room
	have, err := a.state(ctx, room)
	if err != nil {
		return err
	}
	rule := restrictedTo(p.Space)
	if err := a.putState(ctx, a.BotID(), room, rule.Type, rule.Key, rule.Content); err != nil {
		return fmt.Errorf("set join rule: %w", err)
	}
	if err := a.putState(ctx, a.BotID(), room, spaceParent, string(p.Space), parentOf(a.server)); err != nil {
		return fmt.Errorf("set space: %w", err)
	}
	for key, value := range have {
		if key.kind != spaceParent || key.key == string(p.Space) || len(value.content) == 0 {
			continue
		}
		if err := a.putState(ctx, a.BotID(), bridge.RoomID(key.key), spaceChild, string(room), map[string]any{}); err != nil {
			return fmt.Errorf("take room out of its former space: %w", err)
		}
		if err := a.putState(ctx, a.BotID(), room, spaceParent, key.key, map[string]any{}); err != nil {
			return fmt.Errorf("forget former space: %w", err)
		}
	}
	for _, clerk := range p.Invite {
		if err := a.Invite(ctx, room, clerk); err != nil {
			// The clerk can join by the space; those who may not read on must go all the same.
			a.log.Warn().Err(err).Str("room", string(room)).Msg("clerk not invited")
		}
	}
	if err := a.GuardRoom(ctx, p); err != nil {
		return err
	}
	return a.UpdateRoom(ctx, p)
}

// Invite asks a user into a room; one who is in it or invited stays so.
func (a *Adapter) Invite(ctx context.Context, room bridge.RoomID, user bridge.UserID) error {
	m, err := a.membership(ctx, user, room)
	if err != nil || m == "join" || m == "invite" {
		return err
	}
	return a.letIn(ctx, user, room)
}

// PinBoard pins an event, alone, and sets the topic.
func (a *Adapter) PinBoard(ctx context.Context, lobby bridge.RoomID, event bridge.EventID, text string) error {
	for _, s := range []stateEvent{{Type: pinnedType, Content: map[string]any{"pinned": []any{event}}}, topic(text)} {
		if err := a.putState(ctx, a.BotID(), lobby, s.Type, s.Key, s.Content); err != nil {
			return fmt.Errorf("set %s: %w", s.Type, err)
		}
	}
	return nil
}

func parentOf(server string) map[string]any {
	return map[string]any{"canonical": true, "via": []any{server}}
}
