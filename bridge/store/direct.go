package store

import (
	"errors"

	"schalter/bridge"
)

const (
	insertDirect  = `INSERT INTO direct_rooms (user_id) VALUES (?) ON CONFLICT DO NOTHING`
	selectDirect  = `SELECT room_id FROM direct_rooms WHERE user_id = ?`
	selectGuided  = `SELECT guided FROM direct_rooms WHERE user_id = ?`
	updateGuided  = `UPDATE direct_rooms SET guided = TRUE WHERE user_id = ?`
	adoptDirect   = `UPDATE direct_rooms SET room_id = ? WHERE user_id = ? AND room_id = ''`
	unadoptDirect = `UPDATE direct_rooms SET room_id = '' WHERE user_id = ? AND room_id = ?`
	// See adoption.
	selectDirectSpare = `SELECT spare FROM direct_rooms WHERE user_id = ?`
	raiseDirectSpare  = `UPDATE direct_rooms SET spare = spare + 1 WHERE user_id = ?`
)

func (t *transaction) DirectRoom(user bridge.UserID) (bridge.RoomID, error) {
	var room string
	err := t.get(&room, selectDirect, string(user))
	if errors.Is(err, bridge.ErrNotFound) {
		err = nil
	}
	return bridge.RoomID(room), err
}

func (t *transaction) Guided(user bridge.UserID) (bool, error) {
	var guided bool
	err := t.get(&guided, selectGuided, string(user))
	if errors.Is(err, bridge.ErrNotFound) {
		err = nil
	}
	return guided, err
}

func (t *transaction) SetGuided(user bridge.UserID) error {
	if err := t.exec(insertDirect, string(user)); err != nil {
		return err
	}
	return t.exec(updateGuided, string(user))
}
