package store

import (
	"context"
	"errors"

	"schalter/bridge"
)

type noticeRow struct {
	Conversation string `db:"conversation_id"`
	Area         string `db:"service_area"`
	Event        string `db:"event_id"`
	Shown        string `db:"shown"`
}

func (r noticeRow) notice() bridge.LobbyNotice {
	return bridge.LobbyNotice{
		Conversation: bridge.ConversationID(r.Conversation), Area: bridge.ServiceAreaID(r.Area),
		Event: bridge.EventID(r.Event), Shown: r.Shown,
	}
}

const noticeColumns = `conversation_id, service_area, event_id, shown`

const (
	selectNotices = `SELECT ` + noticeColumns + ` FROM lobby_notices WHERE conversation_id = ? ORDER BY service_area`
	selectNotice  = `SELECT ` + noticeColumns + ` FROM lobby_notices WHERE conversation_id = ? AND service_area = ?`
	// The second condition lets the index be used, which has no rows for «not posted yet».
	selectNoticeByEvent = `SELECT ` + noticeColumns + ` FROM lobby_notices WHERE event_id = ? AND event_id <> ''`
	upsertNotice        = `INSERT INTO lobby_notices (` + noticeColumns + `) VALUES (?, ?, ?, ?)
		ON CONFLICT (conversation_id, service_area) DO UPDATE SET event_id = excluded.event_id, shown = excluded.shown`
	selectNoticedIn = `SELECT c.id FROM lobby_notices n JOIN conversations c ON c.id = n.conversation_id
		WHERE n.service_area = ? AND c.state <> 'closed' ORDER BY c.number`
	updateNoticeEvent = `UPDATE lobby_notices SET event_id = ? WHERE conversation_id = ? AND service_area = ?`
)

// LobbyNotice returns bridge.ErrNotFound when there is none.
func (db *DB) LobbyNotice(ctx context.Context, id bridge.ConversationID, area bridge.ServiceAreaID) (bridge.LobbyNotice, error) {
	var r noticeRow
	err := db.get(ctx, &r, selectNotice, string(id), string(area))
	return r.notice(), err
}

func (t *transaction) LobbyNotices(id bridge.ConversationID) ([]bridge.LobbyNotice, error) {
	var rows []noticeRow
	if err := t.list(&rows, selectNotices, string(id)); err != nil {
		return nil, err
	}
	out := make([]bridge.LobbyNotice, len(rows))
	for i, r := range rows {
		out[i] = r.notice()
	}
	return out, nil
}

func (t *transaction) LobbyNoticeByEvent(event bridge.EventID) (bridge.LobbyNotice, error) {
	var r noticeRow
	err := t.get(&r, selectNoticeByEvent, string(event))
	return r.notice(), err
}

func (t *transaction) NoticedIn(area bridge.ServiceAreaID) ([]bridge.ConversationID, error) {
	var ids []bridge.ConversationID
	err := t.list(&ids, selectNoticedIn, string(area))
	return ids, err
}

func (t *transaction) SaveLobbyNotice(n bridge.LobbyNotice) error {
	return t.exec(upsertNotice, string(n.Conversation), string(n.Area), string(n.Event), n.Shown)
}

func (t *transaction) SetLobbyNoticeEvent(id bridge.ConversationID, area bridge.ServiceAreaID, event bridge.EventID) error {
	return t.exec(updateNoticeEvent, string(event), string(id), string(area))
}

type boardRow struct {
	Area    string `db:"service_area"`
	Event   string `db:"event_id"`
	Shown   string `db:"shown"`
	ShownAt int64  `db:"shown_at"`
	Topic   string `db:"topic"`
	TopicAt int64  `db:"topic_at"`
}

func (r boardRow) board() bridge.Board {
	return bridge.Board{
		Area: bridge.ServiceAreaID(r.Area), Event: bridge.EventID(r.Event), Shown: r.Shown, ShownAt: fromMillis(r.ShownAt),
		Topic: r.Topic, TopicAt: fromMillis(r.TopicAt),
	}
}

const (
	boardColumns = `service_area, event_id, shown, shown_at, topic, topic_at`
	selectBoard  = `SELECT ` + boardColumns + ` FROM boards WHERE service_area = ?`
	upsertBoard  = `INSERT INTO boards (` + boardColumns + `) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (service_area) DO UPDATE SET
		event_id = excluded.event_id, shown = excluded.shown, shown_at = excluded.shown_at, topic = excluded.topic,
		topic_at = excluded.topic_at`
	countByState = `SELECT state, count(*) AS count FROM conversations WHERE service_area = ? AND state <> 'closed' AND last_seq > 0
		AND trainee = '' GROUP BY state`
)

// Board returns the zero value with the area when nothing is shown yet.
func (db *DB) Board(ctx context.Context, area bridge.ServiceAreaID) (bridge.Board, error) {
	r := boardRow{Area: string(area)}
	if err := db.get(ctx, &r, selectBoard, string(area)); err != nil && !errors.Is(err, bridge.ErrNotFound) {
		return bridge.Board{}, err
	}
	return r.board(), nil
}

func (t *transaction) Board(area bridge.ServiceAreaID) (bridge.Board, error) {
	r := boardRow{Area: string(area)}
	if err := t.get(&r, selectBoard+t.forUpdate, string(area)); err != nil && !errors.Is(err, bridge.ErrNotFound) {
		return bridge.Board{}, err
	}
	return r.board(), nil
}

func (t *transaction) SaveBoard(b bridge.Board) error {
	return t.exec(upsertBoard, string(b.Area), string(b.Event), b.Shown, millis(b.ShownAt), b.Topic, millis(b.TopicAt))
}

func (t *transaction) CountLive(area bridge.ServiceAreaID) (waiting, active int, err error) {
	var rows []struct {
		State bridge.State `db:"state"`
		Count int          `db:"count"`
	}
	err = t.list(&rows, countByState, string(area))
	for _, r := range rows {
		if r.State == bridge.Waiting {
			waiting = r.Count
		} else {
			active = r.Count
		}
	}
	return waiting, active, err
}

const (
	insertInternal       = `INSERT INTO internal_events (event_id, conversation_id) VALUES (?, ?) ON CONFLICT DO NOTHING`
	selectInternalEvents = `SELECT event_id FROM internal_events WHERE conversation_id = ?`
	selectInternal       = `SELECT EXISTS (SELECT 1 FROM internal_events WHERE event_id = ?)`
)

// InternalEvents are the events of a conversation that its citizen does not see; see bridge.InternalStore.
func (db *DB) InternalEvents(ctx context.Context, id bridge.ConversationID) ([]bridge.EventID, error) {
	var events []bridge.EventID
	err := db.list(ctx, &events, selectInternalEvents, string(id))
	return events, err
}

func (t *transaction) AddInternal(event bridge.EventID, id bridge.ConversationID) error {
	return t.exec(insertInternal, string(event), string(id))
}

func (t *transaction) IsInternal(event bridge.EventID) (bool, error) {
	var internal bool
	err := t.get(&internal, selectInternal, string(event))
	return internal, err
}
