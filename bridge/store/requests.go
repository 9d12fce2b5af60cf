package store

import (
	"fmt"
	"time"

	"schalter/bridge"
)

type requestRow struct {
	ID           string `db:"id"`
	Number       int64  `db:"number"`
	Area         string `db:"service_area"`
	Language     string `db:"language"`
	Name         string `db:"name"`
	Email        string `db:"email"`
	Phone        string `db:"phone"`
	Text         string `db:"text"`
	State        string `db:"state"`
	Notice       string `db:"notice_event_id"`
	Clerk        string `db:"clerk"`
	Answer       string `db:"answer"`
	AnsweredAt   int64  `db:"answered_at"`
	Conversation string `db:"conversation_id"`
	CreatedAt    int64  `db:"created_at"`
}

func (r requestRow) request() bridge.Request {
	return bridge.Request{
		ID: bridge.RequestID(r.ID), Number: r.Number, Area: bridge.ServiceAreaID(r.Area), Language: r.Language,
		Name: r.Name, Email: r.Email, Phone: r.Phone, Text: r.Text, State: bridge.RequestState(r.State),
		Notice: bridge.EventID(r.Notice), Clerk: r.Clerk, Answer: r.Answer, AnsweredAt: fromMillis(r.AnsweredAt),
		Conversation: bridge.ConversationID(r.Conversation), CreatedAt: fromMillis(r.CreatedAt),
	}
}

const requestColumns = `r.id, r.number, r.service_area, r.language, r.name, r.email, r.phone, r.text, r.state,
	r.notice_event_id, r.clerk, r.answer, r.answered_at, r.conversation_id, r.created_at`

const (
	selectRequest = `SELECT ` + requestColumns + ` FROM requests r WHERE r.id = ?`
	// The second condition lets the index be used, which has no rows for «no notice yet».
	selectRequestByNotice = `SELECT ` + requestColumns + ` FROM requests r WHERE r.notice_event_id = ? AND r.notice_event_id <> ''`
	selectRequestByNumber = `SELECT ` + requestColumns + ` FROM requests r WHERE r.number = ?`
	selectRequestByToken  = `SELECT ` + requestColumns + ` FROM requests r
		WHERE r.id = (SELECT request_id FROM request_tokens WHERE hash = ? AND created_at > ?)`
	selectOpenRequests = `SELECT ` + requestColumns + ` FROM requests r WHERE r.service_area = ? AND r.state = 'open' ORDER BY r.number`
	insertRequest      = `INSERT INTO requests (id, number, service_area, language, name, email, phone, text, state, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateRequest = `UPDATE requests SET state = ?, notice_event_id = ?, clerk = ?, answer = ?, answered_at = ?,
		conversation_id = ? WHERE id = ?`
)

func (t *transaction) request(query string, args ...any) (bridge.Request, error) {
	var r requestRow
	err := t.get(&r, query+t.forUpdate, args...)
	return r.request(), err
}

func (t *transaction) OpenRequests(area bridge.ServiceAreaID) ([]bridge.Request, error) {
	var rows []requestRow
	if err := t.list(&rows, selectOpenRequests, string(area)); err != nil {
		return nil, err
	}
	out := make([]bridge.Request, len(rows))
	for i, r := range rows {
		out[i] = r.request()
	}
	return out, nil
}

func (t *transaction) Request(id bridge.RequestID) (bridge.Request, error) {
	return t.request(selectRequest, string(id))
}

func (t *transaction) RequestByNotice(event bridge.EventID) (bridge.Request, error) {
	return t.request(selectRequestByNotice, string(event))
}

func (t *transaction) RequestByNumber(number int64) (bridge.Request, error) {
	return t.request(selectRequestByNumber, number)
}

func (t *transaction) RequestByToken(tokenHash []byte, since time.Time) (bridge.Request, error) {
	return t.request(selectRequestByToken, tokenHash, millis(since))
}

func (t *transaction) InsertRequest(r bridge.Request) error {
	return t.exec(insertRequest, string(r.ID), r.Number, string(r.Area), r.Language, r.Name, r.Email, r.Phone, r.Text,
		string(r.State), millis(r.CreatedAt))
}

func (t *transaction) SaveRequest(r bridge.Request) error {
	return t.exec(updateRequest, string(r.State), string(r.Notice), r.Clerk, r.Answer, millis(r.AnsweredAt),
		string(r.Conversation), string(r.ID))
}

const (
	insertRequestToken = `INSERT INTO request_tokens (hash, request_id, created_at) VALUES (?, ?, ?)`
	selectRequestKey   = `SELECT request_id, digest FROM request_keys WHERE hash = ? AND created_at > ?`
	deleteRequestKey   = `DELETE FROM request_keys WHERE hash = ? AND created_at <= ?`
	insertRequestKey   = `INSERT INTO request_keys (hash, digest, request_id, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT DO NOTHING`
)

func (t *transaction) AddRequestToken(id bridge.RequestID, hash []byte, at time.Time) error {
	return t.exec(insertRequestToken, hash, string(id), millis(at))
}

func (t *transaction) RequestByKey(keyHash []byte, since time.Time) (bridge.RequestID, []byte, error) {
	var r struct {
		Request string `db:"request_id"`
		Digest  []byte `db:"digest"`
	}
	err := t.get(&r, selectRequestKey, keyHash, millis(since))
	return bridge.RequestID(r.Request), r.Digest, err
}

// AddRequestKey has the transaction run again when another one has just used the key: it will
// find it then.
func (t *transaction) AddRequestKey(keyHash, digest []byte, id bridge.RequestID, at time.Time) error {
	if err := t.exec(deleteRequestKey, keyHash, millis(at.Add(-bridge.IdempotencyFor))); err != nil {
		return err
	}
	added, err := t.changed(insertRequestKey, keyHash, digest, string(id), millis(at))
	if err == nil && !added {
		err = fmt.Errorf("%w: %w", bridge.ErrUnavailable, errAgain)
	}
	return err
}
