package store_test

import (
	"fmt"
	"testing"

	"schalter/bridge"
	"schalter/bridge/store"
)

// take records events in the order in which the way in took them.
func take(t *testing.T, db *store.DB, events ...bridge.EventID) {
	t.Helper()
	update(t, db, func(tx bridge.Tx) error {
		for _, e := range events {
			if _, err := tx.Seen(e, "!room"); err != nil {
				return err
			}
		}
		return nil
	})
}

// chat stores a conversation with a citizen's messages, whose events are $1, $2 and so on, of which
// some are delivered.
func chat(t *testing.T, db *store.DB, citizen, delivered int64) bridge.Conversation {
	t.Helper()
	c := newConversation(t, db)
	for seq := int64(1); seq <= citizen; seq++ {
		m := message(c, seq)
		if seq <= delivered {
			m.Event = bridge.EventID(fmt.Sprintf("$%d", seq))
		}
		insert(t, db, m)
	}
	c.LastSeq, c.DeliveredSeq = citizen, delivered
	update(t, db, func(tx bridge.Tx) error { return tx.SaveConversation(c) })
	return c
}

// A receipt may stand at any event; what counts is which of the citizen's messages came before it.
func TestWhatAClerkHasReadStandsBeforeTheReceipt(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := chat(t, db, 5, 4)
		other := chat(t, db, 0, 0)
		// $4 was sent and its echo has not come; 5 was not sent.
		take(t, db, "$member", "$1", "$notice", "$2", "$answer", "$3", "$topic")
		for _, try := range []struct {
			event bridge.EventID
			want  int64
		}{
			{"$member", 0}, {"$1", 1}, {"$notice", 1}, {"$answer", 2}, {"$1", 2}, {"$unknown", 2}, {"$4", 2},
			{"$3", 3}, {"$topic", 3}, {"$2", 3},
		} {
			update(t, db, func(tx bridge.Tx) error {
				got, err := tx.ReadByClerk(c.ID, try.event)
				if got != try.want {
					t.Errorf("receipt at %s: read up to %d, want %d", try.event, got, try.want)
				}
				return err
			})
		}
		take(t, db, "$4")
		c.ReadSeq = 3
		if got := reload(t, db, c.ID); got != c {
			t.Errorf("read %+v\nwant %+v", got, c)
		}
		if got := reload(t, db, other.ID); got != other {
			t.Errorf("another conversation has changed: %+v", got)
		}
	})
}

func TestWhoeverAnswersHasReadWhatStandsBefore(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := chat(t, db, 3, 3)
		take(t, db, "$1", "$2", "$answer", "$3")
		c.State, c.Clerk, c.LastSeq = bridge.Active, "Frau Keller", 4
		update(t, db, func(tx bridge.Tx) error { return tx.SaveAnswered(c, "$answer") })
		c.ReadSeq = 2
		if got := reload(t, db, c.ID); got != c {
			t.Errorf("read %+v\nwant %+v", got, c)
		}
		// What was read is no business of other writers, who may hold an older state.
		c.ReadSeq = 0
		update(t, db, func(tx bridge.Tx) error { return tx.SaveConversation(c) })
		if got := reload(t, db, c.ID).ReadSeq; got != 2 {
			t.Errorf("read up to %d after another change, want 2", got)
		}
	})
}

func TestCitizensReadingAndTheMessageItStandsAt(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := newConversation(t, db)
		for seq, event := range map[int64]bridge.EventID{1: "", 2: "$two", 3: "", 4: "$four"} {
			m := message(c, seq)
			if seq == 1 {
				m.Event = "$one"
			} else {
				m.Direction, m.ClientID, m.Event = bridge.FromClerkDirection, "", event
			}
			insert(t, db, m)
		}
		for seq, want := range map[int64]bridge.EventID{0: "", 1: "", 2: "$two", 3: "$two", 4: "$four", 9: "$four"} {
			got, err := db.NewestOfClerk(t.Context(), c.ID, seq)
			var none error
			if want == "" {
				none = bridge.ErrNotFound
			}
			if got != want {
				t.Errorf("up to %d: %s, want %s", seq, got, want)
			}
			wantErr(t, "newest of clerk", err, none)
		}
		update(t, db, func(tx bridge.Tx) error { return tx.SaveCitizenRead(c.ID, 4) })
		c.CitizenReadSeq = 4
		if got := reload(t, db, c.ID); got != c {
			t.Errorf("read %+v\nwant %+v", got, c)
		}
	})
}

func TestConversationAndNameForWhoIsTyping(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := newConversation(t, db)
		update(t, db, func(tx bridge.Tx) error {
			if err := tx.SetUserName("@keller:example.org", "Frau Keller"); err != nil {
				return err
			}
			_, err := tx.Adopt(bridge.RoomOwner{Conversation: c.ID}, "!room")
			return err
		})
		got, err := db.ConversationByRoom(t.Context(), "!room")
		if err != nil || got.ID != c.ID || got.Room != "!room" {
			t.Errorf("by room: %+v %v", got, err)
		}
		_, err = db.ConversationByRoom(t.Context(), "!elsewhere")
		wantErr(t, "unknown room", err, bridge.ErrNotFound)
		for user, want := range map[bridge.UserID]string{"@keller:example.org": "Frau Keller", "@nobody:example.org": ""} {
			if name, err := db.UserName(t.Context(), user); err != nil || name != want {
				t.Errorf("%s is called %q (%v), want %q", user, name, err, want)
			}
		}
	})
}
