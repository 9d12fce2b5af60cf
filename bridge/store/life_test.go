package store_test

import (
	"slices"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store"
)

func TestDueLives(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		late, early, never := newConversation(t, db), newConversation(t, db), newConversation(t, db)
		late.Life.DueAt, early.Life.DueAt, never.Life.DueAt = at.Add(2*time.Minute), at.Add(time.Minute), time.Time{}
		update(t, db, func(tx bridge.Tx) error {
			for _, c := range []bridge.Conversation{late, early, never} {
				if err := tx.SaveConversation(c); err != nil {
					return err
				}
			}
			return nil
		})
		for now, want := range map[time.Time][]bridge.ConversationID{
			at: nil, at.Add(time.Minute): {early.ID}, at.Add(time.Hour): {early.ID, late.ID},
		} {
			if got, err := db.DueLives(t.Context(), now, 10); err != nil || !slices.Equal(got, want) {
				t.Errorf("at %s: %v %v, want %v", now, got, err, want)
			}
		}
		if got, err := db.DueLives(t.Context(), at.Add(time.Hour), 1); err != nil || !slices.Equal(got, []bridge.ConversationID{early.ID}) {
			t.Errorf("the first one: %v %v", got, err)
		}
	})
}

func TestTokensAreDeleted(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c, other := newConversation(t, db), newConversation(t, db)
		update(t, db, func(tx bridge.Tx) error {
			for token, id := range map[string]bridge.ConversationID{"one": c.ID, "two": c.ID, "other": other.ID} {
				if err := tx.AddToken(id, []byte(token), at); err != nil {
					return err
				}
			}
			return tx.DeleteTokens(c.ID)
		})
		_, err := db.Authorized(t.Context(), c.ID, []byte("one"))
		wantErr(t, "a deleted token", err, bridge.ErrUnauthorized)
		_, err = db.Authorized(t.Context(), other.ID, []byte("other"))
		wantErr(t, "another's token", err, nil)
	})
}

func TestOneRatingEach(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := newConversation(t, db)
		first := bridge.Rating{Score: 4, Comment: "Danke 🐕", At: at}
		update(t, db, func(tx bridge.Tx) error {
			_, err := tx.Rating(c.ID)
			wantErr(t, "no rating yet", err, bridge.ErrNotFound)
			for n, r := range []bridge.Rating{first, {Score: 1, At: at}} {
				if added, err := tx.AddRating(c.ID, r); err != nil || added != (n == 0) {
					t.Errorf("rating %d: added %v %v", n, added, err)
				}
			}
			got, err := tx.Rating(c.ID)
			if got != first {
				t.Errorf("%+v", got)
			}
			return err
		})
	})
}

func TestDrifts(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		lobby := bridge.RoomOwner{Area: "hunde", Part: bridge.Lobby}
		all := []bridge.Drift{
			{Owner: lobby, Room: "!a", What: bridge.PowerDrifted, Outcome: bridge.Mended, FoundAt: at},
			{Owner: lobby, Room: "!b", What: bridge.PowerDrifted, Outcome: bridge.LeftAlone, FoundAt: at.Add(time.Minute)},
			{Owner: bridge.RoomOwner{Conversation: "hunde"}, Room: "!c", What: bridge.PowerDrifted, Outcome: bridge.Mended, FoundAt: at.Add(time.Minute)},
			{Owner: lobby, Room: "!b", What: bridge.AliasDrifted, Outcome: bridge.Mended, FoundAt: at.Add(time.Minute)},
		}
		update(t, db, func(tx bridge.Tx) error {
			for _, d := range all {
				if err := tx.AddDrift(d); err != nil {
					return err
				}
			}
			for since, want := range map[time.Time][]bridge.Drift{{}: all[:2], at.Add(time.Millisecond): all[1:2], at.Add(time.Hour): {}} {
				if got, err := tx.Drifts(lobby, bridge.PowerDrifted, since); err != nil || !slices.Equal(got, want) {
					t.Errorf("since %s: %+v %v", since, got, err)
				}
			}
			return nil
		})
		f, err := db.Figures(t.Context())
		if err != nil || f.Drifts[store.DriftCount{What: bridge.PowerDrifted, Outcome: bridge.Mended}] != 2 {
			t.Errorf("%+v %v", f.Drifts, err)
		}
	})
}

func TestEntryMovesToAnotherRoom(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		entry := bridge.Entry{
			ID: bridge.NewID(), Stream: "lobby:hunde", Kind: bridge.TellRoom, Area: "hunde", Room: "!lost",
			Phase: bridge.Barred, Barrier: "nonce", DueAt: at.Add(time.Hour), CreatedAt: at,
		}
		update(t, db, func(tx bridge.Tx) error {
			if _, err := tx.Enqueue(entry, "", at); err != nil {
				return err
			}
			if err := tx.MoveEntry(entry.ID, "!serves", at); err != nil {
				return err
			}
			e, err := tx.Entry(entry.ID)
			if e.Room != "!serves" || e.Phase != bridge.Ready || e.Barrier != "" || !e.DueAt.Equal(at) {
				t.Errorf("%+v", e)
			}
			return err
		})
	})
}

func TestLastMessages(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := newConversation(t, db)
		update(t, db, func(tx bridge.Tx) error {
			for n := range 5 {
				c.LastSeq++
				if _, err := tx.InsertMessage(bridge.Message{
					ID: bridge.MessageID(bridge.NewID()), Conversation: c.ID, Seq: c.LastSeq, Direction: bridge.FromCitizenDirection,
					ClientID: string(rune('a' + n)), Text: "x", CreatedAt: at,
				}); err != nil {
					return err
				}
			}
			for limit, want := range map[int][]int64{2: {4, 5}, 9: {1, 2, 3, 4, 5}} {
				got, err := tx.LastMessages(c, limit)
				if err != nil || len(got) != len(want) || got[0].Seq != want[0] {
					t.Errorf("the last %d: %+v %v", limit, got, err)
				}
			}
			return nil
		})
	})
}

// Areas' rooms and the admin room lose aliases one by one; conversations lose their number instead.
func TestLostAliasesAreCounted(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		lobby, space := bridge.RoomOwner{Area: "hunde", Part: bridge.Lobby}, bridge.RoomOwner{Area: "hunde", Part: bridge.Space}
		admin, c := bridge.RoomOwner{Part: bridge.AdminRoom}, bridge.RoomOwner{Conversation: newConversation(t, db).ID}
		update(t, db, func(tx bridge.Tx) error {
			for _, o := range []bridge.RoomOwner{lobby, lobby, admin, c} {
				if err := tx.RaiseSpare(o); err != nil {
					return err
				}
			}
			for o, want := range map[bridge.RoomOwner]int{lobby: 2, space: 0, admin: 1, c: 0, {Area: "fund", Part: bridge.Lobby}: 0} {
				if n, err := tx.Spare(o); err != nil || n != want {
					t.Errorf("%+v: %d %v, want %d", o, n, err, want)
				}
			}
			return nil
		})
	})
}

func TestServingRooms(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		var want []bridge.ServingRoom
		for _, state := range []bridge.State{bridge.Waiting, bridge.Active, bridge.Closed, bridge.Waiting} {
			c := newConversation(t, db)
			c.State = state
			room := bridge.RoomID("!" + string(c.ID))
			update(t, db, func(tx bridge.Tx) error {
				if _, err := tx.Adopt(bridge.RoomOwner{Conversation: c.ID}, room); err != nil {
					return err
				}
				if err := tx.SaveLobbyNotice(bridge.LobbyNotice{Conversation: c.ID, Area: "hunde", Shown: "x"}); err != nil {
					return err
				}
				return tx.SaveConversation(c)
			})
			if state != bridge.Closed {
				want = append(want, bridge.ServingRoom{Conversation: c.ID, Area: c.Area, Room: room})
			}
		}
		newConversation(t, db) // without a room
		got, err := db.ServingRooms(t.Context())
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%+v %v, want %+v", got, err, want)
		}
		update(t, db, func(tx bridge.Tx) error {
			ids, err := tx.NoticedIn("hunde")
			if len(ids) != len(want) || ids[0] != want[0].Conversation || ids[2] != want[2].Conversation {
				t.Errorf("noticed: %v", ids)
			}
			return err
		})
	})
}
