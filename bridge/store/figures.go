package store

import (
	"context"
	"sync/atomic"
	"time"

	"schalter/bridge"
)

// Figures is what an operator wants to count. It names nobody.
type Figures struct {
	// Conversations by area and state; what nobody has is left out.
	Conversations map[AreaState]int
	// Outbox counts the entries by phase, Oldest is when the first of them was made; zero when
	// there is none.
	Outbox map[bridge.Phase]int
	Oldest time.Time
	// Unconfirmed is when the oldest text that was sent, or tried, and that no echo has confirmed
	// was written; zero when there is none.
	Unconfirmed time.Time
	// SetAside counts the events that could not be used, by class.
	SetAside map[string]int
	// Drifts counts what was found otherwise than it should be, by what and what became of it.
	Drifts map[DriftCount]int
}

// AreaState is one cell of Figures.Conversations.
type AreaState struct {
	Area  bridge.ServiceAreaID
	State bridge.State
}

const (
	countConversations = `SELECT service_area, state, count(*) AS count FROM conversations WHERE trainee = '' GROUP BY service_area, state`
	countOutbox        = `SELECT phase, count(*) AS count, MIN(created_at) AS oldest FROM outbox GROUP BY phase`
	selectUnconfirmed  = `SELECT COALESCE(MIN(created_at), 0) FROM outbox
		WHERE kind IN ('send_message', 'send_file', 'send_edit', 'send_reaction', 'post_notice', 'tell_room', 'post_request', 'place_reaction', 'edit_notice', 'post_board', 'post_file', 'post_document', 'edit_document') AND (phase <> 'ready' OR attempts > 0)`
)

// Figures counts. Each number is of its own moment.
func (db *DB) Figures(ctx context.Context) (Figures, error) {
	f := Figures{Conversations: map[AreaState]int{}, Outbox: map[bridge.Phase]int{}}
	var areas []struct {
		Area  bridge.ServiceAreaID `db:"service_area"`
		State bridge.State         `db:"state"`
		Count int                  `db:"count"`
	}
	if err := db.list(ctx, &areas, countConversations); err != nil {
		return f, err
	}
	for _, r := range areas {
		f.Conversations[AreaState{r.Area, r.State}] = r.Count
	}
	var phases []struct {
		Phase  bridge.Phase `db:"phase"`
		Count  int          `db:"count"`
		Oldest int64        `db:"oldest"`
	}
	if err := db.list(ctx, &phases, countOutbox); err != nil {
		return f, err
	}
	for _, r := range phases {
		f.Outbox[r.Phase] = r.Count
		if at := fromMillis(r.Oldest); f.Oldest.IsZero() || at.Before(f.Oldest) {
			f.Oldest = at
		}
	}
	var err error
	if f.Unconfirmed, err = db.Unconfirmed(ctx); err != nil {
		return f, err
	}
	if f.SetAside, err = db.CountSetAside(ctx); err != nil {
		return f, err
	}
	f.Drifts, err = db.countDrifts(ctx)
	return f, err
}

// Unconfirmed is Figures.Unconfirmed alone.
func (db *DB) Unconfirmed(ctx context.Context) (time.Time, error) {
	var ms int64
	err := db.get(ctx, &ms, selectUnconfirmed)
	return fromMillis(ms), err
}

// written counts messages that were committed. One that a savepoint undid counts too.
type written struct{ citizen, clerk atomic.Int64 }

// counted makes f count what it writes; call the function returned after the commit.
func (w *written) counted(f func(bridge.Tx) error) (func(bridge.Tx) error, func()) {
	var n map[bridge.Direction]int64
	counting := func(tx bridge.Tx) error {
		n = map[bridge.Direction]int64{} // f may run again
		tx.(*transaction).written = n
		return f(tx)
	}
	return counting, func() {
		w.citizen.Add(n[bridge.FromCitizenDirection])
		w.clerk.Add(n[bridge.FromClerkDirection])
	}
}

// Written is how many messages of a direction this process has stored since it started.
func (db *DB) Written(d bridge.Direction) int64 {
	if d == bridge.FromCitizenDirection {
		return db.written.citizen.Load()
	}
	return db.written.clerk.Load()
}
