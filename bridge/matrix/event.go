package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"maunium.net/go/mautrix"

	"schalter/bridge"
)

// Event reads one event as the bot, with the newest edit of its own sender; see bridge.Rooms. Not every
// homeserver sends an edit along with what it edits, so it is asked for.
func (a *Adapter) Event(ctx context.Context, room bridge.RoomID, event bridge.EventID) (bridge.Event, error) {
	var raw json.RawMessage
	if err := a.call(ctx, a.BotID(), http.MethodGet, nil, &raw, "rooms", string(room), "event", string(event)); err != nil {
		if errors.Is(err, bridge.ErrForbidden) {
			return bridge.Event{}, bridge.ErrNotFound
		}
		return bridge.Event{}, fmt.Errorf("read event: %w", err)
	}
	names := map[bridge.UserID]string{}
	out, ok := a.read(room, raw, names)
	if !ok {
		return bridge.Event{}, bridge.ErrNotFound
	}
	if out.Kind != bridge.ClerkText {
		return out, nil
	}
	edits, err := a.edits(ctx, room, event)
	if err != nil {
		return bridge.Event{}, err
	}
	for _, raw := range edits {
		edit, ok := a.read(room, raw, names)
		if ok && edit.Kind == bridge.ClerkEdit && edit.Sender == out.Sender && edit.ReplyTo == event {
			out.Text, out.HTML = edit.Text, edit.HTML
			break
		}
	}
	return out, nil
}

// edits are those of an event, the newest first (specification, "GET /_matrix/client/v1/rooms/…/relations").
func (a *Adapter) edits(ctx context.Context, room bridge.RoomID, event bridge.EventID) ([]json.RawMessage, error) {
	ctx, cancel := a.deadline(ctx)
	defer cancel()
	c := a.as(a.BotID())
	var answer struct {
		Chunk []json.RawMessage `json:"chunk"`
	}
	path := mautrix.ClientURLPath{"v1", "rooms", string(room), "relations", string(event), "m.replace", messageType}
	_, err := c.MakeRequest(ctx, http.MethodGet, c.BuildURLWithQuery(path, map[string]string{"limit": "20"}), nil, &answer)
	if err = classify(err); err != nil && !errors.Is(err, bridge.ErrForbidden) {
		return nil, fmt.Errorf("read edits: %w", err)
	}
	return answer.Chunk, nil
}
