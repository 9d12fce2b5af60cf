package bridge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// isLost reports whether a room can't serve any more, or its alias can't be had.
func isLost(err error) bool { return errors.Is(err, ErrRoomBroken) || errors.Is(err, ErrAliasTaken) }

// spareAlias is the alias that stands in for a name after lost ones: schalter_lobby_hunde, then
// schalter_lobby_hunde_2.
func spareAlias(name string, lost int) string {
	if lost == 0 {
		return name
	}
	return name + "_" + strconv.Itoa(lost+1)
}

// replace prepares that another room takes the place of one that can't be completed, or another alias
// that of one which a room keeps that is not ours, or not usable: the next attempt finds neither. A
// conversation then gets the next number, which is never issued again.
func (b *Bridge) replace(ctx context.Context, owner RoomOwner, room RoomID, cause error) error {
	err := b.store.Update(ctx, func(tx Tx) error {
		if errors.Is(cause, ErrRoomBroken) && room != "" {
			if err := b.abandon(tx, owner, room); err != nil {
				return err
			}
		}
		if !errors.Is(cause, ErrAliasTaken) {
			return nil
		}
		if owner.Conversation == "" {
			return tx.RaiseSpare(owner)
		}
		return b.renumber(tx, owner.Conversation)
	})
	if err != nil {
		return fmt.Errorf("replace room: %w: %w", err, ErrNotSent)
	}
	return fmt.Errorf("%w: %w", cause, ErrNotSent)
}

// abandon ends that a room serves. What hung on it is done anew: the notices of a lobby, and the
// entries of conversations' rooms in a space.
func (b *Bridge) abandon(tx Tx, owner RoomOwner, room RoomID) error {
	var hang []ConversationID
	var err error
	switch {
	case owner.Conversation != "":
		_, err = tx.LockConversation(owner.Conversation)
	case owner.Part == Lobby:
		hang, err = tx.NoticedIn(owner.Area)
	case owner.Part == Space:
		hang, err = tx.LiveRooms(owner.Area)
	}
	if err != nil {
		return err
	}
	conversations := make([]Conversation, len(hang))
	for i, id := range hang {
		if conversations[i], err = tx.LockConversation(id); err != nil {
			return err
		}
	}
	if err := tx.Abandon(owner, room); err != nil {
		return err
	}
	if err := b.discard(tx, owner, room); err != nil {
		return err
	}
	if owner.Part == Lobby {
		return b.fillLobby(tx, owner.Area, conversations)
	}
	for _, c := range conversations {
		if err := b.enqueueMend(tx, c); err != nil {
			return err
		}
	}
	return nil
}

// fillLobby has a lobby that is being made in place of another one show what that one did: the board,
// the chats and the open requests.
func (b *Bridge) fillLobby(tx Tx, id ServiceAreaID, conversations []Conversation) error {
	area, err := b.Area(id)
	if err != nil {
		return nil // gone from the config
	}
	if err := tx.SaveBoard(Board{Area: id}); err != nil {
		return err
	}
	for _, c := range conversations {
		if err := b.announce(tx, c, area); err != nil {
			return err
		}
	}
	requests, err := tx.OpenRequests(id)
	if err != nil {
		return err
	}
	for _, r := range requests {
		err := b.tell(tx, Entry{ID: string(r.ID), Stream: lobbyStream(id), Kind: PostRequest, Area: id}, b.requestNotice(r, area))
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *Bridge) renumber(tx Tx, id ConversationID) error {
	c, err := tx.LockConversation(id)
	if err != nil {
		return err
	}
	if c.Number, err = tx.NextNumber(); err != nil {
		return err
	}
	return tx.SaveConversation(c)
}
