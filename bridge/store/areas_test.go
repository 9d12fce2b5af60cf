package store_test

import (
	"errors"
	"slices"
	"testing"

	"schalter/bridge"
	"schalter/bridge/store"
)

func TestAreaRooms(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		want := []bridge.AreaRooms{
			{Area: "a", Space: "!space:a", Lobby: "!lobby:a"},
			{Area: "b", Space: "!space:b"},
		}
		update(t, db, func(tx bridge.Tx) error {
			none, err := tx.AreaRooms("a")
			if err != nil || none != (bridge.AreaRooms{Area: "a"}) {
				t.Errorf("before: %+v %v", none, err)
			}
			return errors.Join(tx.SaveAreaRooms(want[1]), tx.SaveAreaRooms(bridge.AreaRooms{Area: "a"}), tx.SaveAreaRooms(want[0]))
		})
		got, err := db.AreaRooms(t.Context())
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("all: %+v %v", got, err)
		}
		update(t, db, func(tx bridge.Tx) error {
			got, err := tx.AreaRooms("b")
			if err != nil || got != want[1] {
				t.Errorf("one: %+v %v", got, err)
			}
			return nil
		})
	})
}

func TestFirstRoomIsAdoptedAndStays(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := newConversation(t, db)
		owners := map[string]bridge.RoomOwner{
			"conversation": {Conversation: c.ID},
			"space":        {Area: "area", Part: bridge.Space},
			"lobby":        {Area: "area", Part: bridge.Lobby},
		}
		serving := func(name string, owner bridge.RoomOwner, room, want bridge.RoomID) {
			t.Helper()
			update(t, db, func(tx bridge.Tx) error {
				got, err := tx.Adopt(owner, room)
				if err != nil || got != want {
					t.Errorf("%s: adopting %s, %s serves (%v), want %s", name, room, got, err, want)
				}
				return err
			})
		}
		abandon := func(owner bridge.RoomOwner, room bridge.RoomID) {
			t.Helper()
			update(t, db, func(tx bridge.Tx) error { return tx.Abandon(owner, room) })
		}
		for name, owner := range owners {
			first, second := bridge.RoomID("!1"+name), bridge.RoomID("!2"+name)
			serving(name, owner, first, first)
			serving(name, owner, first, first)
			serving(name, owner, second, first)
			abandon(owner, second) // does not serve
			serving(name, owner, second, first)
			abandon(owner, first)
			serving(name, owner, second, second)
		}
		if got := reload(t, db, c.ID); got.Room != "!2conversation" {
			t.Errorf("room of the conversation: %q", got.Room)
		}
		update(t, db, func(tx bridge.Tx) error {
			for _, room := range []bridge.RoomID{"!1conversation", "!2conversation"} { // both were made for it
				if got, err := tx.LockConversationByRoom(room); err != nil || got.ID != c.ID || got.Room != "!2conversation" {
					t.Errorf("by room %s: %+v %v", room, got, err)
				}
			}
			rooms, err := tx.AreaRooms("area")
			if err != nil || rooms != (bridge.AreaRooms{Area: "area", Space: "!2space", Lobby: "!2lobby"}) {
				t.Errorf("rooms of the area: %+v %v", rooms, err)
			}
			return nil
		})
	})
}

func TestAdoptWithoutOwnerFails(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		err := db.Update(t.Context(), func(tx bridge.Tx) error {
			_, err := tx.Adopt(bridge.RoomOwner{Area: "area"}, "!room")
			return err
		})
		if err == nil || errors.Is(err, bridge.ErrUnavailable) {
			t.Errorf("adopted for nobody: %v", err)
		}
		if err := db.Update(t.Context(), func(tx bridge.Tx) error { return tx.Abandon(bridge.RoomOwner{}, "!room") }); err == nil {
			t.Error("abandoned for nobody")
		}
		_, err = adopt(t, db, "unknown", "!room")
		wantErr(t, "adopt for a conversation of another database", err, bridge.ErrNotFound)
	})
}

// A room serves one conversation only; the database says so, and it is the event's fault.
func TestRoomOfTwoConversations(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		one, two := newConversation(t, db), newConversation(t, db)
		if _, err := adopt(t, db, one.ID, "!room"); err != nil {
			t.Fatal(err)
		}
		_, err := adopt(t, db, two.ID, "!room")
		if err == nil || errors.Is(err, bridge.ErrUnavailable) {
			t.Errorf("one room for two conversations: %v", err)
		}
	})
}

func adopt(t *testing.T, db *store.DB, c bridge.ConversationID, room bridge.RoomID) (serving bridge.RoomID, err error) {
	t.Helper()
	err = db.Update(t.Context(), func(tx bridge.Tx) (err error) {
		serving, err = tx.Adopt(bridge.RoomOwner{Conversation: c}, room)
		return err
	})
	return serving, err
}
