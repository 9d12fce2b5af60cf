package matrix

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"schalter/bridge"
)

// The fields and types that are ours on the wire.
const (
	markerField   = "ch.schalter.message_id"
	ownerField    = "ch.schalter.conversation"
	areaField     = "ch.schalter.service_area"
	partField     = "ch.schalter.part"
	userField     = "ch.schalter.user"
	barrierType   = "ch.schalter.barrier"
	htmlFormat    = "org.matrix.custom.html"
	messageType   = "m.room.message"
	reactionType  = "m.reaction"
	redactionType = "m.room.redaction"
	powerType     = "m.room.power_levels"
	createType    = "m.room.create"
	memberType    = "m.room.member"
	spaceChild    = "m.space.child"
	canonicalType = "m.room.canonical_alias"

	encryptionType = "m.room.encryption"
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
	if m.File != nil {
		fileContent(content, *m.File)
	}
	if m.HTML != "" {
		content["format"], content["formatted_body"] = htmlFormat, m.HTML
	}
	if m.ReplyTo != "" {
		content["m.relates_to"] = map[string]any{"m.in_reply_to": map[string]any{"event_id": m.ReplyTo}}
	}
	if m.Replaces != "" {
		content = edited(content, m)
	}
	event, err := a.put(ctx, m.As, m.Room, messageType, m.Entry, content)
	if err != nil {
		return "", fmt.Errorf("send message: %w", ofLostRoom(m.Replaces, err))
	}
	return event, nil
}

// ofLostRoom marks the refusal of something about an event that is not in the room: it was in one that
// is lost. Synapse knows no better code for it.
func ofLostRoom(about bridge.EventID, err error) error {
	var answer *callError
	if about != "" && errors.As(err, &answer) && answer.status == http.StatusBadRequest && answer.code == "M_UNKNOWN" {
		return fmt.Errorf("%w: %w", bridge.ErrRefused, err)
	}
	return err
}

// edited is a message in place of an earlier one (specification, "Event replacements"). What stands
// beside the new content is for clients that know no edits. Nobody is notified of it.
func edited(content map[string]any, m bridge.OutgoingMessage) map[string]any {
	fresh := maps.Clone(content)
	delete(fresh, markerField)
	content["m.mentions"] = mentions(nil)
	content["body"] = "* " + m.Text
	if m.HTML != "" {
		content["formatted_body"] = "* " + m.HTML
	}
	content["m.new_content"] = fresh
	content["m.relates_to"] = map[string]any{"rel_type": "m.replace", "event_id": m.Replaces}
	return content
}

// React puts a reaction under an event. Synapse refuses one that is there already, which is as
// good as success, but without an event ID.
func (a *Adapter) React(ctx context.Context, r bridge.Reaction) (bridge.EventID, error) {
	content := map[string]any{
		"m.relates_to": map[string]any{"rel_type": "m.annotation", "event_id": r.Target, "key": r.Key}, markerField: r.Entry,
	}
	event, err := a.put(ctx, r.As, r.Room, reactionType, r.Entry, content)
	if code(err) == "M_DUPLICATE_ANNOTATION" {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("place reaction: %w", ofLostRoom(r.Target, err))
	}
	return event, nil
}

// Redact deletes an event. One that is redacted already stays so.
func (a *Adapter) Redact(ctx context.Context, room bridge.RoomID, as bridge.UserID, transaction string, event bridge.EventID) error {
	err := a.call(ctx, as, http.MethodPut, map[string]any{}, nil, "rooms", string(room), "redact", string(event), transaction)
	if err != nil {
		return fmt.Errorf("redact: %w", err)
	}
	return nil
}

// put sends an event that is no state, and returns its ID.
func (a *Adapter) put(ctx context.Context, as bridge.UserID, room bridge.RoomID, kind, txn string, content any) (bridge.EventID, error) {
	var answer struct {
		EventID bridge.EventID `json:"event_id"`
	}
	err := a.call(ctx, as, http.MethodPut, content, &answer, "rooms", string(room), "send", kind, txn)
	if err == nil && answer.EventID == "" {
		err = &callError{kind: bridge.ErrUnanswered, status: http.StatusOK}
	}
	return answer.EventID, err
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
