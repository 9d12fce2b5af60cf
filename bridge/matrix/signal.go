package matrix

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"schalter/bridge"
)

// The types of what rooms tell of the moment (specification, "Typing Notifications", "Receipts").
const (
	typingType  = "m.typing"
	receiptType = "m.receipt"
)

// readSignal adds to a batch who is typing in a room, or who has read what, our own users apart. What
// can't be read is nothing: these events have no ID by which they could be set aside.
func (a *Adapter) readSignal(batch *bridge.Batch, room bridge.RoomID, raw json.RawMessage) {
	var e struct {
		Type    string          `json:"type"`
		Content json.RawMessage `json:"content"`
	}
	if json.Unmarshal(raw, &e) != nil {
		return
	}
	switch e.Type {
	case typingType:
		var content struct {
			Users []string `json:"user_ids"`
		}
		if json.Unmarshal(e.Content, &content) != nil {
			return
		}
		batch.Typing[room] = nil // nobody is news, too
		for _, user := range content.Users {
			if !a.isOurs(user) {
				batch.Typing[room] = append(batch.Typing[room], bridge.UserID(user))
			}
		}
	case receiptType:
		batch.Receipts = append(batch.Receipts, a.receipts(room, e.Content)...)
	}
}

// receipts reads who has read a room, event by event. A receipt of a thread says nothing about the
// room's timeline.
func (a *Adapter) receipts(room bridge.RoomID, content json.RawMessage) []bridge.Receipt {
	var byEvent map[bridge.EventID]map[string]json.RawMessage
	if json.Unmarshal(content, &byEvent) != nil {
		return nil
	}
	var out []bridge.Receipt
	for _, event := range slices.Sorted(maps.Keys(byEvent)) {
		var readers map[string]json.RawMessage
		if json.Unmarshal(byEvent[event]["m.read"], &readers) != nil {
			continue
		}
		for _, user := range slices.Sorted(maps.Keys(readers)) {
			var about struct {
				Thread string `json:"thread_id"`
			}
			_ = json.Unmarshal(readers[user], &about) // without one it is about all of the room
			if !a.isOurs(user) && (about.Thread == "" || about.Thread == "main") {
				out = append(out, bridge.Receipt{Room: room, Event: event, User: bridge.UserID(user)})
			}
		}
	}
	return out
}

// SetTyping shows a user as writing, or no more.
func (a *Adapter) SetTyping(ctx context.Context, room bridge.RoomID, as bridge.UserID, lasts time.Duration) error {
	content := map[string]any{"typing": lasts > 0}
	if lasts > 0 {
		content["timeout"] = lasts.Milliseconds()
	}
	if err := a.call(ctx, as, http.MethodPut, content, nil, "rooms", string(room), "typing", string(as)); err != nil {
		return fmt.Errorf("set typing: %w", err)
	}
	return nil
}

// MoveReceipt moves a user's receipt to an event.
func (a *Adapter) MoveReceipt(ctx context.Context, room bridge.RoomID, as bridge.UserID, event bridge.EventID) error {
	err := a.call(ctx, as, http.MethodPost, map[string]any{}, nil, "rooms", string(room), "receipt", "m.read", string(event))
	if err != nil {
		return fmt.Errorf("move receipt: %w", err)
	}
	return nil
}
