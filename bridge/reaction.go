package bridge

import (
	"context"
	"encoding/json"
	"fmt"
)

// Reaction is a reaction of one of our own users on its way to the homeserver. Under a notice of
// the bot it is a button: a clerk's click adds the clerk's own, and only that one counts.
type Reaction struct {
	Room RoomID
	As   UserID
	// Entry is transaction ID and marker.
	Entry  string
	Target EventID
	Key    string
}

// DoneKey is the reaction that marks something in the lobby as done, or takes it.
const DoneKey = "✅"

// reactionPayload is the payload of PlaceReaction.
type reactionPayload struct {
	Target EventID `json:"target"`
	Key    string  `json:"key"`
}

// placeReaction enqueues a reaction of the bot under an event in the room of e: Room, else that of
// the conversation, else the area's lobby. Stream is e's as well. To be called in the transaction
// that learns the target, which happens once.
func (b *Bridge) placeReaction(tx Tx, e Entry, target EventID, key string) error {
	payload, err := json.Marshal(reactionPayload{Target: target, Key: key})
	if err != nil {
		return fmt.Errorf("encode payload: %w", err)
	}
	now := b.now()
	_, err = tx.Enqueue(Entry{
		ID: NewID(), Stream: e.Stream, Kind: PlaceReaction, Conversation: e.Conversation, Area: e.Area, Room: e.Room,
		Sender: b.rooms.BotID(), Payload: payload, Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
}

func (b *Bridge) performReaction(ctx context.Context, e Entry) (func(Tx) error, error) {
	var p reactionPayload
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		return nil, fmt.Errorf("decode payload: %w: %w", err, ErrRefused)
	}
	room, err := b.roomOf(ctx, e)
	if err != nil {
		return nil, err
	}
	event, err := b.rooms.React(ctx, Reaction{Room: room, As: e.Sender, Entry: e.ID, Target: p.Target, Key: p.Key})
	if err != nil {
		return nil, err
	}
	return func(tx Tx) error { return b.confirm(tx, e, event) }, nil
}
