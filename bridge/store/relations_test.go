package store_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/store"
)

func TestRelations(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := newConversation(t, db)
		m := message(c, 1)
		insert(t, db, m)
		edit := bridge.Relation{
			ID: "$edit", Conversation: c.ID, Kind: bridge.Edit, Message: m.ID, Event: "$edit", Sender: "@keller:example.org",
			Text: "neu", HTML: "<b>neu</b>", Emote: true, Place: 3, At: at,
		}
		own := bridge.Relation{ID: "01OWN", Conversation: c.ID, Kind: bridge.ReactionTo, Message: m.ID, ClientID: "a", Key: "👍", At: at}
		early := bridge.Relation{ID: "$early", Conversation: c.ID, Kind: bridge.AwaitedRedaction, Target: "$later", Sender: "@keller:example.org", At: at}
		update(t, db, func(tx bridge.Tx) error {
			for _, r := range []bridge.Relation{edit, own, early} {
				if added, err := tx.AddRelation(r); err != nil || !added {
					t.Errorf("%s: added %v %v", r.ID, added, err)
				}
			}
			for name, change := range map[string]func(*bridge.Relation){
				"ID":        func(r *bridge.Relation) { r.ID = "$edit" },
				"event":     func(r *bridge.Relation) { r.Event = "$edit" },
				"client_id": func(r *bridge.Relation) { r.ClientID = "a" },
			} {
				again := bridge.Relation{ID: "again", Conversation: c.ID, Kind: bridge.Edit, Message: m.ID, At: at}
				change(&again)
				if added, err := tx.AddRelation(again); err != nil || added {
					t.Errorf("the same %s: added %v %v", name, added, err)
				}
			}
			return nil
		})
		update(t, db, func(tx bridge.Tx) error {
			got, err := tx.Relations(m.ID)
			slices.SortFunc(got, func(a, b bridge.Relation) int { return int(b.Place - a.Place) })
			if err != nil || !reflect.DeepEqual(got, []bridge.Relation{edit, own}) {
				t.Errorf("relations %+v %v", got, err)
			}
			got, err = tx.Awaiting("$later")
			if err != nil || !reflect.DeepEqual(got, []bridge.Relation{early}) {
				t.Errorf("awaiting %+v %v", got, err)
			}
			for _, nothing := range []func() ([]bridge.Relation, error){
				func() ([]bridge.Relation, error) { return tx.Relations("") },
				func() ([]bridge.Relation, error) { return tx.Awaiting("") },
				func() ([]bridge.Relation, error) { return tx.Awaiting("$edit") },
			} {
				if got, err := nothing(); err != nil || len(got) != 0 {
					t.Errorf("found %+v %v", got, err)
				}
			}
			r, err := tx.RelationByEvent("$edit")
			if err != nil || !reflect.DeepEqual(r, edit) {
				t.Errorf("by event %+v %v", r, err)
			}
			_, err = tx.RelationByEvent("")
			wantErr(t, "no event", err, bridge.ErrNotFound)
			if ours, err := tx.EventIsOurs("$edit"); err != nil || !ours {
				t.Errorf("ours %v %v", ours, err)
			}
			early.Message, early.Target, early.Undone = m.ID, "", true
			if err := tx.SaveRelation(early); err != nil {
				return err
			}
			if err := tx.EraseTexts(m.ID); err != nil {
				return err
			}
			return tx.RemoveRelation("01OWN")
		})
		update(t, db, func(tx bridge.Tx) error {
			got, err := tx.Relations(m.ID)
			slices.SortFunc(got, func(a, b bridge.Relation) int { return int(b.Place - a.Place) })
			edit.Text, edit.HTML = "", ""
			if err != nil || !reflect.DeepEqual(got, []bridge.Relation{edit, early}) {
				t.Errorf("relations %+v %v", got, err)
			}
			return nil
		})
	})
}

func TestMessageChanges(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c, other := newConversation(t, db), newConversation(t, db)
		first, second, third := message(c, 1), message(c, 2), message(c, 3)
		second.ReplyTo = first.ID
		third.Direction, third.ClientID, third.Sender, third.SenderID, third.Event, third.Emote = bridge.FromClerkDirection, "", "Frau Keller", "@keller:example.org", "$three", true
		for _, m := range []bridge.Message{first, second, third, message(other, 1)} {
			insert(t, db, m)
		}
		changed := func(since, after, upTo int64, limit int) (seqs []int64) {
			t.Helper()
			list, err := db.Changed(t.Context(), c.ID, since, after, upTo, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range list {
				seqs = append(seqs, m.Seq)
			}
			return seqs
		}
		if got := changed(0, 0, 9, 9); got != nil {
			t.Errorf("changed %v", got)
		}
		first.Text, first.EditedAt, first.Revision = "neu", at.Add(time.Second), 1
		first.Reactions = []bridge.ReactionCount{{Key: "👍", Count: 2, Mine: true}, {Key: "🎉", Count: 1}}
		third.Text, third.Emote, third.DeletedAt, third.Revision = "", false, at.Add(time.Minute), 2
		second.Revision = 1
		second.Quote = bridge.Quote{Seq: 1, Direction: bridge.FromCitizenDirection, Text: "neu"}
		update(t, db, func(tx bridge.Tx) error {
			for _, m := range []bridge.Message{first, third} {
				if err := tx.SaveMessage(m); err != nil {
					return err
				}
			}
			for id, want := range map[bridge.MessageID]bool{first.ID: true, "nothing": false, "": false} {
				m, err := tx.Message(id)
				if want && (err != nil || !same(m, first)) {
					t.Errorf("message %+v %v", m, err)
				} else if !want {
					wantErr(t, "no message", err, bridge.ErrNotFound)
				}
			}
			m, err := tx.MessageByEvent("$three")
			if err != nil || !same(m, third) {
				t.Errorf("by event %+v %v", m, err)
			}
			_, err = tx.MessageByEvent("")
			wantErr(t, "no event", err, bridge.ErrNotFound)
			return tx.TouchReplies(first.ID, 1)
		})
		got, err := db.Messages(t.Context(), c.ID, 0, 9)
		if err != nil || !slices.EqualFunc(got, []bridge.Message{first, second, third}, same) {
			t.Errorf("messages %+v %v\nwant %+v", got, err, []bridge.Message{first, second, third})
		}
		for _, try := range []struct {
			since, after, upTo int64
			limit              int
			want               []int64
		}{{0, 0, 9, 9, []int64{1, 2, 3}}, {1, 0, 9, 9, []int64{3}}, {2, 0, 9, 9, nil}, {0, 1, 2, 9, []int64{2}}, {0, 0, 9, 2, []int64{1, 2}}} {
			if got := changed(try.since, try.after, try.upTo, try.limit); !slices.Equal(got, try.want) {
				t.Errorf("%+v: %v", try, got)
			}
		}
	})
}

func TestCitizensRelations(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c, other := newConversation(t, db), newConversation(t, db)
		m := message(c, 1)
		insert(t, db, m)
		own := bridge.Relation{ID: "01OWN", Conversation: c.ID, Kind: bridge.Edit, Message: m.ID, ClientID: "a", Text: "neu", Place: 1, At: at}
		update(t, db, func(tx bridge.Tx) error {
			if _, err := tx.AddRelation(own); err != nil {
				return err
			}
			for _, event := range []bridge.EventID{"$first", "$later"} {
				if err := tx.SetRelationEvent(own.ID, event); err != nil {
					return err
				}
			}
			return nil
		})
		own.Event = "$first"
		for id, want := range map[string]error{own.ID: nil, "nothing": bridge.ErrNotFound} {
			r, err := db.Relation(t.Context(), id)
			wantErr(t, "relation "+id, err, want)
			if want == nil && r != own {
				t.Errorf("relation %+v, want %+v", r, own)
			}
		}
		got, err := db.Message(t.Context(), m.ID)
		if err != nil || !same(got, m) {
			t.Errorf("message %+v %v", got, err)
		}
		_, err = db.Message(t.Context(), "nothing")
		wantErr(t, "no message", err, bridge.ErrNotFound)
		update(t, db, func(tx bridge.Tx) error {
			r, err := tx.Relation(own.ID)
			if err != nil || r != own {
				t.Errorf("relation %+v %v", r, err)
			}
			r, err = tx.RelationByClientID(c.ID, "a")
			if err != nil || r != own {
				t.Errorf("by client_id %+v %v", r, err)
			}
			_, err = tx.RelationByClientID(other.ID, "a")
			wantErr(t, "in another conversation", err, bridge.ErrNotFound)
			_, err = tx.RelationByClientID(c.ID, "")
			wantErr(t, "no client_id", err, bridge.ErrNotFound)
			return nil
		})
	})
}

// Only what nobody has begun to do can be withdrawn.
func TestWithdrawEntry(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		for name, try := range map[string]struct {
			phase    bridge.Phase
			attempts int
			owner    string
			want     bool
		}{
			"untouched": {bridge.Ready, 0, "", true}, "claimed": {bridge.Ready, 0, "replica", false},
			"tried": {bridge.Ready, 1, "", false}, "unsure": {bridge.Unsure, 1, "", false}, "barred": {bridge.Barred, 1, "", false},
		} {
			e := bridge.Entry{ID: bridge.NewID(), Stream: name, Kind: bridge.SendMessage, Phase: bridge.Ready, DueAt: at, CreatedAt: at}
			update(t, db, func(tx bridge.Tx) error {
				claimed, err := tx.Enqueue(e, "replica", at)
				if err != nil || !claimed {
					t.Errorf("%s: claimed %v %v", name, claimed, err)
				}
				if try.owner != "" {
					return nil
				}
				e.Phase, e.Attempts, e.Claim = try.phase, try.attempts, 1
				_, err = tx.SettleEntry(e)
				return err
			})
			update(t, db, func(tx bridge.Tx) error {
				withdrawn, err := tx.WithdrawEntry(e.ID)
				if err != nil || withdrawn != try.want {
					t.Errorf("%s: withdrawn %v %v", name, withdrawn, err)
				}
				_, err = tx.Entry(e.ID)
				if found := err == nil; found == try.want {
					t.Errorf("%s: there %v afterwards", name, found)
				}
				return nil
			})
		}
	})
}
