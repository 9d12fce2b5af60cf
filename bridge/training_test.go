package bridge_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

// trains has a clerk ask for a training in a lobby, and returns it when the citizen has written.
func (w *office) trains(who bridge.UserID, area bridge.ServiceAreaID, command string) bridge.Conversation {
	w.t.Helper()
	before := w.hs.made()
	asked := w.hs.say(clerkText(w.lobby(area), who, command))
	w.sync()
	w.await("a room", func() bool { return w.hs.made() > before })
	var id bridge.ConversationID
	err := w.db.Update(context.Background(), func(tx bridge.Tx) error {
		running, err := tx.RunningTrainings(who)
		if err == nil && len(running) == 1 {
			id = running[0]
		}
		return err
	})
	if err != nil || id == "" {
		w.t.Fatalf("no training, %v", err)
	}
	c := w.delivered(id)
	w.await("the invitation", func() bool { return len(w.hs.did("Invite", c.Room)) == 1 })
	w.await("the sign", func() bool { return len(w.hs.reactions(asked)) == 1 })
	return w.look(id)
}

// writes waits until the simulated citizen has written n messages, the last with a text.
func (w *office) writes(c bridge.Conversation, n int, want string) {
	w.t.Helper()
	count := func() (sent int, last string) {
		for _, m := range w.history(c.ID) {
			if m.Direction == bridge.FromCitizenDirection && m.Event != "" {
				sent, last = sent+1, m.Text
			}
		}
		return sent, last
	}
	w.passUntil("the citizen writes", 100*time.Millisecond, func() bool {
		w.b.HoursMayHaveChanged() // look now instead of within a second
		sent, _ := count()
		return sent >= n
	})
	if sent, last := count(); sent != n || !strings.Contains(last, want) {
		w.t.Errorf("%d messages, the last %q; want %d, %q", sent, last, n, want)
	}
}

// reads waits for a text of the bot in a room.
func (w *office) reads(room bridge.RoomID, want string) {
	w.t.Helper()
	w.await(want, func() bool {
		return slices.ContainsFunc(w.hs.said(room), func(s string) bool { return strings.Contains(s, want) })
	})
}

// A training goes like a real chat, through a crash, and nobody else notices.
func TestTraining(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, nil)
		lobby := w.lobby(hunde)
		w.jump("2026-07-05 22.00.00") // a Sunday night
		c := w.trains(keller, hunde, "!übung Hundekontrolle")
		if c.State != bridge.Waiting || c.Trainee != keller || w.hs.plan(c.Room).Space != "" || !slices.Equal(w.hs.plan(c.Room).Area.Clerks, []bridge.UserID{keller}) {
			t.Errorf("opened: %+v, plan %+v", c, w.hs.plan(c.Room))
		}
		if plan := w.hs.plan(c.Room); plan.Name != "🟡 Übung · Ruth Hunziker" || plan.GhostName != "Ruth Hunziker (Übung)" {
			t.Errorf("names %q %q", plan.Name, plan.GhostName)
		}
		if got := w.hs.mentioned(c.Room, "🎓 Übung «Eine allgemeine Frage» · Ruth Hunziker · wartet seit 22.00 Uhr"); len(got) != 1 {
			t.Error("no first notice")
		}
		if invited := w.hs.did("Invite", ""); len(invited) != 1 || invited[0].as != keller {
			t.Errorf("invited %v", invited)
		}
		w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.ClerkJoined})
		w.hs.say(clerkText(c.Room, huber, "Wer ist das?")) // whoever it is that came in
		w.hs.say(clerkText(c.Room, huber, "!zu"))
		w.hs.say(clerkText(c.Room, keller, "// eine Notiz"))
		w.hs.say(clerkText(c.Room, keller, "Guten Tag, worum geht es denn?"))
		w.sync()
		w.awaitPlan(c.Room, "🟢 Übung · Ruth Hunziker")
		w.writes(c, 2, "Wohnsitzbestätigung")
		w.await("shown as writing", func() bool { return len(w.hs.did("SetTyping", c.Room)) > 0 })
		w.hs.say(clerkText(c.Room, keller, "Wir haben von 8 bis 12 Uhr offen."))
		w.sync()
		w.crash()
		w.start()
		w.writes(c, 3, "Über Mittag")
		w.hs.say(clerkText(c.Room, keller, "!weiter fund"))
		w.hs.say(clerkText(c.Room, keller, "!sperren"))
		w.sync()
		w.reads(c.Room, "ginge er jetzt an Fundbüro")
		w.reads(c.Room, "In der Übung geschieht nichts")
		if got := w.look(c.ID); got.Area != hunde || got.ClerkID != keller || got.State != bridge.Active {
			t.Errorf("after the commands: %+v", got)
		}
		w.noFigures(t, lobby)
		w.hs.say(clerkText(c.Room, keller, "!zu"))
		w.sync()
		for _, want := range []string{
			"Rückmeldung zur Übung «Eine allgemeine Frage»", "✔ erste Antwort nach", "✔ begrüsst", "✔ die Öffnungszeiten genannt",
			"– gesagt, dass niemand ein Passwort schicken soll", "✔ eine interne Notiz", "– bis zum Schluss",
		} {
			w.reads(c.Room, want)
		}
		w.awaitPlan(c.Room, "⚪ Übung · Ruth Hunziker")
		w.noFigures(t, lobby)
		w.hs.say(clerkText(c.Room, keller, "!auf")) // at any hour
		w.hs.say(clerkText(c.Room, keller, "Und weiter?"))
		w.sync()
		w.writes(c, 4, "Rollstuhl")
		w.hs.say(bridge.Event{Room: c.Room, Sender: keller, Kind: bridge.ClerkLeft})
		w.sync()
		if got := w.look(c.ID); got.State != bridge.Closed {
			t.Errorf("goes on without anybody: %+v", got)
		}
		w.passUntilCalled("EmptyRoom", c.Room, 1, 10*time.Minute)
	})
}

func (w *office) awaitPlan(room bridge.RoomID, name string) {
	w.t.Helper()
	w.await(name, func() bool { return w.hs.plan(room).Name == name })
}

// noFigures: a training has left no trace but in its room.
func (w *office) noFigures(t *testing.T, lobby bridge.RoomID) {
	t.Helper()
	figures, err := w.db.Figures(t.Context())
	if err != nil || len(figures.Conversations) != 0 {
		t.Errorf("counted: %v %v", figures.Conversations, err)
	}
	if from, to := w.db.Written(bridge.FromCitizenDirection), w.db.Written(bridge.FromClerkDirection); from != 0 || to != 0 {
		t.Errorf("%d and %d messages counted", from, to)
	}
	if said := w.hs.said(lobby); len(said) != 0 {
		t.Errorf("the lobby reads %q", said)
	}
	must(0, w.db.Update(t.Context(), func(tx bridge.Tx) error {
		waiting, active, err := tx.CountLive(hunde)
		if err != nil || waiting != 0 || active != 0 {
			t.Errorf("live: %d, %d, %v", waiting, active, err)
		}
		loads, err := tx.Loads()
		if err != nil || len(loads) != 0 {
			t.Errorf("loads %v %v", loads, err)
		}
		if n, err := tx.CountWaiting(hunde); err != nil || n != 0 {
			t.Errorf("%d wait, %v", n, err)
		}
		if took, err := tx.LastTook(at("2026-07-01 00.00.00")); err != nil || len(took) != 0 {
			t.Errorf("took %v %v", took, err)
		}
		queue, err := tx.Waiting(10)
		if err != nil || len(queue) != 0 {
			t.Errorf("queue %v %v", queue, err)
		}
		return nil
	}))
}

// A new training ends the one that goes on; one that nobody ends does so by itself; and who is no
// clerk any more has none.
func TestTrainingsEnd(t *testing.T) {
	t.Parallel()
	w := newBoard(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), func(a *bridge.ServiceArea) { a.Training = "hundekontrolle" })
	w.hs.say(clerkText(w.lobby(hunde), nobody, "!übung"))
	w.hs.say(clerkText(w.lobby(hunde), keller, "!übung Zoo"))
	w.sync()
	w.reads(w.lobby(hunde), "Einen Bereich «Zoo» gibt es nicht")
	first := w.trains(keller, hunde, "!uebung")
	second := w.trains(keller, hunde, "!training fund")
	w.reads(first.Room, "Rückmeldung")
	if got := w.look(first.ID); got.State != bridge.Closed || got.Name != "Sandra Frei" {
		t.Errorf("the first: %+v", got)
	}
	if second.Name != "Ruth Hunziker" || second.Area != hunde {
		t.Errorf("the second: %+v", second)
	}
	if n := w.hs.made(); n != 2*2+2 {
		t.Errorf("%d rooms", n)
	}
	w.passUntil("it ends", time.Hour, func() bool { return w.look(second.ID).State == bridge.Closed })
	w.reads(second.Room, "– geantwortet")
}
