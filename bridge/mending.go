package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

func mendEntry(id ConversationID) string { return "mend-" + string(id) }

// enqueueMend asks for a conversation's room to be put right: one entry, however often.
func (b *Bridge) enqueueMend(tx Tx, c Conversation) error {
	now := b.now()
	_, err := tx.Enqueue(Entry{
		ID: mendEntry(c.ID), Stream: mendStream(c.ID), Kind: MendRoom, Conversation: c.ID, Area: c.Area,
		Room: c.Room, Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
}

// performMendRoom puts a conversation's room right. Where we have no power any more, or are not let
// in, another room takes its place.
func (b *Bridge) performMendRoom(ctx context.Context, e Entry) (func(Tx) error, error) {
	plan, err := b.roomPlan(ctx, e)
	if err != nil {
		return nil, err
	}
	if plan.Conversation.left() {
		return func(tx Tx) error { return finish(tx, e) }, nil
	}
	plan.Retry, plan.Complete = true, true
	if clerk := plan.Conversation.ClerkID; plan.Area.Staffs(clerk) {
		plan.Invite = []UserID{clerk}
	}
	if plan.Guests, err = b.guestsOf(ctx, e.Conversation); err != nil {
		return nil, err
	}
	owner := RoomOwner{Conversation: e.Conversation}
	room, err := b.rooms.OpenRoom(ctx, plan, b.foundRoom(ctx, owner))
	if isLost(err) {
		return nil, b.replace(ctx, owner, room, err)
	}
	if err != nil {
		return nil, fmt.Errorf("mend room: %w", err)
	}
	return func(tx Tx) error {
		c, done, err := b.roomDone(tx, e, room)
		if err != nil || !done {
			return err
		}
		if e.Room != room {
			if err := b.moveIn(tx, &c); err != nil {
				return err
			}
		}
		return b.showNotices(tx, c) // the number may be another one
	}, nil
}

// moveIn goes on with a conversation in the room that took another's place, as if nothing had been:
// the citizen notices nothing, and who serves them is asked in, and reads there what was said before.
func (b *Bridge) moveIn(tx Tx, c *Conversation) error {
	if c.Trainee == "" {
		if err := b.introduce(tx, *c); err != nil {
			return err
		}
	}
	said, err := tx.LastMessages(*c, carriedMessages)
	if err != nil {
		return err
	}
	var lines []string
	for _, m := range said {
		if m.Text == "" {
			continue // deleted
		}
		who := m.Sender
		if m.Direction == FromCitizenDirection {
			who = b.texts.citizenName(*c)
		}
		lines = append(lines, who+": "+clipTo(m.Text, carriedText))
	}
	var mentions []UserID
	if c.State == Active {
		if c.ClerkID, err = b.servedBy(tx, *c); err != nil {
			return err
		}
		if c.ClerkID == "" {
			if err := b.waitAgain(tx, c); err != nil {
				return err
			}
		} else {
			mentions = []UserID{c.ClerkID}
			guests, err := tx.Guests(c.ID)
			if err != nil {
				return err
			}
			for _, clerk := range append(guests, c.ClerkID) {
				if err := b.invite(tx, *c, clerk); err != nil {
					return err
				}
			}
			if err := tx.SaveConversation(*c); err != nil {
				return err
			}
		}
	}
	return b.tellRoom(tx, *c, "room_replaced", map[string]string{"Said": strings.Join(lines, "\n")}, mentions...)
}

// servedBy is the clerk who serves a conversation. Homeservers that delete a room have everybody
// leave it, and who left serves no more; then it is the one of the name that the citizen reads.
func (b *Bridge) servedBy(tx Tx, c Conversation) (UserID, error) {
	area, err := b.Area(c.Area)
	if c.Trainee != "" || err != nil {
		return c.Trainee, nil
	}
	if area.Staffs(c.ClerkID) {
		return c.ClerkID, nil
	}
	var named []UserID
	for _, clerk := range area.Clerks {
		name, err := b.clerkName(tx, clerk)
		if err != nil {
			return "", err
		}
		if name == c.Clerk {
			named = append(named, clerk)
		}
	}
	if len(named) != 1 {
		return "", nil
	}
	return named[0], nil
}

// What a new room is told of the old one: so many messages, so many characters of each. A Matrix
// event holds 64 KiB.
const carriedMessages, carriedText = 30, 400

// wasForbidden looks at the room in which an entry was refused, so that it can go on. It is put right
// no more often than what is found otherwise.
func (b *Bridge) wasForbidden(ctx context.Context, e Entry) {
	var owner RoomOwner
	var err error
	switch {
	case e.Kind == MendRoom, e.Kind == OpenRoom, e.Kind == SetUpArea, e.Kind == SetUpAdmin, e.Kind == LeaveRoom, e.Kind == EmptyRoom:
		return // those see to it themselves
	case e.Stream == adminStream:
		owner.Part = AdminRoom
	case e.toLobby():
		owner.Area = e.Area
	}
	if owner == (RoomOwner{}) {
		err = b.inspectRoom(ctx, e.Conversation, e.Sender)
	} else {
		err = b.inspect(ctx, owner)
	}
	if err == nil {
		err = b.rehouse(ctx, e)
	}
	if err != nil {
		b.log.Warn().Err(err).Str("entry", e.ID).Msg("room of the outbox entry not looked at")
	}
}

// hangsOnEvent are the kinds that are about an event of their room, or are done anew when the room is
// replaced: in another room they have no place.
var hangsOnEvent = []EntryKind{PostNotice, EditNotice, PlaceReaction, PostBoard, PinBoard}

// rehouse sends an entry to the room that serves now, if the one that it was meant for serves no more.
func (b *Bridge) rehouse(ctx context.Context, e Entry) error {
	if e.Room == "" || !e.Kind.sends() && e.Kind != PinBoard {
		return nil
	}
	err := b.store.Update(ctx, func(tx Tx) error {
		now := e
		now.Room = ""
		var serving RoomID
		var err error
		if e.Stream == adminStream {
			serving, err = tx.HouseRoom(AdminRoom)
		} else {
			serving, err = roomIn(tx, now)
		}
		if err != nil || serving == "" || serving == e.Room {
			return err
		}
		if slices.Contains(hangsOnEvent, e.Kind) {
			return finish(tx, e)
		}
		return tx.MoveEntry(e.ID, serving, b.now())
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("send to the room that serves: %w", err)
	}
	return nil
}
