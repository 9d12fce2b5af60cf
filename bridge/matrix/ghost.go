package matrix

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"schalter/bridge"
)

// ensureUser makes one of our users exist under a name. The name is set before the user enters
// a room: timelines would show its ID otherwise.
func (a *Adapter) ensureUser(ctx context.Context, user bridge.UserID, localpart, name string) error {
	if known, ok := a.registered.Load(user); ok && known == name {
		return nil
	}
	register := map[string]any{"type": "m.login.application_service", "username": localpart, "inhibit_login": true}
	err := a.call(ctx, "", http.MethodPost, register, nil, "register")
	if err != nil && code(err) != "M_USER_IN_USE" {
		return fmt.Errorf("register user: %w", err)
	}
	profile := map[string]any{"displayname": name}
	if err := a.call(ctx, user, http.MethodPut, profile, nil, "profile", string(user), "displayname"); err != nil {
		return fmt.Errorf("set display name: %w", err)
	}
	a.registered.Store(user, name)
	return nil
}

func (a *Adapter) ensureBot(ctx context.Context) error {
	return a.ensureUser(ctx, a.BotID(), BotLocalpart, a.botName)
}

// join brings a user into a room it is invited to. A user that is in it already stays.
func (a *Adapter) join(ctx context.Context, user bridge.UserID, room bridge.RoomID) error {
	if err := a.call(ctx, user, http.MethodPost, map[string]any{}, nil, "rooms", string(room), "join"); err != nil {
		return fmt.Errorf("join room: %w", err)
	}
	return nil
}

func (a *Adapter) invite(ctx context.Context, user bridge.UserID, room bridge.RoomID) error {
	err := a.call(ctx, a.BotID(), http.MethodPost, map[string]any{"user_id": user}, nil, "rooms", string(room), "invite")
	if err != nil {
		return fmt.Errorf("invite: %w", err)
	}
	return nil
}

// letIn invites a user who may have come in since the room was looked at, or may have been banned.
func (a *Adapter) letIn(ctx context.Context, user bridge.UserID, room bridge.RoomID) error {
	err := a.invite(ctx, user, room)
	if !errors.Is(err, bridge.ErrForbidden) {
		return err
	}
	switch m, look := a.membership(ctx, user, room); {
	case look != nil:
		return err
	case m == "join" || m == "invite":
		return nil
	case m == "ban" && a.isOurs(string(user)):
		if err := a.call(ctx, a.BotID(), http.MethodPost, map[string]any{"user_id": user}, nil, "rooms", string(room), "unban"); err != nil {
			return fmt.Errorf("lift ban: %w", err)
		}
		return a.invite(ctx, user, room)
	}
	return err
}

// membership is what a user is in a room now; "" for a stranger.
func (a *Adapter) membership(ctx context.Context, user bridge.UserID, room bridge.RoomID) (string, error) {
	var m struct {
		Membership string `json:"membership"`
	}
	err := a.call(ctx, a.BotID(), http.MethodGet, nil, &m, "rooms", string(room), "state", memberType, string(user))
	if err != nil && code(err) != "M_NOT_FOUND" {
		return "", fmt.Errorf("read membership: %w", err)
	}
	return m.Membership, nil
}

func (a *Adapter) kick(ctx context.Context, user bridge.UserID, room bridge.RoomID) error {
	err := a.call(ctx, a.BotID(), http.MethodPost, map[string]any{"user_id": user}, nil, "rooms", string(room), "kick")
	if err != nil {
		return fmt.Errorf("kick: %w", err)
	}
	return nil
}
