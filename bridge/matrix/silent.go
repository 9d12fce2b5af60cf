package matrix

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"maunium.net/go/mautrix"

	"schalter/bridge"
)

// againField makes a membership a new event, where it would otherwise be the one that stands.
const againField = "ch.schalter.again"

// unmute sees to it that the bot's /sync tells of a room that the bot is in. A Dendrite that is killed
// in the middle of createRoom can lose, on the way to its /sync, that the bot came in: the room then
// works for everybody, and what clerks say there never reaches us. The bot says once more that it is
// in; with that event the room comes, and what was said before is fetched as the gap before it.
func (a *Adapter) unmute(ctx context.Context, room bridge.RoomID) error {
	heard, err := a.syncTellsOf(ctx, room)
	if err != nil || heard {
		return err
	}
	if err := a.comeAgain(ctx, a.BotID(), room); err != nil {
		return err
	}
	a.log.Warn().Str("room", string(room)).Msg("a room that /sync did not tell of")
	return nil
}

// comeAgain has one of our users who is in a room say so once more, by a new event.
func (a *Adapter) comeAgain(ctx context.Context, user bridge.UserID, room bridge.RoomID) error {
	member, err := a.pieceOfState(ctx, room, memberType, string(user))
	if err != nil {
		return err
	}
	member["membership"], member[againField] = "join", bridge.NewID()
	if err := a.putState(ctx, user, room, memberType, string(user), member); err != nil {
		return fmt.Errorf("come into the room again: %w", err)
	}
	return nil
}

// syncTellsOf asks for the room as somebody who has just signed in would.
func (a *Adapter) syncTellsOf(ctx context.Context, room bridge.RoomID) (bool, error) {
	nothing := map[string]any{"types": []string{}}
	filter, err := json.Marshal(map[string]any{
		"presence": nothing, "account_data": nothing,
		"room": map[string]any{
			"rooms": []bridge.RoomID{room}, "timeline": map[string]any{"limit": 1},
			"state": map[string]any{"types": []string{createType}}, "ephemeral": nothing, "account_data": nothing,
		},
	})
	if err != nil {
		return false, fmt.Errorf("encode filter: %w", err)
	}
	ctx, cancel := a.deadline(ctx)
	defer cancel()
	c := a.as(a.BotID())
	var r struct {
		Rooms struct {
			Join map[bridge.RoomID]json.RawMessage `json:"join"`
		} `json:"rooms"`
	}
	_, err = c.MakeFullRequest(ctx, mautrix.FullRequest{
		Method: http.MethodGet, MaxAttempts: 1, ResponseJSON: &r,
		URL: c.BuildURLWithQuery(mautrix.ClientURLPath{"v3", "sync"}, map[string]string{"timeout": "0", "filter": string(filter)}),
	})
	if err != nil {
		return false, fmt.Errorf("look for the room in /sync: %w", classify(err))
	}
	_, heard := r.Rooms.Join[room]
	return heard, nil
}
