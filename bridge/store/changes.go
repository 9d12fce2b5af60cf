package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"schalter/bridge"
	"schalter/bridge/openinghours"
)

type changeRow struct {
	Number    int64  `db:"number"`
	Kind      string `db:"kind"`
	Area      string `db:"service_area"`
	Spec      string `db:"spec"`
	From      string `db:"from_date"`
	To        string `db:"to_date"`
	Times     string `db:"times"`
	Comment   string `db:"comment"`
	State     string `db:"state"`
	MadeBy    string `db:"made_by"`
	MadeAt    int64  `db:"made_at"`
	DecidedBy string `db:"decided_by"`
	DecidedAt int64  `db:"decided_at"`
}

// change reads a row. An exception's times stand as people write them, so that the table can be
// read by eye.
func (r changeRow) change() (bridge.HoursChange, error) {
	c := bridge.HoursChange{
		Number: r.Number, Kind: bridge.ChangeKind(r.Kind), Area: bridge.ServiceAreaID(r.Area), Spec: r.Spec,
		State: bridge.ChangeState(r.State), MadeBy: bridge.UserID(r.MadeBy), MadeAt: fromMillis(r.MadeAt),
		DecidedBy: bridge.UserID(r.DecidedBy), DecidedAt: fromMillis(r.DecidedAt),
	}
	if c.Kind != bridge.ExceptionalDays {
		return c, nil
	}
	x := &c.Exception
	x.ID = fmt.Sprint(r.Number)
	var err error
	if x.From, err = openinghours.ParseDate(r.From); err == nil {
		x.To, err = openinghours.ParseDate(r.To)
	}
	if err == nil && r.Times != "" {
		x.Times, err = openinghours.ParseTimes(r.Times)
	}
	if err == nil && r.Comment != "" {
		err = json.Unmarshal([]byte(r.Comment), &x.Comment)
	}
	if err != nil {
		return c, fmt.Errorf("read exception %d: %w", r.Number, err)
	}
	return c, nil
}

const changeColumns = `number, kind, service_area, spec, from_date, to_date, times, comment, state,
	made_by, made_at, decided_by, decided_at`

const (
	selectHoursVersion = `SELECT value FROM counters WHERE name = 'hours'`
	raiseHoursVersion  = `UPDATE counters SET value = value + 1 WHERE name = 'hours'`
	nextChange         = `UPDATE counters SET value = value + 1 WHERE name = 'change' RETURNING value`
	selectCounting     = `SELECT ` + changeColumns + ` FROM hours_changes WHERE state = 'counts' ORDER BY decided_at, number`
	selectChange       = `SELECT ` + changeColumns + ` FROM hours_changes WHERE number = ?`
	insertChange       = `INSERT INTO hours_changes (` + changeColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	decideChange       = `UPDATE hours_changes SET state = ?, decided_by = ?, decided_at = ? WHERE number = ?`
)

// HoursVersion rises with each change that counts.
func (db *DB) HoursVersion(ctx context.Context) (int64, error) {
	var v int64
	err := db.get(ctx, &v, selectHoursVersion)
	return v, err
}

// HoursChanges returns the changes that count, in the order in which they came to count.
func (db *DB) HoursChanges(ctx context.Context) ([]bridge.HoursChange, error) {
	var rows []changeRow
	if err := db.list(ctx, &rows, selectCounting); err != nil {
		return nil, err
	}
	return converted(rows, changeRow.change)
}

// converted is what rows hold; the first that can't be read fails all.
func converted[R, T any](rows []R, read func(R) (T, error)) ([]T, error) {
	out := make([]T, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = read(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *transaction) HoursVersion() (int64, error) {
	var v int64
	err := t.get(&v, selectHoursVersion)
	return v, err
}

func (t *transaction) HoursChanges() ([]bridge.HoursChange, error) {
	var rows []changeRow
	if err := t.list(&rows, selectCounting); err != nil {
		return nil, err
	}
	return converted(rows, changeRow.change)
}

func (t *transaction) NextChange() (int64, error) {
	var n int64
	err := t.get(&n, nextChange)
	return n, err
}

func (t *transaction) Change(number int64) (bridge.HoursChange, error) {
	var r changeRow
	if err := t.get(&r, selectChange+t.forUpdate, number); err != nil {
		return bridge.HoursChange{}, err
	}
	return r.change()
}

func (t *transaction) InsertChange(c bridge.HoursChange) error {
	r := changeRow{}
	if c.Kind == bridge.ExceptionalDays {
		times := make([]string, len(c.Exception.Times))
		for i, s := range c.Exception.Times {
			times[i] = s.String()
		}
		r.From, r.To, r.Times = c.Exception.From.String(), c.Exception.To.String(), strings.Join(times, ",")
		if len(c.Exception.Comment) > 0 {
			text, err := json.Marshal(c.Exception.Comment)
			if err != nil {
				return fmt.Errorf("encode comment: %w", err)
			}
			r.Comment = string(text)
		}
	}
	err := t.exec(insertChange, c.Number, string(c.Kind), string(c.Area), c.Spec, r.From, r.To, r.Times, r.Comment,
		string(c.State), string(c.MadeBy), millis(c.MadeAt), string(c.DecidedBy), millis(c.DecidedAt))
	if err != nil || c.State != bridge.Counts {
		return err
	}
	return t.hoursChanged()
}

func (t *transaction) DecideChange(c bridge.HoursChange) error {
	if err := t.exec(decideChange, string(c.State), string(c.DecidedBy), millis(c.DecidedAt), c.Number); err != nil {
		return err
	}
	return t.hoursChanged()
}

func (t *transaction) hoursChanged() error {
	if err := t.exec(raiseHoursVersion); err != nil {
		return err
	}
	return t.AllClosingsDue()
}
