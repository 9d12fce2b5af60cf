package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// performOpenRoom makes the conversation's room; then the lobby is told.
func (b *Bridge) performOpenRoom(ctx context.Context, e Entry) (func(Tx) error, error) {
	plan, err := b.roomPlan(ctx, e)
	if err != nil {
		return nil, err
	}
	room, err := b.rooms.OpenRoom(ctx, plan, b.foundRoom(ctx, RoomOwner{Conversation: e.Conversation}))
	switch {
	case isLost(err):
		return nil, b.replace(ctx, RoomOwner{Conversation: e.Conversation}, room, err)
	case err != nil:
		return nil, fmt.Errorf("open room: %w", err)
	}
	return func(tx Tx) error {
		c, done, err := b.roomDone(tx, e, room)
		if err != nil || !done {
			return err
		}
		if c.Trainee != "" {
			return b.introduceTraining(tx, c)
		}
		if err := b.introduce(tx, c); err != nil {
			return err
		}
		return b.announce(tx, c, plan.Area)
	}, nil
}

// roomDone ends an entry that has made or completed a conversation's room, and returns the
// conversation. False when it ended otherwise, or when the room serves no more: given up meanwhile, or
// another one serves. Then the entry is tried once more.
func (b *Bridge) roomDone(tx Tx, e Entry, room RoomID) (Conversation, bool, error) {
	c, err := tx.LockConversation(e.Conversation)
	if err != nil {
		return Conversation{}, false, err
	}
	if c.Room != room {
		e.Phase, e.DueAt = Ready, b.now()
		_, err := tx.SettleEntry(e)
		return Conversation{}, false, err
	}
	done, err := tx.FinishEntry(e.ID)
	return c, done, err
}

// performUpdateRoom brings the room in step with the conversation as it is now, not as it was
// when the entry was written: several changes need only one call.
func (b *Bridge) performUpdateRoom(ctx context.Context, e Entry) (func(Tx) error, error) {
	opening, err := b.anyPending(ctx, map[string]EntryKind{conversationStream(e.Conversation): OpenRoom, mendStream(e.Conversation): MendRoom})
	if err != nil {
		return nil, fmt.Errorf("look for the room's opening: %w", err)
	}
	if opening {
		return nil, fmt.Errorf("room is not open: %w", ErrNotYet) // its end would undo ours
	}
	plan, err := b.roomPlan(ctx, e)
	if err != nil {
		return nil, err
	}
	if err := b.rooms.UpdateRoom(ctx, plan); err != nil {
		return nil, fmt.Errorf("update room: %w", err)
	}
	return func(tx Tx) error { return finish(tx, e) }, nil
}

// anyPending reports whether any of some streams holds an entry of a kind.
func (b *Bridge) anyPending(ctx context.Context, kinds map[string]EntryKind) (bool, error) {
	for stream, kind := range kinds {
		if pending, err := b.store.Pending(ctx, stream, kind); err != nil || pending {
			if err != nil {
				err = fmt.Errorf("%w: %w", err, ErrNotSent)
			}
			return pending, err
		}
	}
	return false, nil
}

// performGuardRoom removes strangers from a conversation's room; first from the area's space, whose
// members can come in again.
func (b *Bridge) performGuardRoom(ctx context.Context, e Entry) (func(Tx) error, error) {
	pending, err := b.store.Pending(ctx, areaStream(e.Area), SetUpArea)
	if err != nil {
		return nil, fmt.Errorf("look for the area: %w: %w", err, ErrNotSent)
	}
	if pending {
		return nil, fmt.Errorf("the area's space is not guarded: %w", ErrNotYet)
	}
	if err := b.rereadFor(ctx); err != nil {
		return nil, err
	}
	plan, err := b.roomPlan(ctx, e)
	if err != nil {
		return nil, err
	}
	if plan.Guests, err = b.guestsOf(ctx, e.Conversation); err != nil {
		return nil, err
	}
	// A room that has been left has nobody in it.
	if c := plan.Conversation; c.Room != "" && !c.left() {
		if err := b.rooms.GuardRoom(ctx, plan); err != nil {
			return nil, fmt.Errorf("guard room: %w", err)
		}
	}
	return func(tx Tx) error { return finish(tx, e) }, nil
}

// guestsOf are a conversation's guests, for an entry that has not asked the homeserver for anything yet.
func (b *Bridge) guestsOf(ctx context.Context, id ConversationID) (guests []UserID, err error) {
	err = b.store.Update(ctx, func(tx Tx) (err error) {
		guests, err = tx.Guests(id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read guests: %w: %w", err, ErrNotSent)
	}
	return guests, nil
}

// rereadFor brings the staff up to date for an entry that another replica may have written.
func (b *Bridge) rereadFor(ctx context.Context) error {
	if err := b.reread(ctx); err != nil {
		return fmt.Errorf("%w: %w", err, ErrNotSent)
	}
	return nil
}

func (b *Bridge) performSetUpArea(ctx context.Context, e Entry) (func(Tx) error, error) {
	if err := b.rereadFor(ctx); err != nil {
		return nil, err
	}
	area, err := b.Area(e.Area)
	if err != nil {
		// The area has left the config since the entry was written.
		return func(tx Tx) error { return finish(tx, e) }, nil
	}
	plan, err := b.areaPlan(ctx, area)
	if err != nil {
		return nil, err
	}
	board, err := b.store.Board(ctx, area.ID)
	if err != nil {
		return nil, fmt.Errorf("read board: %w: %w", err, ErrNotSent)
	}
	found := func(owner RoomOwner, room RoomID) (RoomID, error) { return b.foundRoom(ctx, owner)(room) }
	plan.LobbyTopic = cmp.Or(board.Topic, plan.LobbyTopic)
	plan.Retry, plan.AgeSeconds = e.Attempts > 1 || e.Phase != Ready, b.age(e)
	rooms, err := b.rooms.SetUpArea(ctx, plan, found)
	var part *PartError
	if isLost(err) && errors.As(err, &part) {
		return nil, b.replace(ctx, RoomOwner{Area: area.ID, Part: part.Part}, part.Room, err)
	}
	if err != nil {
		return nil, fmt.Errorf("set up area: %w", err)
	}
	return func(tx Tx) error {
		if err := tx.SaveAreaRooms(rooms); err != nil {
			return err
		}
		return finish(tx, e)
	}, nil
}

func (b *Bridge) areaPlan(ctx context.Context, area ServiceArea) (AreaPlan, error) {
	p := AreaPlan{
		Area: area, SpaceName: b.texts.area("space_name", area),
		LobbyName: b.texts.area("lobby_name", area), LobbyTopic: b.texts.area("lobby_topic", area),
	}
	err := b.store.Update(ctx, func(tx Tx) error {
		var err error
		if p.Rooms, err = tx.AreaRooms(area.ID); err != nil {
			return err
		}
		for part, alias := range map[AreaPart]*string{Space: &p.SpaceAlias, Lobby: &p.LobbyAlias} {
			n, err := tx.Spare(RoomOwner{Area: area.ID, Part: part})
			if err != nil {
				return err
			}
			*alias = spareAlias("schalter_"+string(part)+"_"+string(area.ID), n)
		}
		return nil
	})
	if err != nil {
		return AreaPlan{}, fmt.Errorf("read rooms of area: %w: %w", err, ErrNotSent)
	}
	return p, nil
}

func areaEntry(id ServiceAreaID) string { return "set-up-" + string(id) }

// enqueueArea asks for an area's rooms: one entry, however often the service starts.
func (b *Bridge) enqueueArea(tx Tx, id ServiceAreaID) error {
	now := b.now()
	_, err := tx.Enqueue(Entry{
		ID: areaEntry(id), Stream: areaStream(id), Kind: SetUpArea, Area: id,
		Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
}

// setUpAreas asks for every area's rooms, as soon as the database can be reached.
func (b *Bridge) setUpAreas(ctx context.Context) {
	for ctx.Err() == nil {
		err := b.store.Update(ctx, func(tx Tx) error {
			if err := b.enqueueAdmin(tx); err != nil {
				return err
			}
			table, err := b.timetableIn(tx)
			if err != nil {
				return err
			}
			for _, a := range table.areas {
				if err := b.guideNew(tx, a.Clerks...); err != nil {
					return err
				}
				if err := b.enqueueArea(tx, a.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			b.Wake()
			return
		}
		b.log.Error().Err(err).Msg("service areas not set up yet")
		select {
		case <-ctx.Done():
		case <-time.After(HeartbeatEvery):
		}
	}
}

func (b *Bridge) areaRooms(ctx context.Context, id ServiceAreaID) (AreaRooms, error) {
	all, err := b.store.AreaRooms(ctx)
	if err != nil {
		return AreaRooms{}, fmt.Errorf("read rooms of area: %w: %w", err, ErrNotSent)
	}
	for _, r := range all {
		if r.Area == id {
			return r, nil
		}
	}
	return AreaRooms{Area: id}, nil
}

// roomPlan is how the room should be now. ErrNotYet while the area has no rooms.
func (b *Bridge) roomPlan(ctx context.Context, e Entry) (RoomPlan, error) {
	c, err := b.store.Conversation(ctx, e.Conversation)
	if err != nil {
		return RoomPlan{}, fmt.Errorf("read conversation: %w: %w", err, ErrNotSent)
	}
	area, err := b.Area(c.Area)
	if err != nil {
		return RoomPlan{}, fmt.Errorf("%w: %w", err, ErrNotYet)
	}
	rooms, err := b.areaRooms(ctx, c.Area)
	if err != nil {
		return RoomPlan{}, err
	}
	if rooms.Space == "" || rooms.Lobby == "" {
		return RoomPlan{}, fmt.Errorf("area %s has no rooms: %w", c.Area, ErrNotYet)
	}
	if c.Trainee != "" { // nobody else sees it, or is in it
		rooms.Space, area.Clerks = "", slices.DeleteFunc(slices.Clone(area.Clerks), func(u UserID) bool { return u != c.Trainee })
	}
	return RoomPlan{
		Conversation: c, Area: area, Space: rooms.Space,
		Retry: e.Attempts > 1 || e.Phase != Ready, AgeSeconds: b.age(e),
		Name: b.texts.roomName(c), Topic: b.texts.roomTopic(c, area), GhostName: b.texts.ghostName(c),
		Suggested: c.State == Waiting, Unlisted: c.State == Closed,
	}, nil
}

func (b *Bridge) age(e Entry) int { return int(b.now().Sub(e.CreatedAt).Seconds()) }

// performEmptyRoom ends the life of a conversation's room, once everything is in it that the citizen
// has written.
func (b *Bridge) performEmptyRoom(ctx context.Context, e Entry) (func(Tx) error, error) {
	busy, err := b.store.Pending(ctx, conversationStream(e.Conversation), "")
	if err != nil {
		return nil, fmt.Errorf("look for messages on their way: %w: %w", err, ErrNotSent)
	}
	if busy {
		return nil, fmt.Errorf("messages are on their way into the room: %w", ErrNotYet)
	}
	c, err := b.store.Conversation(ctx, e.Conversation)
	if err != nil {
		return nil, fmt.Errorf("read conversation: %w: %w", err, ErrNotSent)
	}
	rooms, err := b.areaRooms(ctx, c.Area) // also of an area that has left the config
	if err != nil {
		return nil, err
	}
	if c.Trainee != "" {
		rooms.Space = ""
	}
	plan := RoomPlan{Conversation: c, Space: rooms.Space, Name: b.texts.roomName(c), Unlisted: true}
	if err := b.rooms.EmptyRoom(ctx, plan); err != nil {
		return nil, fmt.Errorf("empty room: %w", err)
	}
	return func(tx Tx) error { return finish(tx, e) }, nil
}
