package bridge

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	// boardEvery is how often the pinned notice of a lobby is edited at most; topicEvery the topic,
	// whose changes stand in the timeline.
	boardEvery = 20 * time.Second
	topicEvery = 10 * time.Minute
)

// boardText is the state of an area, and its topic, which leaves out what changes all the time.
func (b *Bridge) boardText(tx Tx, area ServiceArea) (board, topic string, err error) {
	waiting, active, err := tx.CountLive(area.ID)
	if err != nil {
		return "", "", err
	}
	now := b.now()
	status := area.Hours.OpenUntilText(b.texts.lang, now)
	switch area.At(now).State {
	case AreaClosed:
		status = area.Hours.NextOpeningText(b.texts.lang, now)
	case AreaUnstaffed:
		status = b.texts.say("state_unstaffed", nil)
	}
	if area.Gone {
		status = b.texts.say("state_gone", nil)
	}
	var names []string
	for _, user := range area.Available() {
		name, err := b.clerkName(tx, user)
		if err != nil {
			return "", "", err
		}
		names = append(names, name)
	}
	data := map[string]string{
		"Status": status, "Waiting": strconv.Itoa(waiting), "Active": strconv.Itoa(active), "Clerks": strings.Join(names, ", "),
	}
	if len(names) == 0 {
		data["Clerks"] = b.texts.say("nobody", nil)
	}
	return b.texts.say("board", data), b.texts.say("board_topic", data), nil
}

// keepBoards brings the lobbies' pinned notices and topics in step with their areas until ctx ends,
// not more often than is good for those who read them. The replica that reads /sync does it.
func (b *Bridge) keepBoards(ctx context.Context) {
	if b.boards <= 0 {
		return
	}
	every := time.NewTicker(b.boards)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if !b.Vitals().Reads {
			continue
		}
		changed := false
		err := b.store.Update(ctx, func(tx Tx) error {
			changed = false
			for _, area := range b.timetable.Load().areas {
				did, err := b.showBoard(tx, area)
				if err != nil {
					return fmt.Errorf("show board: %w", err)
				}
				changed = changed || did
			}
			return nil
		})
		if err != nil && ctx.Err() == nil {
			b.log.Warn().Err(err).Msg("boards not shown")
		}
		if changed {
			b.Wake()
		}
	}
}

// boardDue says what of a board is to be changed now.
type boardDue struct{ post, edit, topic bool }

func (h Board) due(text, topic string, now time.Time) boardDue {
	posted := !h.ShownAt.IsZero()
	return boardDue{
		post:  !posted,
		edit:  posted && h.Event != "" && text != h.Shown && !now.Before(h.ShownAt.Add(boardEvery)),
		topic: h.Event != "" && topic != h.Topic && !now.Before(h.TopicAt.Add(topicEvery)),
	}
}

// showBoard enqueues what is to be changed of an area's board, and reports whether there is anything.
func (b *Bridge) showBoard(tx Tx, area ServiceArea) (bool, error) {
	rooms, err := tx.AreaRooms(area.ID)
	if err != nil || rooms.Lobby == "" {
		return false, err
	}
	text, topic, err := b.boardText(tx, area)
	if err != nil {
		return false, err
	}
	have, err := tx.Board(area.ID)
	if err != nil {
		return false, err
	}
	now := b.now()
	due := have.due(text, topic, now)
	if due == (boardDue{}) {
		return false, nil
	}
	if due.post || due.edit {
		kind := EditNotice
		if due.post {
			kind = PostBoard
		}
		have.Shown, have.ShownAt = text, now
		err := b.tell(tx, Entry{Stream: lobbyStream(area.ID), Kind: kind, Area: area.ID, Room: rooms.Lobby}, textPayload{Text: text, Notice: true})
		if err != nil {
			return false, err
		}
	}
	if due.topic {
		have.Topic, have.TopicAt = topic, now
		_, err := tx.Enqueue(Entry{
			ID: NewID(), Stream: lobbyStream(area.ID), Kind: PinBoard, Area: area.ID, Room: rooms.Lobby,
			Phase: Ready, DueAt: now, CreatedAt: now,
		}, "", now)
		if err != nil {
			return false, err
		}
	}
	return true, tx.SaveBoard(have)
}

// boardPosted records the event of a lobby's pinned notice.
func (b *Bridge) boardPosted(tx Tx, e Entry, event EventID) error {
	have, err := tx.Board(e.Area)
	if err != nil {
		return err
	}
	have.Event = event
	return tx.SaveBoard(have)
}

func (b *Bridge) performPinBoard(ctx context.Context, e Entry) (func(Tx) error, error) {
	board, err := b.store.Board(ctx, e.Area)
	if err != nil {
		return nil, fmt.Errorf("read board: %w: %w", err, ErrNotSent)
	}
	if err := b.rooms.PinBoard(ctx, e.Room, board.Event, board.Topic); err != nil {
		return nil, fmt.Errorf("pin board: %w", err)
	}
	return func(tx Tx) error { return finish(tx, e) }, nil
}
