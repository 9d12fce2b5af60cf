package bridge_test

import (
	"slices"
	"strings"
	"testing"

	"schalter/bridge"
)

// order has somebody write a command in a conversation's room, and returns what the bot has said
// there since.
func (w *office) order(c bridge.Conversation, who bridge.UserID, text string, mentions ...bridge.UserID) string {
	w.t.Helper()
	before := len(w.hs.said(c.Room))
	w.hs.say(bridge.Event{Room: c.Room, Sender: who, Kind: bridge.ClerkText, Text: text, Mentions: mentions})
	w.sync()
	w.settledIn(fund)
	w.settledIn(fund) // what the first was behind has been said by now
	return strings.Join(w.hs.said(c.Room)[before:], "\n")
}

func TestPassedToAnotherArea(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, nil)
		c, notice := w.posted("Grüezi")
		w.hs.say(clerkText(c.Room, keller, "Guten Tag"))
		w.sync()
		if got := w.order(c, keller, "!weiter fund Velo gefunden"); got != "↪ keller gibt den Chat weiter an Fundbüro: Velo gefunden" && got != "↪ Frau Keller gibt den Chat weiter an Fundbüro: Velo gefunden" {
			t.Errorf("answer %q", got)
		}
		got := w.look(c.ID)
		if got.Area != fund || got.State != bridge.Waiting || got.ClerkID != "" || got.Clerk != "" {
			t.Errorf("passed: %+v", got)
		}
		w.awaitCalls("MoveRoom", c.Room, 1)
		if may := w.hs.did("MoveRoom", c.Room)[0].members; !slices.Equal(may, []bridge.UserID{meier}) {
			t.Errorf("may stay: %v", may)
		}
		w.shows(notice, "↪ #1 · Anna · Deutsch · weitergegeben an Fundbüro")
		w.await("offered there", func() bool { return len(w.hs.mentioned(w.lobby(fund), "🟡 #1 ")) == 1 })
		if who := w.hs.mentioned(w.lobby(fund), "🟡 #1 "); !slices.Equal(who[0], []bridge.UserID{meier}) {
			t.Errorf("offered to %v", who)
		}
		// The old area's clerk is heard no more, the new one's is.
		w.hs.say(clerkText(c.Room, keller, "nicht mehr"))
		w.hs.say(clerkText(c.Room, meier, "Fundbüro, guten Tag"))
		w.sync()
		if h := w.history(c.ID); len(h) != 3 || h[2].Text != "Fundbüro, guten Tag" {
			t.Errorf("history %+v", h)
		}
		if got := w.look(c.ID); got.ClerkID != meier {
			t.Errorf("taken by %s", got.ClerkID)
		}
	})
}

func TestPassedToAColleague(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, nil)
		c, _ := w.posted("Grüezi")
		w.hs.say(clerkText(c.Room, keller, "Guten Tag"))
		w.sync()
		w.order(c, keller, "!weiter @huber:example.org kennt den Hund")
		if got := w.look(c.ID); got.ClerkID != huber || got.State != bridge.Active || got.Area != hunde {
			t.Errorf("passed: %+v", got)
		}
		w.awaitCalls("Invite", c.Room, 1)
		if who := w.hs.mentioned(c.Room, "gibt den Chat weiter an huber: kennt den Hund"); len(who) != 1 || !slices.Equal(who[0], []bridge.UserID{huber}) {
			t.Errorf("mentioned %v", who)
		}
		// With a mention, and to somebody of another area: the chat goes along.
		w.order(c, huber, "!pass Herr Meier", meier)
		if got := w.look(c.ID); got.ClerkID != meier || got.State != bridge.Active || got.Area != fund {
			t.Errorf("passed on: %+v", got)
		}
		w.awaitCalls("MoveRoom", c.Room, 1)
	})
}

func TestOrdersInTheRoom(t *testing.T) {
	t.Parallel()
	w := newBoard(t, "sqlite:"+t.TempDir()+"/x.db", nil)
	c, _ := w.posted("Grüezi")
	for _, step := range []struct {
		who       bridge.UserID
		line      string
		want      string
		mentioned []bridge.UserID
	}{
		{keller, "!weiter", "Bitte so: !weiter", nil},
		{keller, "!weiter katzen", "Bitte so: !weiter", nil},
		{keller, "!weiter hunde", "Der Chat ist schon bei Hundekontrolle", nil},
		{keller, "!weiter @nobody:example.org", "arbeitet in keinem offenen Bereich", nil},
		{keller, "!dazu", "Bitte so: !dazu", nil},
		{keller, "!dazu @nobody:example.org", "arbeitet in keinem Bereich", nil},
		{keller, "!dazu @huber:example.org", "Frau Keller holt huber dazu.", nil},
		{keller, "!add Huber", "Frau Keller holt huber dazu.", []bridge.UserID{huber}},
		{keller, "!nehmen", "Frau Keller hat diesen Chat übernommen", nil},
		{keller, "!take", "The chat is yours already", nil},
		{huber, "!take", "huber has taken this chat", nil},
		{keller, "!notiz der Hund beisst", "", nil},
		{keller, "!notitz der Hund beisst", "kenne ich nicht", nil},
		{keller, "!warteschlange", "Niemand wartet", nil},
		{keller, "!wer", "huber: da · 1 von 5 Chats", nil},
		{huber, "!pause", "huber macht Pause", nil},
		{huber, "!back", "huber is here", nil},
		{keller, "!hilfe", "!weiter – weitergeben", nil},
		{keller, "!hilfe !weiter", "!weiter BEREICH [Grund]", nil},
		{meier, "!nehmen", "", nil}, // of another area
		{nobody, "!weiter fund", "", nil},
		{c.Ghost, "!weiter fund", "", nil},
	} {
		got := w.order(c, step.who, step.line, step.mentioned...)
		if !strings.Contains(got, step.want) || step.want == "" && got != "" {
			t.Errorf("%s %s\ngot  %s\nwant %s", step.who, step.line, got, step.want)
		}
	}
	if h := w.history(c.ID); len(h) != 1 {
		t.Errorf("commands reached the citizen: %+v", h)
	}
	if got := w.look(c.ID); got.ClerkID != huber || got.Area != hunde {
		t.Errorf("conversation %+v", got)
	}
}
