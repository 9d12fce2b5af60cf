package store

import (
	"context"
	"time"

	"schalter/bridge"
)

const (
	insertDrift        = `INSERT INTO drifts (id, owner, room_id, what, outcome, found_at) VALUES (?, ?, ?, ?, ?, ?)`
	selectDrifts       = `SELECT room_id, outcome, found_at FROM drifts WHERE owner = ? AND what = ? AND found_at >= ? ORDER BY found_at, id`
	selectServingRooms = `SELECT id, service_area, room_id FROM conversations WHERE state <> 'closed' AND room_id <> '' AND trainee = '' ORDER BY id`
	countDrifts        = `SELECT what, outcome, count(*) AS count FROM drifts GROUP BY what, outcome`
)

// ownerKey names a room's owner in one word.
func ownerKey(o bridge.RoomOwner) string {
	if o.Conversation != "" {
		return "conversation:" + string(o.Conversation)
	}
	return string(o.Part) + ":" + string(o.Area)
}

func (t *transaction) AddDrift(d bridge.Drift) error {
	return t.exec(insertDrift, bridge.NewID(), ownerKey(d.Owner), string(d.Room), string(d.What), string(d.Outcome), millis(d.FoundAt))
}

func (t *transaction) Drifts(owner bridge.RoomOwner, what bridge.What, since time.Time) ([]bridge.Drift, error) {
	var rows []struct {
		Room    string `db:"room_id"`
		Outcome string `db:"outcome"`
		FoundAt int64  `db:"found_at"`
	}
	if err := t.list(&rows, selectDrifts, ownerKey(owner), string(what), millis(since)); err != nil {
		return nil, err
	}
	out := make([]bridge.Drift, len(rows))
	for i, r := range rows {
		out[i] = bridge.Drift{
			Owner: owner, Room: bridge.RoomID(r.Room), What: what, Outcome: bridge.DriftOutcome(r.Outcome), FoundAt: fromMillis(r.FoundAt),
		}
	}
	return out, nil
}

// ServingRooms are the rooms of citizens' conversations that are not closed, in the order of their IDs.
func (db *DB) ServingRooms(ctx context.Context) ([]bridge.ServingRoom, error) {
	var rows []struct {
		ID   string `db:"id"`
		Area string `db:"service_area"`
		Room string `db:"room_id"`
	}
	if err := db.list(ctx, &rows, selectServingRooms); err != nil {
		return nil, err
	}
	out := make([]bridge.ServingRoom, len(rows))
	for i, r := range rows {
		out[i] = bridge.ServingRoom{Conversation: bridge.ConversationID(r.ID), Area: bridge.ServiceAreaID(r.Area), Room: bridge.RoomID(r.Room)}
	}
	return out, nil
}

// DriftCount is one cell of Figures.Drifts.
type DriftCount struct {
	What    bridge.What
	Outcome bridge.DriftOutcome
}

func (db *DB) countDrifts(ctx context.Context) (map[DriftCount]int, error) {
	var rows []struct {
		What    bridge.What         `db:"what"`
		Outcome bridge.DriftOutcome `db:"outcome"`
		Count   int                 `db:"count"`
	}
	err := db.list(ctx, &rows, countDrifts)
	out := map[DriftCount]int{}
	for _, r := range rows {
		out[DriftCount{r.What, r.Outcome}] = r.Count
	}
	return out, err
}
