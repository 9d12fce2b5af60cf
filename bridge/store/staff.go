package store

import (
	"context"

	"schalter/bridge"
)

type postingRow struct {
	Area     string `db:"service_area"`
	User     string `db:"user_id"`
	Staffed  bool   `db:"staffed"`
	Lead     bool   `db:"lead"`
	Capacity int    `db:"capacity"`
	SetBy    string `db:"set_by"`
	SetAt    int64  `db:"set_at"`
}

func (r postingRow) posting() bridge.Posting {
	return bridge.Posting{
		Area: bridge.ServiceAreaID(r.Area), User: bridge.UserID(r.User), Staffed: r.Staffed, Lead: r.Lead,
		Capacity: r.Capacity, SetBy: bridge.UserID(r.SetBy), SetAt: fromMillis(r.SetAt),
	}
}

type pauseRow struct {
	User       string `db:"user_id"`
	Paused     bool   `db:"paused"`
	Automatic  bool   `db:"automatic"`
	Since      int64  `db:"since"`
	Unanswered int    `db:"unanswered"`
}

func (r pauseRow) pause() bridge.Pause {
	return bridge.Pause{
		User: bridge.UserID(r.User), Paused: r.Paused, Automatic: r.Automatic, Since: fromMillis(r.Since), Unanswered: r.Unanswered,
	}
}

const (
	selectPostings = `SELECT service_area, user_id, staffed, lead, capacity, set_by, set_at FROM postings ORDER BY set_at, user_id`
	upsertPosting  = `INSERT INTO postings (service_area, user_id, staffed, lead, capacity, set_by, set_at)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (service_area, user_id) DO UPDATE SET staffed = excluded.staffed,
		lead = excluded.lead, capacity = excluded.capacity, set_by = excluded.set_by, set_at = excluded.set_at`
	pauseColumns = `user_id, paused, automatic, since, unanswered`
	selectPauses = `SELECT ` + pauseColumns + ` FROM pauses WHERE paused ORDER BY user_id`
	upsertPause  = `INSERT INTO pauses (` + pauseColumns + `) VALUES (?, ?, ?, ?, ?) ON CONFLICT (user_id) DO UPDATE SET
		paused = excluded.paused, automatic = excluded.automatic, since = excluded.since, unanswered = excluded.unanswered`
	selectPause     = `SELECT ` + pauseColumns + ` FROM pauses WHERE user_id = ?`
	selectLiveRooms = `SELECT id FROM conversations WHERE service_area = ? AND room_id <> ''
		AND (state <> 'closed' OR life_stage < ?) ORDER BY number`
)

// Staff returns what admins and clerks have set about who works where, and who is away.
func (db *DB) Staff(ctx context.Context) (bridge.Staff, error) {
	return staff(func(into any, query string) error { return db.list(ctx, into, query) })
}

func (t *transaction) Staff() (bridge.Staff, error) {
	return staff(func(into any, query string) error { return t.list(into, query) })
}

func staff(list func(into any, query string) error) (bridge.Staff, error) {
	var postings []postingRow
	if err := list(&postings, selectPostings); err != nil {
		return bridge.Staff{}, err
	}
	var pauses []pauseRow
	if err := list(&pauses, selectPauses); err != nil {
		return bridge.Staff{}, err
	}
	var out bridge.Staff
	for _, r := range postings {
		out.Postings = append(out.Postings, r.posting())
	}
	for _, r := range pauses {
		out.Pauses = append(out.Pauses, r.pause())
	}
	return out, nil
}

func (t *transaction) SavePosting(p bridge.Posting) error {
	err := t.exec(upsertPosting, string(p.Area), string(p.User), p.Staffed, p.Lead, p.Capacity, string(p.SetBy), millis(p.SetAt))
	if err != nil {
		return err
	}
	return t.exec(raiseHoursVersion)
}

func (t *transaction) Pause(user bridge.UserID) (bridge.Pause, error) {
	r := pauseRow{User: string(user)}
	if err := t.get(&r, selectPause+t.forUpdate, string(user)); err != nil && err != bridge.ErrNotFound {
		return bridge.Pause{}, err
	}
	return r.pause(), nil
}

func (t *transaction) SavePause(p bridge.Pause) error {
	if err := t.exec(upsertPause, string(p.User), p.Paused, p.Automatic, millis(p.Since), p.Unanswered); err != nil {
		return err
	}
	return t.exec(raiseHoursVersion)
}

func (t *transaction) LiveRooms(area bridge.ServiceAreaID) ([]bridge.ConversationID, error) {
	var ids []bridge.ConversationID
	err := t.list(&ids, selectLiveRooms, string(area), int(bridge.RoomLeft))
	return ids, err
}
