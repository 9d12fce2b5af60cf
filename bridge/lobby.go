package bridge

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// LobbyNotice is the notice of a conversation in the lobby of an area: its own, or one to whose
// clerks it was offered too. It is edited in place as the conversation goes on.
type LobbyNotice struct {
	Conversation ConversationID
	Area         ServiceAreaID
	// Event is empty until it is posted.
	Event EventID
	// Shown is its text, as it is or will be when the outbox has caught up.
	Shown string
}

// Board is the pinned notice of a lobby and its topic.
type Board struct {
	Area  ServiceAreaID
	Event EventID
	// Shown and Topic as in LobbyNotice, with when they were last changed.
	Shown   string
	ShownAt time.Time
	Topic   string
	TopicAt time.Time
}

// LobbyStore is what Store keeps about lobbies.
type LobbyStore interface {
	// LobbyNotice returns ErrNotFound when there is none.
	LobbyNotice(context.Context, ConversationID, ServiceAreaID) (LobbyNotice, error)
	// Board returns the zero value with the area while there is none.
	Board(context.Context, ServiceAreaID) (Board, error)
}

// LobbyTx is LobbyStore within a transaction.
type LobbyTx interface {
	LobbyNotices(ConversationID) ([]LobbyNotice, error)
	// LobbyNoticeByEvent returns ErrNotFound when there is none.
	LobbyNoticeByEvent(EventID) (LobbyNotice, error)
	// NoticedIn are the conversations that are not closed and have a notice in an area's lobby, in the
	// order of their numbers.
	NoticedIn(ServiceAreaID) ([]ConversationID, error)
	SaveLobbyNotice(LobbyNotice) error
	SetLobbyNoticeEvent(ConversationID, ServiceAreaID, EventID) error
	Board(ServiceAreaID) (Board, error)
	SaveBoard(Board) error
	// CountLive counts an area's conversations that wait and that are served, in which something was
	// written.
	CountLive(ServiceAreaID) (waiting, active int, err error)
}

// announce puts a waiting chat on the board of its area, or of one to whose clerks it is offered
// too. It mentions those to whom it is offered, so that their clients notify.
func (b *Bridge) announce(tx Tx, c Conversation, area ServiceArea) error {
	table, err := b.timetableIn(tx)
	if err != nil {
		return err
	}
	offered, err := b.offeredTo(tx, table, c.ID)
	if err != nil {
		return err
	}
	var mentions []UserID
	for _, user := range offered {
		if area.Staffs(user) {
			mentions = append(mentions, user)
		}
	}
	turn, err := tx.Turn(c.ID)
	if err != nil {
		return err
	}
	if len(mentions) > 0 && !turn.Called {
		turn.Called = true
		if err := tx.SaveTurn(turn); err != nil {
			return err
		}
	}
	text := b.texts.lobbyNotice(c, turn, area.ID, "")
	if err := tx.SaveLobbyNotice(LobbyNotice{Conversation: c.ID, Area: area.ID, Shown: text}); err != nil {
		return err
	}
	rooms, err := tx.AreaRooms(area.ID)
	if err != nil {
		return err
	}
	p := b.withLink(c, text)
	p.Mentions = mentions
	return b.tell(tx, Entry{Stream: lobbyStream(area.ID), Kind: PostNotice, Conversation: c.ID, Area: area.ID, Room: rooms.Lobby}, p)
}

// withLink adds the link by readable alias: for a room that the reader is not in, clients show the
// link's target instead of its text.
func (b *Bridge) withLink(c Conversation, text string) textPayload {
	alias := b.rooms.AliasFor(ConversationAlias(c.Number))
	link := "https://matrix.to/#/" + url.PathEscape(alias)
	return textPayload{
		Text: text + " · " + link,
		HTML: html.EscapeString(text) + ` · <a href="` + html.EscapeString(link) + `">` + html.EscapeString(alias) + `</a>`,
	}
}

// showNotices edits the notices of a conversation where they show something else than it is.
func (b *Bridge) showNotices(tx Tx, c Conversation) error {
	notices, err := tx.LobbyNotices(c.ID)
	if err != nil || len(notices) == 0 {
		return err
	}
	turn, err := tx.Turn(c.ID)
	if err != nil {
		return err
	}
	for _, n := range notices {
		elsewhere := ""
		if n.Area != c.Area {
			elsewhere = string(c.Area)
			if a, err := b.Area(c.Area); err == nil {
				elsewhere = a.NameIn("de")
			}
		}
		text := b.texts.lobbyNotice(c, turn, n.Area, elsewhere)
		if text == n.Shown {
			continue
		}
		n.Shown = text
		if err := tx.SaveLobbyNotice(n); err != nil {
			return err
		}
		rooms, err := tx.AreaRooms(n.Area)
		if err != nil {
			return err
		}
		p := b.withLink(c, text)
		p.Notice = true // some homeservers count edits as unread, if they are no notices
		err = b.tell(tx, Entry{Stream: lobbyStream(n.Area), Kind: EditNotice, Conversation: c.ID, Area: n.Area, Room: rooms.Lobby}, p)
		if err != nil {
			return err
		}
	}
	return nil
}

// lobbyNotice is a conversation on one line. in is the area whose lobby shows it; elsewhere is the
// name of the area that it belongs to, if that is another one.
func (t *texts) lobbyNotice(c Conversation, turn Turn, in ServiceAreaID, elsewhere string) string {
	key := map[State]string{Waiting: "lobby_waiting", Active: "lobby_taken", Closed: "lobby_closed"}[c.State]
	if elsewhere != "" && c.State != Closed && turn.Overflow != in {
		key = "lobby_moved"
	}
	parts := []string{t.citizenName(c), t.say("language_"+c.Language, nil)}
	if page := pageOf(c.PageURL); page != "" {
		parts = append(parts, page)
	}
	at := turn.Since
	if c.State == Active && !turn.TakenAt.IsZero() {
		at = turn.TakenAt
	}
	return t.say(key, map[string]string{
		"Number": strconv.FormatInt(c.Number, 10), "Who": strings.Join(parts, " · "), "Time": t.clock(at), "Clerk": c.Clerk, "Area": elsewhere,
	})
}

// pageOf is where a chat was started, as people read it: no scheme, at most 60 characters.
func pageOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	page := []rune(strings.TrimPrefix(u.Host, "www.") + strings.TrimSuffix(u.Path, "/"))
	if len(page) > 60 {
		return string(page[:59]) + "…"
	}
	return string(page)
}

// performEditNotice edits a notice, or the board when the entry has no conversation.
func (b *Bridge) performEditNotice(ctx context.Context, e Entry) (func(Tx) error, error) {
	event, err := b.noticeToEdit(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("find notice: %w: %w", err, ErrNotSent)
	}
	if event == "" {
		return func(tx Tx) error { return finish(tx, e) }, nil // it was refused, or another one has come
	}
	return b.sendText(ctx, e, event)
}

func (b *Bridge) noticeToEdit(ctx context.Context, e Entry) (EventID, error) {
	if e.Conversation == "" {
		board, err := b.store.Board(ctx, e.Area)
		return board.Event, err
	}
	n, err := b.store.LobbyNotice(ctx, e.Conversation, e.Area)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return n.Event, err
}

// posted records the event of a notice, and puts the button under it.
func (b *Bridge) posted(tx Tx, c *Conversation, e Entry, event EventID) error {
	c.Notice = event
	if err := tx.SetLobbyNoticeEvent(c.ID, e.Area, event); err != nil {
		return err
	}
	return b.placeReaction(tx, Entry{Stream: e.Stream, Area: e.Area, Room: e.Room}, event, DoneKey)
}
