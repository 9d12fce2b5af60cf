package bridge

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// takeFromLobby has a clerk take the chat under whose notice the clerk has put a ✅. known is false
// when the event is no chat's notice. Of two clerks at once exactly one gets it, for the row is
// locked; the other is told.
func (b *Bridge) takeFromLobby(tx Tx, area ServiceArea, ev Event) (id ConversationID, known bool, err error) {
	if ev.Kind != ClerkReaction || !strings.HasPrefix(ev.Key, DoneKey) {
		return "", false, nil
	}
	n, err := tx.LobbyNoticeByEvent(ev.ReplyTo)
	if errors.Is(err, ErrNotFound) || err == nil && n.Area != area.ID {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	c, err := tx.LockConversation(n.Conversation)
	if err != nil {
		return "", true, err
	}
	if c.State == Waiting {
		return c.ID, true, b.takeFor(tx, &c, area, ev.Sender)
	}
	if c.ClerkID == ev.Sender && c.State == Active {
		return "", true, nil
	}
	key := "lobby_too_late"
	if c.State == Closed {
		key = "lobby_over"
	}
	return "", true, b.tell(tx, Entry{Stream: lobbyStream(area.ID), Area: area.ID}, textPayload{
		Text: b.texts.say(key, map[string]string{"Number": strconv.FormatInt(c.Number, 10), "Clerk": c.Clerk}), Notice: true,
	})
}

// takeFor gives a waiting chat to a clerk of an area, and invites the clerk to its room. A chat of
// another area moves to the clerk's: its room, its space and who may read it.
func (b *Bridge) takeFor(tx Tx, c *Conversation, area ServiceArea, clerk UserID) error {
	name, err := b.clerkName(tx, clerk)
	if err != nil {
		return err
	}
	if c.Area != area.ID {
		if err := b.move(tx, c, area); err != nil {
			return err
		}
	}
	if err := b.assign(tx, c, clerk, name); err != nil {
		return err
	}
	if err := b.invite(tx, *c, clerk); err != nil {
		return err
	}
	return tx.SaveConversation(*c)
}

// assign gives a waiting chat to a clerk; room and lobby show it. The caller saves c.
func (b *Bridge) assign(tx Tx, c *Conversation, clerk UserID, name string) error {
	c.State, c.Clerk, c.ClerkID = Active, name, clerk
	b.spoke(c, c.Life.SpokenBy, b.now())
	if c.Trainee != "" { // who trains stands in no queue
		return b.updateRoom(tx, *c)
	}
	turn, err := tx.Turn(c.ID)
	if err != nil {
		return err
	}
	turn.TakenAt, turn.DueAt = b.now(), time.Time{}
	if err := tx.SaveTurn(turn); err != nil {
		return err
	}
	if err := b.answered(tx, clerk); err != nil {
		return err
	}
	return b.updateRoom(tx, *c)
}

// answered ends what was counted against a clerk who has left offers unanswered.
func (b *Bridge) answered(tx Tx, clerk UserID) error {
	p, err := tx.Pause(clerk)
	if err != nil || p.Unanswered == 0 && !p.Automatic {
		return err
	}
	if p.Automatic {
		b.staffNews.Store(true)
		p.Paused, p.Automatic = false, false
	}
	p.Unanswered = 0
	return tx.SavePause(p)
}

// invite asks a clerk into a conversation's room; one who is in it stays.
func (b *Bridge) invite(tx Tx, c Conversation, clerk UserID) error {
	now := b.now()
	_, err := tx.Enqueue(Entry{
		ID: NewID(), Stream: deskStream(c.ID), Kind: InviteClerk, Conversation: c.ID, Area: c.Area, Sender: clerk,
		Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
}

// move hands a conversation to another area. The room follows: first who may enter it, then the
// space that lists it, then whoever was in it and may not be any more. The caller saves c.
func (b *Bridge) move(tx Tx, c *Conversation, to ServiceArea) error {
	from := c.Area
	c.Area = to.ID
	if _, err := tx.RemoveGuests(c.ID); err != nil {
		return err
	}
	turn, err := tx.Turn(c.ID)
	if err != nil {
		return err
	}
	turn.Area = to.ID
	if err := tx.SaveTurn(turn); err != nil {
		return err
	}
	if err := b.startClosing(tx, c.ID, to); err != nil {
		return err
	}
	now := b.now()
	_, err = tx.Enqueue(Entry{
		ID: NewID(), Stream: deskStream(c.ID), Kind: MoveRoom, Conversation: c.ID, Area: from,
		Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
}
