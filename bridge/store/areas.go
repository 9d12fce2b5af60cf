package store

import (
	"context"
	"errors"
	"fmt"

	"schalter/bridge"
)

type areaRow struct {
	ID    string `db:"id"`
	Space string `db:"space_id"`
	Lobby string `db:"lobby_id"`
}

func (r areaRow) rooms() bridge.AreaRooms {
	return bridge.AreaRooms{Area: bridge.ServiceAreaID(r.ID), Space: bridge.RoomID(r.Space), Lobby: bridge.RoomID(r.Lobby)}
}

const (
	selectAreas = `SELECT id, space_id, lobby_id FROM service_areas ORDER BY id`
	selectArea  = `SELECT id, space_id, lobby_id FROM service_areas WHERE id = ?`
	insertArea  = `INSERT INTO service_areas (id) VALUES (?) ON CONFLICT DO NOTHING`
	updateArea  = `UPDATE service_areas SET space_id = ?, lobby_id = ? WHERE id = ?`
)

// AreaRooms returns the rooms of every area that has been set up or begun.
func (db *DB) AreaRooms(ctx context.Context) ([]bridge.AreaRooms, error) {
	var rows []areaRow
	if err := db.list(ctx, &rows, selectAreas); err != nil {
		return nil, err
	}
	out := make([]bridge.AreaRooms, len(rows))
	for i, r := range rows {
		out[i] = r.rooms()
	}
	return out, nil
}

const selectKnownRooms = `SELECT room_id FROM conversation_rooms
	UNION SELECT space_id FROM service_areas UNION SELECT lobby_id FROM service_areas`

// KnownRooms are all rooms that have been adopted or discarded.
func (db *DB) KnownRooms(ctx context.Context) ([]bridge.RoomID, error) {
	var rooms []bridge.RoomID
	err := db.list(ctx, &rooms, selectKnownRooms)
	return rooms, err
}

func (t *transaction) AreaRooms(id bridge.ServiceAreaID) (bridge.AreaRooms, error) {
	r := areaRow{ID: string(id)}
	if err := t.get(&r, selectArea, string(id)); err != nil && !errors.Is(err, bridge.ErrNotFound) {
		return bridge.AreaRooms{}, err
	}
	return r.rooms(), nil
}

func (t *transaction) SaveAreaRooms(a bridge.AreaRooms) error {
	if err := t.exec(insertArea, string(a.Area)); err != nil {
		return err
	}
	return t.exec(updateArea, string(a.Space), string(a.Lobby), string(a.Area))
}

// adoption is where the room of an owner stands, and how many aliases it has lost: the same statements
// for all kinds. A conversation loses its number instead.
type adoption struct {
	key                  string
	read, adopt, unadopt string
	spare, raise         string
}

func adoptionOf(o bridge.RoomOwner) (adoption, error) {
	switch {
	case o.Conversation != "":
		return adoption{string(o.Conversation),
			`SELECT room_id FROM conversations WHERE id = ?`,
			`UPDATE conversations SET room_id = ? WHERE id = ? AND room_id = ''`,
			`UPDATE conversations SET room_id = '' WHERE id = ? AND room_id = ?`, "", ""}, nil
	case o.Part == bridge.Space:
		return adoption{string(o.Area),
			`SELECT space_id FROM service_areas WHERE id = ?`,
			`UPDATE service_areas SET space_id = ? WHERE id = ? AND space_id = ''`,
			`UPDATE service_areas SET space_id = '' WHERE id = ? AND space_id = ?`,
			`SELECT space_spare FROM service_areas WHERE id = ?`,
			`UPDATE service_areas SET space_spare = space_spare + 1 WHERE id = ?`}, nil
	case o.Part == bridge.Lobby:
		return adoption{string(o.Area),
			`SELECT lobby_id FROM service_areas WHERE id = ?`,
			`UPDATE service_areas SET lobby_id = ? WHERE id = ? AND lobby_id = ''`,
			`UPDATE service_areas SET lobby_id = '' WHERE id = ? AND lobby_id = ?`,
			`SELECT lobby_spare FROM service_areas WHERE id = ?`,
			`UPDATE service_areas SET lobby_spare = lobby_spare + 1 WHERE id = ?`}, nil
	case o.Part == bridge.AdminRoom:
		return adoption{string(o.Part),
			`SELECT room_id FROM house_rooms WHERE part = ?`,
			`UPDATE house_rooms SET room_id = ? WHERE part = ? AND room_id = ''`,
			`UPDATE house_rooms SET room_id = '' WHERE part = ? AND room_id = ?`,
			`SELECT spare FROM house_rooms WHERE part = ?`,
			`UPDATE house_rooms SET spare = spare + 1 WHERE part = ?`}, nil
	case o.Part == bridge.DirectRoom && o.User != "":
		return adoption{string(o.User), selectDirect, adoptDirect, unadoptDirect, selectDirectSpare, raiseDirectSpare}, nil
	}
	return adoption{}, fmt.Errorf("room owner without conversation or part")
}

const insertConversationRoom = `INSERT INTO conversation_rooms (room_id, conversation_id) VALUES (?, ?) ON CONFLICT DO NOTHING`

func (t *transaction) Adopt(o bridge.RoomOwner, room bridge.RoomID) (bridge.RoomID, error) {
	a, err := adoptionOf(o)
	if err != nil {
		return "", err
	}
	if o.Area != "" {
		if err := t.exec(insertArea, a.key); err != nil {
			return "", err
		}
	}
	if o.Part == bridge.DirectRoom {
		if err := t.exec(insertDirect, a.key); err != nil {
			return "", err
		}
	}
	if err := t.exec(a.adopt, string(room), a.key); err != nil {
		return "", err
	}
	var serving string
	if err := t.get(&serving, a.read, a.key); err != nil {
		return "", err
	}
	if o.Conversation != "" {
		err = t.exec(insertConversationRoom, string(room), a.key)
	}
	return bridge.RoomID(serving), err
}

func (t *transaction) Abandon(o bridge.RoomOwner, room bridge.RoomID) error {
	a, err := adoptionOf(o)
	if err != nil {
		return err
	}
	return t.exec(a.unadopt, a.key, string(room))
}

func (t *transaction) Spare(o bridge.RoomOwner) (int, error) {
	a, err := adoptionOf(o)
	if err != nil || a.spare == "" {
		return 0, err
	}
	var n int
	err = t.get(&n, a.spare, a.key)
	if errors.Is(err, bridge.ErrNotFound) {
		err = nil // nothing was made yet
	}
	return n, err
}

func (t *transaction) RaiseSpare(o bridge.RoomOwner) error {
	a, err := adoptionOf(o)
	if err != nil || a.raise == "" {
		return err
	}
	if o.Area != "" {
		if err := t.exec(insertArea, a.key); err != nil {
			return err
		}
	}
	if o.Part == bridge.DirectRoom {
		if err := t.exec(insertDirect, a.key); err != nil {
			return err
		}
	}
	return t.exec(a.raise, a.key)
}

const selectHouseRoom = `SELECT room_id FROM house_rooms WHERE part = ?`

func (t *transaction) HouseRoom(part bridge.AreaPart) (bridge.RoomID, error) {
	var room string
	err := t.get(&room, selectHouseRoom, string(part))
	return bridge.RoomID(room), err
}
