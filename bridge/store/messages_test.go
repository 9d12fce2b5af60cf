package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"schalter/bridge"
	"schalter/bridge/store"
)

func message(c bridge.Conversation, seq int64) bridge.Message {
	return bridge.Message{
		ID: bridge.MessageID(bridge.NewID()), Conversation: c.ID, Seq: seq, Direction: bridge.FromCitizenDirection,
		ClientID: fmt.Sprintf("client-%d", seq), Text: fmt.Sprintf("Grüezi %d\n\t👋", seq), CreatedAt: at,
		Language: c.Language,
	}
}

func same(a, b bridge.Message) bool { return reflect.DeepEqual(a, b) }

func insert(t *testing.T, db *store.DB, m bridge.Message) bool {
	t.Helper()
	var fresh bool
	update(t, db, func(tx bridge.Tx) (err error) {
		fresh, err = tx.InsertMessage(m)
		return err
	})
	return fresh
}

func TestMessagesAreReadInOrder(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c, other := newConversation(t, db), newConversation(t, db)
		var all []bridge.Message
		for _, seq := range []int64{3, 1, 5, 2, 4} {
			m := message(c, seq)
			if seq == 4 {
				m.Direction, m.ClientID, m.Sender = bridge.FromClerkDirection, "", "Frau Keller"
				m.HTML, m.Event = "<b>Grüezi</b>", "$four"
			}
			if !insert(t, db, m) {
				t.Fatalf("message %d not stored", seq)
			}
			all = append(all, m)
		}
		insert(t, db, message(other, 1))
		slices.SortFunc(all, func(a, b bridge.Message) int { return int(a.Seq - b.Seq) })
		for _, try := range []struct {
			after int64
			limit int
			want  []bridge.Message
		}{{0, 100, all}, {0, 2, all[:2]}, {2, 2, all[2:4]}, {4, 10, all[4:]}, {5, 10, nil}, {-1, 1, all[:1]}} {
			got, err := db.Messages(t.Context(), c.ID, try.after, try.limit)
			if err != nil || !slices.EqualFunc(got, try.want, same) {
				t.Errorf("after %d, at most %d: %v %+v\nwant %+v", try.after, try.limit, err, got, try.want)
			}
		}
	})
}

func TestMessageIsUniqueByClientIDEventAndSeq(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c, other := newConversation(t, db), newConversation(t, db)
		first := message(c, 1)
		first.Event = "$one"
		insert(t, db, first)
		for name, try := range map[string]struct {
			change func(*bridge.Message)
			fresh  bool
		}{
			"same client_id":                       {func(m *bridge.Message) { m.ClientID = first.ClientID }, false},
			"same event":                           {func(m *bridge.Message) { m.Event = "$one" }, false},
			"same seq":                             {func(m *bridge.Message) { m.Seq = 1 }, false},
			"same ID":                              {func(m *bridge.Message) { m.ID = first.ID }, false},
			"client_id in another conversation":    {func(m *bridge.Message) { m.Conversation, m.ClientID = other.ID, first.ClientID }, true},
			"a clerk's, without client_id":         {func(m *bridge.Message) { m.Seq, m.ClientID = 3, "" }, true},
			"a second clerk's, without client_id":  {func(m *bridge.Message) { m.Seq, m.ClientID = 4, "" }, true},
			"same event, in another conversation":  {func(m *bridge.Message) { m.Conversation, m.Event = other.ID, "$one" }, false},
			"other event, in another conversation": {func(m *bridge.Message) { m.Conversation, m.Seq, m.Event = other.ID, 7, "$two" }, true},
		} {
			m := message(c, 2)
			try.change(&m)
			if got := insert(t, db, m); got != try.fresh {
				t.Errorf("%s: stored %v, want %v", name, got, try.fresh)
			}
		}
		got, err := db.Messages(t.Context(), c.ID, 0, 1)
		if err != nil || len(got) != 1 || !same(got[0], first) {
			t.Errorf("the first message has changed: %+v %v", got, err)
		}
	})
}

func TestMessageByClientID(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c, other := newConversation(t, db), newConversation(t, db)
		m, clerks := message(c, 1), message(c, 2)
		clerks.ClientID = ""
		insert(t, db, m)
		insert(t, db, clerks)
		update(t, db, func(tx bridge.Tx) error {
			got, err := tx.MessageByClientID(c.ID, m.ClientID)
			if err != nil || !same(got, m) {
				t.Errorf("found %+v %v", got, err)
			}
			_, err = tx.MessageByClientID(other.ID, m.ClientID)
			wantErr(t, "in another conversation", err, bridge.ErrNotFound)
			_, err = tx.MessageByClientID(c.ID, "")
			wantErr(t, "no client_id", err, bridge.ErrNotFound)
			seq, err := tx.MessageSeq(clerks.ID)
			if err != nil || seq != 2 {
				t.Errorf("seq %d %v", seq, err)
			}
			_, err = tx.MessageSeq("nothing")
			wantErr(t, "seq of nothing", err, bridge.ErrNotFound)
			return nil
		})
	})
}

func TestMessageEventIsWrittenOnce(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c := newConversation(t, db)
		m, second := message(c, 1), message(c, 2)
		insert(t, db, m)
		insert(t, db, second)
		c.Notice = "$notice"
		update(t, db, func(tx bridge.Tx) error {
			for _, e := range []bridge.EventID{"$first", "$later"} {
				if err := tx.SetMessageEvent(m.ID, e); err != nil {
					return err
				}
			}
			if err := tx.SaveConversation(c); err != nil {
				return err
			}
			return tx.SetMessageFailed(second.ID)
		})
		got, err := db.Messages(t.Context(), c.ID, 0, 2)
		if err != nil || len(got) != 2 {
			t.Fatalf("%+v %v", got, err)
		}
		if got[0].Event != "$first" || got[0].Failed || got[1].Event != "" || !got[1].Failed {
			t.Errorf("events and failures: %+v", got)
		}
		update(t, db, func(tx bridge.Tx) error {
			for event, want := range map[bridge.EventID]bool{"$first": true, "$notice": true, "$later": false, "": false} {
				ours, err := tx.EventIsOurs(event)
				if err != nil || event != "" && ours != want {
					t.Errorf("%q ours: %v %v", event, ours, err)
				}
			}
			return nil
		})
	})
}

func TestCardsOfAConversation(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		c, other := newConversation(t, db), newConversation(t, db)
		asked, page, elsewhere := message(c, 3), message(c, 1), message(other, 1)
		asked.Card = &bridge.Card{Kind: bridge.DocumentCard, Title: "Heimatschein", Document: &bridge.Document{
			Hint: "ä", Answers: []bridge.DocumentAnswer{{Message: "m", Name: "x.pdf", SHA256: "00"}},
		}}
		page.Card = &bridge.Card{Kind: bridge.PageCard, Title: "Seite"}
		elsewhere.Card = page.Card
		for _, m := range []bridge.Message{asked, page, elsewhere, message(c, 2)} {
			insert(t, db, m)
		}
		update(t, db, func(tx bridge.Tx) error {
			got, err := tx.Cards(c.ID)
			if len(got) != 2 || !same(got[0], page) || !same(got[1], asked) {
				t.Errorf("cards %+v", got)
			}
			return err
		})
	})
}
