package matrix

import (
	"context"
	"fmt"
	"net/http"

	"schalter/bridge"
)

// The fields and types that are ours on the wire.
const (
	markerField   = "ch.schalter.message_id"
	ownerField    = "ch.schalter.conversation"
	areaField     = "ch.schalter.service_area"
	partField     = "ch.schalter.part"
	barrierType   = "ch.schalter.barrier"
	htmlFormat    = "org.matrix.custom.html"
	messageType   = "m.room.message"
	powerType     = "m.room.power_levels"
	createType    = "m.room.create"
	memberType    = "m.room.member"
	spaceChild    = "m.space.child"
	canonicalType = "m.room.canonical_alias"
)

// Send sends a message. Its transaction ID and its marker are the entry's ID.
func (a *Adapter) Send(ctx context.Context, m bridge.OutgoingMessage) (bridge.EventID, error) {
	content := map[string]any{
		"msgtype": "m.text", "body": m.Text, markerField: m.Entry,
		// Without this field clients look for names and @room in the text.
		"m.mentions": mentions(m.Mentions),
	}
	if m.Notice {
		content["msgtype"] = "m.notice"
	}
	if m.HTML != "" {
		content["format"], content["formatted_body"] = htmlFormat, m.HTML
	}
	var answer struct {
		EventID string `json:"event_id"`
	}
	err := a.call(ctx, m.As, http.MethodPut, content, &answer, "rooms", string(m.Room), "send", messageType, m.Entry)
	if err == nil && answer.EventID == "" {
		err = &callError{kind: bridge.ErrUnanswered, status: http.StatusOK}
	}
	if err != nil {
		return "", fmt.Errorf("send message: %w", err)
	}
	return bridge.EventID(answer.EventID), nil
}

// SendBarrier sends a state event with a nonce. Each has new content: Synapse makes no event of
// state that does not change.
func (a *Adapter) SendBarrier(ctx context.Context, room bridge.RoomID, as bridge.UserID, entry, nonce string) error {
	content := map[string]any{"entry": entry, "nonce": nonce}
	if err := a.putState(ctx, as, room, barrierType, string(as), content); err != nil {
		return fmt.Errorf("send barrier: %w", err)
	}
	return nil
}

func (a *Adapter) putState(ctx context.Context, as bridge.UserID, room bridge.RoomID, kind, key string, content any) error {
	return a.call(ctx, as, http.MethodPut, content, nil, "rooms", string(room), "state", kind, key)
}

func mentions(users []bridge.UserID) map[string]any {
	if len(users) == 0 {
		return map[string]any{}
	}
	return map[string]any{"user_ids": users}
}
