package bridge

import (
	"context"
	"encoding/json"
	"fmt"
)

// perform calls the homeserver. What it returns is committed together with the next claim.
func (b *Bridge) perform(ctx context.Context, e Entry) (func(Tx) error, error) {
	switch e.Kind {
	case SendEdit, SendReaction:
		return b.performRelation(ctx, e)
	case Redact:
		return b.performRedact(ctx, e)
	case SendMessage, PostNotice, TellRoom, PostRequest, PostBoard:
		return b.sendText(ctx, e, "")
	case SendFile:
		return b.performFile(ctx, e)
	case WriteProtocol:
		return b.performProtocol(ctx, e)
	case PostFile:
		return b.performPostFile(ctx, e)
	case PostDocument, EditDocument:
		return b.performDocument(ctx, e)
	case EditNotice:
		return b.performEditNotice(ctx, e)
	case PinBoard:
		return b.performPinBoard(ctx, e)
	case InviteClerk:
		return b.performInviteClerk(ctx, e)
	case MoveRoom:
		return b.performMoveRoom(ctx, e)
	case PlaceReaction:
		return b.performReaction(ctx, e)
	case OpenRoom:
		return b.performOpenRoom(ctx, e)
	case UpdateRoom:
		return b.performUpdateRoom(ctx, e)
	case GuardRoom:
		return b.performGuardRoom(ctx, e)
	case SetUpArea:
		return b.performSetUpArea(ctx, e)
	case SendMail:
		return b.performSendMail(ctx, e)
	case SendGuide:
		return b.performSendGuide(ctx, e)
	case SetUpAdmin:
		return b.performSetUpAdmin(ctx, e)
	case LeaveRoom:
		return b.performLeaveRoom(ctx, e)
	case MoveReceipt:
		return b.performMoveReceipt(ctx, e)
	case MendRoom:
		return b.performMendRoom(ctx, e)
	case EmptyRoom:
		return b.performEmptyRoom(ctx, e)
	}
	return nil, fmt.Errorf("unknown kind %q: %w", e.Kind, ErrRefused)
}

// sendText sends a text, in place of an earlier event if replaces is not empty.
func (b *Bridge) sendText(ctx context.Context, e Entry, replaces EventID) (func(Tx) error, error) {
	var p textPayload
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		return nil, fmt.Errorf("decode payload: %w: %w", err, ErrRefused)
	}
	room, err := b.roomOf(ctx, e)
	if err != nil {
		return nil, err
	}
	out := OutgoingMessage{
		Room: room, As: e.Sender, Entry: e.ID, Text: p.Text, HTML: p.HTML, Mentions: p.Mentions, Notice: p.Notice, Replaces: replaces,
	}
	if p.ReplyTo != "" {
		to, err := b.store.Message(ctx, p.ReplyTo)
		if err != nil {
			return nil, fmt.Errorf("read message: %w: %w", err, ErrNotSent)
		}
		out.ReplyTo = to.Event // none if it never came into the room
	}
	event, err := b.rooms.Send(ctx, out)
	if err != nil {
		return nil, err
	}
	return func(tx Tx) error { return b.confirm(tx, e, event) }, nil
}
