package store

import (
	"context"
	"encoding/json"
	"fmt"

	"schalter/bridge"
)

type areaChangeRow struct {
	Number    int64  `db:"number"`
	Kind      string `db:"kind"`
	Area      string `db:"service_area"`
	Names     string `db:"names"`
	Texts     string `db:"descriptions"`
	Hours     string `db:"hours"`
	Counter   string `db:"counter_hours"`
	State     string `db:"state"`
	MadeBy    string `db:"made_by"`
	MadeAt    int64  `db:"made_at"`
	DecidedBy string `db:"decided_by"`
	DecidedAt int64  `db:"decided_at"`
}

func (r areaChangeRow) change() (bridge.AreaChange, error) {
	c := bridge.AreaChange{
		Number: r.Number, Kind: bridge.AreaChangeKind(r.Kind), Area: bridge.ServiceAreaID(r.Area), Hours: r.Hours, CounterHours: r.Counter,
		State: bridge.ChangeState(r.State), MadeBy: bridge.UserID(r.MadeBy), MadeAt: fromMillis(r.MadeAt),
		DecidedBy: bridge.UserID(r.DecidedBy), DecidedAt: fromMillis(r.DecidedAt),
	}
	if err := json.Unmarshal([]byte(r.Names), &c.Names); err != nil {
		return c, fmt.Errorf("read names of change %d: %w", r.Number, err)
	}
	if err := json.Unmarshal([]byte(r.Texts), &c.Descriptions); err != nil {
		return c, fmt.Errorf("read descriptions of change %d: %w", r.Number, err)
	}
	return c, nil
}

const (
	areaChangeColumns  = `number, kind, service_area, names, descriptions, hours, counter_hours, state, made_by, made_at, decided_by, decided_at`
	selectAreaChanges  = `SELECT ` + areaChangeColumns + ` FROM area_changes WHERE state = 'counts' ORDER BY made_at, number`
	selectAreaChange   = `SELECT ` + areaChangeColumns + ` FROM area_changes WHERE number = ?`
	insertAreaChange   = `INSERT INTO area_changes (` + areaChangeColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	decideAreaChangeIn = `UPDATE area_changes SET state = ?, decided_by = ?, decided_at = ? WHERE number = ?`
)

// AreaChanges returns the changes that count, in the order in which they were made.
func (db *DB) AreaChanges(ctx context.Context) ([]bridge.AreaChange, error) {
	return areaChanges(func(into any) error { return db.list(ctx, into, selectAreaChanges) })
}

func (t *transaction) AreaChanges() ([]bridge.AreaChange, error) {
	return areaChanges(func(into any) error { return t.list(into, selectAreaChanges) })
}

func areaChanges(list func(into any) error) ([]bridge.AreaChange, error) {
	var rows []areaChangeRow
	if err := list(&rows); err != nil {
		return nil, err
	}
	return converted(rows, areaChangeRow.change)
}

func (t *transaction) AreaChange(number int64) (bridge.AreaChange, error) {
	var r areaChangeRow
	if err := t.get(&r, selectAreaChange+t.forUpdate, number); err != nil {
		return bridge.AreaChange{}, err
	}
	return r.change()
}

func (t *transaction) InsertAreaChange(c bridge.AreaChange) error {
	names, err := json.Marshal(c.Names)
	if err != nil {
		return fmt.Errorf("encode names: %w", err)
	}
	texts, err := json.Marshal(c.Descriptions)
	if err != nil {
		return fmt.Errorf("encode descriptions: %w", err)
	}
	err = t.exec(insertAreaChange, c.Number, string(c.Kind), string(c.Area), string(names), string(texts), c.Hours, c.CounterHours, string(c.State),
		string(c.MadeBy), millis(c.MadeAt), string(c.DecidedBy), millis(c.DecidedAt))
	if err != nil {
		return err
	}
	return t.hoursChanged()
}

func (t *transaction) DecideAreaChange(c bridge.AreaChange) error {
	if err := t.exec(decideAreaChangeIn, string(c.State), string(c.DecidedBy), millis(c.DecidedAt), c.Number); err != nil {
		return err
	}
	return t.hoursChanged()
}
