package bridge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// introduce posts the first notice of a conversation's room: what is known, and what may not be done
// because nobody has looked at the citizen's papers.
func (b *Bridge) introduce(tx Tx, c Conversation) error {
	turn, err := tx.Turn(c.ID)
	if err != nil {
		return err
	}
	at := turn.Since
	if at.IsZero() {
		at = c.CreatedAt
	}
	area := string(c.Area)
	if a, err := b.Area(c.Area); err == nil {
		area = a.NameIn("de")
	}
	parts := []string{b.texts.citizenName(c), area, b.texts.say("language_"+c.Language, nil)}
	if page := pageOf(c.PageURL); page != "" {
		parts = append(parts, b.texts.say("from_page", map[string]string{"Page": page}))
	}
	text := b.texts.say("room_notice", map[string]string{
		"Number": strconv.FormatInt(c.Number, 10), "Who": strings.Join(parts, " · "), "Time": b.texts.clock(at),
	})
	return b.tell(tx, Entry{Stream: deskStream(c.ID), Conversation: c.ID, Area: c.Area}, textPayload{Text: text, Notice: true})
}

func (b *Bridge) performInviteClerk(ctx context.Context, e Entry) (func(Tx) error, error) {
	done := func(tx Tx) error { return finish(tx, e) }
	room, err := b.roomOf(ctx, e)
	if err != nil {
		return nil, err
	}
	err = b.rooms.Invite(ctx, room, e.Sender)
	if errors.Is(err, ErrForbidden) || errors.Is(err, ErrRefused) {
		// One clerk who cannot be invited can join by the space, and holds up nothing else.
		b.log.Warn().Err(err).Str("conversation", string(e.Conversation)).Msg("clerk not invited")
		return done, nil
	}
	if err != nil {
		return nil, fmt.Errorf("invite clerk: %w", err)
	}
	return done, nil
}

func (b *Bridge) performMoveRoom(ctx context.Context, e Entry) (func(Tx) error, error) {
	if err := b.rereadFor(ctx); err != nil {
		return nil, err
	}
	plan, err := b.roomPlan(ctx, e)
	if err != nil {
		return nil, err
	}
	if plan.Conversation.ClerkID != "" {
		plan.Invite = []UserID{plan.Conversation.ClerkID}
	}
	if err := b.rooms.MoveRoom(ctx, plan); err != nil {
		return nil, fmt.Errorf("move room: %w", err)
	}
	return func(tx Tx) error { return finish(tx, e) }, nil
}
