package homeservertest

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// LoseJoin leaves Dendrite as a kill in the middle of a user's join can leave it (seen with 0.15.2, about once
// in ten storms of kills): they are in its table of the room's members, and not in the room's state. They must be in some
// other room. The homeserver is down meanwhile.
func (h *Homeserver) LoseJoin(userID, roomID string) error {
	d, ok := h.backend.(*dendrite)
	if !ok {
		return errors.New("only Dendrite loses joins")
	}
	if err := h.Kill(); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", filepath.Join(d.options.Dir, "rooms.db"))
	if err != nil {
		return fmt.Errorf("open Dendrite's rooms: %w", err)
	}
	const joined = 3
	done, err := db.Exec(`INSERT INTO roomserver_membership (room_nid, target_nid, sender_nid, membership_nid, event_nid, target_local, forgotten)
		SELECT r.room_nid, m.target_nid, m.sender_nid, m.membership_nid, m.event_nid, m.target_local, false
		FROM roomserver_rooms r, roomserver_membership m JOIN roomserver_event_state_keys k ON k.event_state_key_nid = m.target_nid
		WHERE r.room_id = ? AND k.event_state_key = ? AND m.membership_nid = ? LIMIT 1`, roomID, userID, joined)
	if err == nil {
		if n, _ := done.RowsAffected(); n != 1 {
			err = errors.New("room or user not found")
		}
	}
	if closing := db.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("lose a join: %w", err)
	}
	return h.Start()
}
