package bridge_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

// seen is a message as a citizen sees it.
type seen struct {
	Text, HTML string
	Emote      bool
	Edited     bool
	Reactions  string
	Quote      string
}

// transcript is what of a direction is to be seen. A message that was deleted before the bridge
// saw it has left nothing, one that was deleted afterwards its place: here both are nothing.
func (w *world) transcript(id bridge.ConversationID, d bridge.Direction) []seen {
	w.t.Helper()
	var out []seen
	for _, m := range w.history(id) {
		if m.Direction != d || m.Deleted() {
			continue
		}
		s := seen{Text: m.Text, HTML: m.HTML, Emote: m.Emote, Edited: !m.EditedAt.IsZero(), Quote: m.Quote.Text}
		for _, r := range m.Reactions {
			s.Reactions += fmt.Sprintf("%s%d", r.Key, r.Count)
		}
		out = append(out, s)
	}
	return out
}

// take gives the bridge events as one response of /sync.
func (w *world) take(events ...bridge.Event) {
	w.t.Helper()
	lease, ours, err := w.b.TakeSync(context.Background())
	if err != nil || !ours {
		w.t.Fatalf("take sync: %v %v", ours, err)
	}
	err = w.b.FromMatrix(context.Background(), bridge.Batch{
		Lease: lease, Next: bridge.NewID(), Events: events,
		Names: map[bridge.UserID]string{keller: "Frau Keller", vogt: "Herr Vogt"},
	})
	if err != nil {
		w.t.Fatalf("take events: %v", err)
	}
}

// texts are all texts that the database keeps of a conversation.
func (w *world) texts(id bridge.ConversationID) string {
	w.t.Helper()
	db := w.raw()
	defer db.Close()
	var all string
	err := db.QueryRow(`SELECT COALESCE(group_concat(t, '|'), '') FROM (
		SELECT text || html AS t FROM messages WHERE conversation_id = ?1 UNION ALL
		SELECT text || html FROM relations WHERE conversation_id = ?1 UNION ALL
		SELECT payload FROM outbox WHERE conversation_id = ?1)`, string(id)).Scan(&all)
	if err != nil {
		w.t.Fatalf("read texts: %v", err)
	}
	return all
}

// orders are all orders of n things.
func orders(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var out [][]int
	for _, o := range orders(n - 1) {
		for i := range n {
			out = append(out, slices.Insert(slices.Clone(o), i, n-1))
		}
	}
	return out
}

// Whatever a clerk does to a message, it ends in the same state, in whatever order the bridge
// comes to know of it: as it happens, from a gap, after a restart.
func TestEveryOrderOfArrivalGivesTheSameState(t *testing.T) {
	t.Parallel()
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	text := func(id string, by bridge.UserID, s string) bridge.Event {
		return bridge.Event{ID: bridge.EventID(id), Sender: by, Kind: bridge.ClerkText, Text: s, HTML: "<i>" + s + "</i>", At: at(0)}
	}
	edit := func(id, target string, by bridge.UserID, s string, second int) bridge.Event {
		return bridge.Event{ID: bridge.EventID(id), Sender: by, Kind: bridge.ClerkEdit, ReplyTo: bridge.EventID(target), Text: s, At: at(second)}
	}
	react := func(id, target string, by bridge.UserID, key string) bridge.Event {
		return bridge.Event{ID: bridge.EventID(id), Sender: by, Kind: bridge.ClerkReaction, ReplyTo: bridge.EventID(target), Key: key, At: at(len(id))}
	}
	redact := func(target string, by bridge.UserID) bridge.Event {
		return bridge.Event{ID: bridge.EventID("r" + target), Sender: by, Kind: bridge.Redaction, ReplyTo: bridge.EventID(target), At: at(9)}
	}
	shell := func(id string, by bridge.UserID) bridge.Event {
		return bridge.Event{ID: bridge.EventID(id), Sender: by, Kind: bridge.Redacted, At: at(0)}
	}
	reply := func(e bridge.Event, to string) bridge.Event {
		e.ReplyTo = bridge.EventID(to)
		return e
	}
	one := seen{Text: "eins", HTML: "<i>eins</i>"}
	for name, try := range map[string]struct {
		events []bridge.Event
		want   []seen
		// gone must not be found in the database.
		gone []string
	}{
		"edit":                        {[]bridge.Event{text("m", keller, "eins"), edit("e", "m", keller, "zwei", 1)}, []seen{{Text: "zwei", Edited: true}}, nil},
		"two edits":                   {[]bridge.Event{text("m", keller, "eins"), edit("z", "m", keller, "zwei", 1), edit("a", "m", keller, "drei", 2)}, []seen{{Text: "drei", Edited: true}}, nil},
		"two edits at one time":       {[]bridge.Event{text("m", keller, "eins"), edit("z", "m", keller, "zwei", 1), edit("a", "m", keller, "drei", 1)}, []seen{{Text: "zwei", Edited: true}}, nil},
		"an edit with an early time":  {[]bridge.Event{text("m", keller, "eins"), edit("e", "m", keller, "zwei", -5)}, []seen{{Text: "zwei", Edited: true}}, nil},
		"edit of a colleague":         {[]bridge.Event{text("m", keller, "eins"), edit("e", "m", vogt, "zwei", 1)}, []seen{one}, []string{"zwei"}},
		"edit of somebody else":       {[]bridge.Event{text("m", keller, "eins"), edit("e", "m", nobody, "zwei", 1)}, []seen{one}, []string{"zwei"}},
		"deletion of the second edit": {[]bridge.Event{text("m", keller, "eins"), edit("e", "m", keller, "zwei", 1), edit("f", "m", keller, "drei", 2), redact("f", keller)}, []seen{{Text: "zwei", Edited: true}}, []string{"drei"}},
		"edit of the citizen's":       {[]bridge.Event{edit("e", "citizen", keller, "zwei", 1), text("m", keller, "eins")}, []seen{one}, []string{"zwei"}},
		"deletion":                    {[]bridge.Event{text("m", keller, "eins"), redact("m", keller)}, nil, []string{"eins"}},
		"deletion by an admin":        {[]bridge.Event{text("m", keller, "eins"), redact("m", nobody)}, nil, []string{"eins"}},
		"deletion of the edited":      {[]bridge.Event{text("m", keller, "eins"), edit("e", "m", keller, "zwei", 1), redact("m", keller)}, nil, []string{"eins", "zwei"}},
		"deletion of the edit":        {[]bridge.Event{text("m", keller, "eins"), edit("e", "m", keller, "zwei", 1), redact("e", keller)}, []seen{one}, []string{"zwei"}},
		"shell instead":               {[]bridge.Event{shell("m", keller), edit("e", "m", keller, "zwei", 1), redact("m", keller), react("u", "m", keller, "👍")}, nil, []string{"zwei"}},
		"edit of a picture":           {[]bridge.Event{{ID: "m", Sender: keller, Kind: bridge.Unreadable, Class: "unsupported"}, edit("e", "m", keller, "zwei", 1)}, nil, []string{"zwei"}},
		"edit of what is not heard":   {[]bridge.Event{text("m", meier, "eins"), react("u", "m", keller, "👍"), edit("e", "m", meier, "zwei", 1)}, nil, []string{"eins", "zwei"}},
		"shell of an edit":            {[]bridge.Event{text("m", keller, "eins"), shell("e", keller), redact("e", keller)}, []seen{one}, nil},
		"reaction":                    {[]bridge.Event{text("m", keller, "eins"), react("u", "m", vogt, "👍")}, []seen{{Text: "eins", HTML: "<i>eins</i>", Reactions: "👍1"}}, nil},
		"reactions":                   {[]bridge.Event{text("m", keller, "eins"), react("u", "m", vogt, "👍"), react("uu", "m", keller, "👍"), react("uuu", "m", keller, "🎉")}, []seen{{Text: "eins", HTML: "<i>eins</i>", Reactions: "👍2🎉1"}}, nil},
		"reaction twice":              {[]bridge.Event{text("m", keller, "eins"), react("u", "m", vogt, "👍"), react("uu", "m", vogt, "👍")}, []seen{{Text: "eins", HTML: "<i>eins</i>", Reactions: "👍1"}}, nil},
		"reaction of somebody else":   {[]bridge.Event{text("m", keller, "eins"), react("u", "m", nobody, "👍")}, []seen{one}, nil},
		"reaction taken back":         {[]bridge.Event{text("m", keller, "eins"), react("u", "m", vogt, "👍"), redact("u", vogt)}, []seen{one}, nil},
		"reaction to the deleted":     {[]bridge.Event{text("m", keller, "eins"), react("u", "m", vogt, "👍"), redact("m", keller)}, nil, []string{"eins"}},
		"reaction to the edited":      {[]bridge.Event{text("m", keller, "eins"), edit("e", "m", keller, "zwei", 1), react("u", "m", vogt, "👍")}, []seen{{Text: "zwei", Edited: true, Reactions: "👍1"}}, nil},
		"reply":                       {[]bridge.Event{text("m", keller, "eins"), reply(text("n", vogt, "zwei"), "m")}, []seen{one, {Text: "zwei", HTML: "<i>zwei</i>", Quote: "eins"}}, nil},
		"reply to the edited":         {[]bridge.Event{text("m", keller, "eins"), edit("e", "m", keller, "drei", 1), reply(text("n", vogt, "zwei"), "m")}, []seen{{Text: "drei", Edited: true}, {Text: "zwei", HTML: "<i>zwei</i>", Quote: "drei"}}, nil},
		"reply to the deleted":        {[]bridge.Event{text("m", keller, "eins"), reply(text("n", vogt, "zwei"), "m"), redact("m", keller)}, []seen{{Text: "zwei", HTML: "<i>zwei</i>"}}, []string{"eins"}},
		"reply to the citizen":        {[]bridge.Event{reply(text("m", keller, "eins"), "citizen"), edit("e", "m", keller, "zwei", 1)}, []seen{{Text: "zwei", Edited: true, Quote: "Frage"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for n, order := range orders(len(try.events)) {
				c := w.opened("Frage")
				own := w.history(c.ID)[0].Event
				named := func(id bridge.EventID) bridge.EventID {
					if id == "citizen" {
						return own
					}
					if id != "" {
						id = bridge.EventID("$" + string(c.ID)[10:] + string(id))
					}
					return id
				}
				var events []bridge.Event
				for _, i := range order {
					ev := try.events[i]
					ev.ID, ev.ReplyTo, ev.Room = named(ev.ID), named(ev.ReplyTo), c.Room
					// Of two IDs the larger one counts when the times are equal.
					events = append(events, ev)
				}
				if n%2 == 0 {
					w.take(events...)
				} else {
					for i, ev := range events {
						w.take(ev)
						if i == 0 && n < 4 {
							w.crash()
							w.run()
						}
					}
				}
				got := w.transcript(c.ID, bridge.FromClerkDirection)
				slices.SortFunc(got, func(a, b seen) int { return strings.Compare(a.Text+a.Quote, b.Text+b.Quote) })
				want := slices.Clone(try.want)
				slices.SortFunc(want, func(a, b seen) int { return strings.Compare(a.Text+a.Quote, b.Text+b.Quote) })
				if !slices.Equal(got, want) {
					t.Errorf("order %v:\n got %+v\nwant %+v", order, got, want)
				}
				kept := w.texts(c.ID)
				for _, text := range try.gone {
					if strings.Contains(kept, text) {
						t.Errorf("order %v: %q is still kept: %s", order, text, kept)
					}
				}
				if got := w.look(c.ID); got.Awaited != 0 {
					t.Errorf("order %v: %d relations wait for ever", order, got.Awaited)
				}
			}
			w.drained()
		})
	}
}

// Somebody redacts what a citizen wrote, before or after the bridge knows its event.
func TestRedactionOfTheCitizensMessage(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{false, true} {
		t.Run(fmt.Sprint("early ", early), func(t *testing.T) {
			w := newWorld(t)
			c := w.opened("Frage")
			w.onItsBoard(c)
			hold := make(chan struct{})
			w.hs.script("Send", fate{hold: hold})
			w.say(c.ID, "Geheimnis")
			w.awaitBegun("Send", c.Room, 2)
			next := bridge.EventID(fmt.Sprintf("$event-%d", len(w.hs.since(0))+1))
			gone := bridge.Event{ID: "$gone", Room: c.Room, Sender: keller, Kind: bridge.Redaction, ReplyTo: next, At: start}
			if early {
				w.take(gone)
			}
			close(hold)
			w.delivered(c.ID)
			if h := w.history(c.ID); h[1].Event != next {
				t.Fatalf("the event is %s", h[1].Event)
			}
			if !early {
				w.take(gone)
			}
			h := w.history(c.ID)
			if !h[1].Deleted() || h[1].Text != "" || h[1].Revision == 0 || h[0].Deleted() {
				t.Errorf("history %+v", h)
			}
			if kept := w.texts(c.ID); strings.Contains(kept, "Geheimnis") {
				t.Errorf("still kept: %s", kept)
			}
		})
	}
}

// Changed tells of every message that has changed, and of those that quote it.
func TestChangedMessagesAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	one, two := clerkText(c.Room, keller, "eins"), clerkText(c.Room, vogt, "zwei")
	one.ID, two.ID, two.ReplyTo = "$one", "$two", "$one"
	w.take(one, two)
	changed := func(since int64) (seqs []int64) {
		t.Helper()
		list, err := w.b.Changed(context.Background(), c.ID, since, 0, 100, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			seqs = append(seqs, m.Seq)
		}
		return seqs
	}
	if got := changed(0); got != nil || w.look(c.ID).Revision != 0 {
		t.Errorf("changed before anything has: %v", got)
	}
	w.take(bridge.Event{ID: "$edit", Room: c.Room, Sender: keller, Kind: bridge.ClerkEdit, ReplyTo: "$one", Text: "drei", At: start})
	if got := changed(0); !slices.Equal(got, []int64{2, 3}) {
		t.Errorf("changed %v", got)
	}
	h := w.history(c.ID)
	if h[2].Quote != (bridge.Quote{Seq: 2, Direction: bridge.FromClerkDirection, Sender: "Frau Keller", Text: "drei"}) {
		t.Errorf("quote %+v", h[2].Quote)
	}
	revision := w.look(c.ID).Revision
	told := w.told.times(c.ID)
	w.take(bridge.Event{ID: "$up", Room: c.Room, Sender: keller, Kind: bridge.ClerkReaction, ReplyTo: "$two", Key: "👍", At: start})
	if got := changed(revision); !slices.Equal(got, []int64{3}) || w.told.times(c.ID) == told {
		t.Errorf("changed since %d: %v; told %d times", revision, got, w.told.times(c.ID)-told)
	}
	// What has no effect is no news.
	revision = w.look(c.ID).Revision
	w.take(bridge.Event{ID: "$again", Room: c.Room, Sender: keller, Kind: bridge.ClerkReaction, ReplyTo: "$two", Key: "👍", At: start})
	if got := w.look(c.ID).Revision; got != revision {
		t.Errorf("revision %d after %d", got, revision)
	}
	// Also in a closed conversation, what is deleted is gone.
	err := w.db.Update(context.Background(), func(tx bridge.Tx) error {
		c, err := tx.LockConversation(c.ID)
		c.State = bridge.Closed
		if err != nil {
			return err
		}
		return tx.SaveConversation(c)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.take(bridge.Event{ID: "$gone", Room: c.Room, Sender: keller, Kind: bridge.Redaction, ReplyTo: "$one", At: start})
	if h := w.history(c.ID); !h[1].Deleted() || h[2].Quote.Text != "" || !h[2].Quote.Deleted {
		t.Errorf("history %+v", h)
	}
}

// A clerk who is called otherwise from now on serves on; what was said keeps the name of its time.
func TestNameChangedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened("Frage")
	say := func(id, name string, kind bridge.EventKind, text string) {
		t.Helper()
		lease, _, err := w.b.TakeSync(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		err = w.b.FromMatrix(context.Background(), bridge.Batch{
			Lease: lease, Next: bridge.NewID(), Names: map[bridge.UserID]string{keller: name},
			Events: []bridge.Event{{ID: bridge.EventID(id), Room: c.Room, Sender: keller, Kind: kind, Text: text, At: start}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	say("$1", "Frau Keller", bridge.ClerkText, "eins")
	say("$2", "Frau Keller-Roth", bridge.ClerkJoined, "")
	if got := w.look(c.ID).Clerk; got != "Frau Keller-Roth" {
		t.Errorf("served by %s", got)
	}
	say("$3", "Frau Keller-Roth", bridge.ClerkText, "zwei")
	w.take(bridge.Event{ID: "$4", Room: c.Room, Sender: vogt, Kind: bridge.ClerkText, Text: "drei", At: start})
	h := w.history(c.ID)
	if h[1].Sender != "Frau Keller" || h[2].Sender != "Frau Keller-Roth" || h[3].Sender != "Herr Vogt" {
		t.Errorf("history %+v", h)
	}
	if got := w.look(c.ID).Clerk; got != "Frau Keller-Roth" {
		t.Errorf("served by %s after a colleague has said something", got)
	}
}
