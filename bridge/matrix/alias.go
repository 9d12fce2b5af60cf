package matrix

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"schalter/bridge"
)

// unusableAfter is how long an alias may lead to a room that nobody can enter before it is
// given up: on Synapse, a createRoom that was cut short leaves such an alias for ever.
const unusableAfter = 30

// resolve returns the room that an alias leads to; "" for none.
func (a *Adapter) resolve(ctx context.Context, alias string) (bridge.RoomID, error) {
	var answer struct {
		RoomID bridge.RoomID `json:"room_id"`
	}
	err := a.call(ctx, a.BotID(), http.MethodGet, nil, &answer, "directory", "room", alias)
	if code(err) == "M_NOT_FOUND" {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("resolve alias: %w", err)
	}
	return answer.RoomID, nil
}

// removeAlias removes an alias as the bot, or as the registration's sender, whoever has set it. What
// fails is told as the bot was told. One that is not there is removed.
func (a *Adapter) removeAlias(ctx context.Context, alias string) error {
	err := a.call(ctx, a.BotID(), http.MethodDelete, nil, nil, "directory", "room", alias)
	if err == nil || code(err) == "M_NOT_FOUND" {
		return nil
	}
	if a.call(ctx, "", http.MethodDelete, nil, nil, "directory", "room", alias) == nil {
		return nil
	}
	return fmt.Errorf("remove alias: %w", err)
}

// behindAlias returns the room that an alias leads to, "" when there is none or when the alias
// had to be given up. ErrAliasTaken when the room is not spec.owner's.
func (a *Adapter) behindAlias(ctx context.Context, spec roomSpec) (bridge.RoomID, error) {
	alias := a.AliasFor(spec.alias)
	room, err := a.resolve(ctx, alias)
	if err != nil || room == "" {
		return "", err
	}
	state, err := a.state(ctx, room)
	if errors.Is(err, bridge.ErrForbidden) && a.join(ctx, a.BotID(), room) == nil {
		state, err = a.state(ctx, room)
	}
	if errors.Is(err, bridge.ErrForbidden) || err == nil && len(state) == 0 {
		return "", a.giveUpAlias(ctx, spec, alias)
	}
	if err != nil {
		return "", err
	}
	create := state[stateKey{createType, ""}]
	if owner, ours := ownerOf(create.content); !ours || owner != spec.owner || create.sender != string(a.BotID()) {
		return "", fmt.Errorf("adopt room: %w", bridge.ErrAliasTaken)
	}
	// One that was given up has been left, and shows its state all the same. Nor need the bot have
	// come into one that was being made when the homeserver died.
	if membership(state, a.BotID()) != "join" && a.join(ctx, a.BotID(), room) != nil {
		return "", a.giveUpAlias(ctx, spec, alias)
	}
	return room, nil
}

// giveUpAlias removes an alias without a usable room, once whoever may still be making that room
// has had time to finish. ErrAliasTaken when the homeserver will not have it: Dendrite wants to take
// the alias out of the room's state first, where we may not write.
func (a *Adapter) giveUpAlias(ctx context.Context, spec roomSpec, alias string) error {
	if spec.seconds < unusableAfter {
		return &callError{kind: bridge.ErrNotSent, code: "room behind the alias cannot be read yet"}
	}
	err := a.removeAlias(ctx, alias)
	var answer *callError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &answer) && (answer.status == http.StatusForbidden ||
		answer.status == http.StatusInternalServerError && spec.seconds >= 2*unusableAfter):
		return fmt.Errorf("remove unusable alias: %w: %w", bridge.ErrAliasTaken, err)
	}
	return fmt.Errorf("remove unusable alias: %w", err)
}

// dropAlias takes the alias off a room that can't be completed, if it leads there: the next attempt
// would find the same room again. cause becomes ErrAliasTaken as well where the homeserver keeps it.
func (a *Adapter) dropAlias(ctx context.Context, alias string, room bridge.RoomID, cause error) error {
	behind, err := a.resolve(ctx, alias)
	if err != nil || behind != room {
		return cause
	}
	var refused *callError
	err = a.removeAlias(ctx, alias)
	if errors.As(err, &refused) && refused.status >= 400 && refused.status != http.StatusTooManyRequests {
		return fmt.Errorf("%w: %w", bridge.ErrAliasTaken, cause)
	}
	return cause
}

// completeAlias gives the room its alias. An unanswered createRoom that was repeated can make two
// rooms for one owner; the alias, which only one of them can have, decides which one serves: it
// is what people follow. ErrRoomBroken when that is the other one.
func (a *Adapter) completeAlias(ctx context.Context, spec roomSpec, room bridge.RoomID) error {
	behind, err := a.behindAlias(ctx, spec)
	switch {
	case err != nil:
		return fmt.Errorf("alias of the room: %w", err)
	case behind == "":
		if err := a.putAlias(ctx, room, a.AliasFor(spec.alias)); err != nil {
			return fmt.Errorf("set alias: %w", err)
		}
	case behind != room:
		return fmt.Errorf("alias leads to another room of the same owner: %w", bridge.ErrRoomBroken)
	}
	return nil
}

// putAlias gives a room an alias. Dendrite lets nobody but the registration's sender set one in an
// exclusive namespace, other than by createRoom.
func (a *Adapter) putAlias(ctx context.Context, room bridge.RoomID, alias string) error {
	body := map[string]any{"room_id": room}
	err := a.call(ctx, a.BotID(), http.MethodPut, body, nil, "directory", "room", alias)
	if code(err) == "M_EXCLUSIVE" {
		err = a.call(ctx, "", http.MethodPut, body, nil, "directory", "room", alias)
	}
	return err
}
