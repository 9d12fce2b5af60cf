package bridge_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

// newManned is an office with two clerks in the Hundekontrolle.
func newManned(t *testing.T, url string) *office {
	t.Helper()
	return newOffice(t, url, "09.00.00", func(o *bridge.Options) { o.Areas[0].Clerks = []bridge.UserID{keller, huber} })
}

// guarded waits until a room was last guarded such that somebody may stay, or not.
func (w *office) guarded(room bridge.RoomID, user bridge.UserID, stays bool) {
	w.t.Helper()
	w.passUntil("room is guarded", 100*time.Millisecond, func() bool {
		calls := w.hs.did("GuardRoom", room)
		return len(calls) > 0 && slices.Contains(calls[len(calls)-1].members, user) == stays
	})
}

// A clerk of another area is in one conversation: heard there, and nowhere else, until it is closed.
func TestGuest(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, nil)
		c, _ := w.posted("Grüezi")
		other := w.opened("Und ich?")
		w.hs.say(clerkText(c.Room, meier, "noch nicht"))
		w.sync()
		if got := w.order(c, keller, "!dazu @meier:example.org"); !strings.Contains(got, "Frau Keller holt Herr Meier dazu.") {
			t.Error(got)
		}
		w.awaitCalls("Invite", c.Room, 1)
		if got := w.look(c.ID); got.State != bridge.Active || got.ClerkID != keller {
			t.Errorf("whoever asks a guest in serves the chat: %+v", got)
		}
		w.hs.say(bridge.Event{Room: c.Room, Sender: meier, Kind: bridge.ClerkJoined})
		said := w.hs.say(clerkText(c.Room, meier, "Guten Tag, Fundbüro"))
		w.hs.say(bridge.Event{Room: c.Room, Sender: meier, Kind: bridge.ClerkEdit, ReplyTo: said, Text: "Guten Tag, Fundbüro hier"})
		w.hs.say(clerkText(c.Room, meier, "// intern"))
		w.hs.say(clerkText(other.Room, meier, "hier nicht"))
		w.sync()
		if h := w.history(c.ID); len(h) != 2 || h[1].Text != "Guten Tag, Fundbüro hier" || h[1].Sender != "Herr Meier" {
			t.Errorf("history %+v", h)
		}
		if h := w.history(other.ID); len(h) != 1 {
			t.Errorf("heard in another chat: %+v", h)
		}
		if got := w.look(c.ID); got.ClerkID != keller || got.Clerk != "Frau Keller" {
			t.Errorf("the guest serves: %+v", got)
		}
		for _, line := range []string{"!zu", "!weiter fund", "!dazu @nobody:example.org", "!baustein"} {
			if got := w.order(c, meier, line); !strings.Contains(got, "Das können nur Sachbearbeitende") {
				t.Errorf("%s: %q", line, got)
			}
		}
		if got := w.order(c, meier, "!hilfe dazu"); !strings.Contains(got, "!dazu @nora") {
			t.Error(got)
		}
		w.order(c, keller, "!zu")
		w.guarded(c.Room, meier, false)
		w.order(c, keller, "!auf")
		w.hs.say(clerkText(c.Room, meier, "nicht mehr"))
		w.sync()
		if h := w.history(c.ID); len(h) != 2 {
			t.Errorf("heard after the end: %+v", h)
		}
	})
}

// That a guest writes and has read is seen by the citizen, as of a clerk of the area.
func TestGuestsSignsOfLife(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, nil)
		c, _ := w.posted("Grüezi")
		w.sync()
		writes := func(want string) {
			t.Helper()
			w.b.ShowTyping(t.Context(), map[bridge.RoomID][]bridge.UserID{c.Room: {meier}})
			if got := w.told.typing(c.ID); len(got) == 0 || got[len(got)-1] != want {
				t.Errorf("browsers were told %q, want %q last", got, want)
			}
		}
		later := w.hs.say(bridge.Event{Room: c.Room, Sender: w.hs.BotID(), Kind: bridge.Other})
		w.sync()
		writes("")
		w.world.reads(c.Room, later, meier)
		w.wantRead(c.ID, 0)
		w.order(c, keller, "!dazu @meier:example.org")
		writes("Herr Meier")
		w.world.reads(c.Room, later, meier)
		w.wantRead(c.ID, 1)
		w.say(c.ID, "zwei")
		w.arrived(c.ID)
		w.sync()
		w.hs.say(clerkText(c.Room, meier, "Guten Tag")) // who answers has read
		w.sync()
		w.wantRead(c.ID, 2)
		w.order(c, keller, "!zu")
		w.order(c, keller, "!auf")
		writes("")
	})
}

func TestGuestGoesWhenTheChatIsHandedOn(t *testing.T) {
	t.Parallel()
	w := newManned(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"))
	c, _ := w.posted("Grüezi")
	w.order(c, keller, "!dazu @meier:example.org")
	w.order(c, keller, "!weiter @huber:example.org")
	w.guarded(c.Room, meier, false)
	w.hs.say(clerkText(c.Room, meier, "nicht mehr"))
	w.sync()
	if h := w.history(c.ID); len(h) != 1 {
		t.Errorf("history %+v", h)
	}
	// Whoever is no clerk at all any more is no guest either; an admin asks nobody in.
	w.order(c, huber, "!dazu @meier:example.org")
	w.command(chief, "!team fund - @meier:example.org")
	w.guarded(c.Room, meier, false)
	w.hs.say(clerkText(c.Room, meier, "auch nicht"))
	w.sync()
	if h := w.history(c.ID); len(h) != 1 {
		t.Errorf("history %+v", h)
	}
	w.command(chief, "!team fund + @meier:example.org")
	if got := w.order(c, chief, "!dazu @meier:example.org"); !strings.Contains(got, "Das können nur") {
		t.Error(got)
	}
}

func TestStrangersCommandsAreReportedOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newManned(t, url)
		c, _ := w.posted("Grüezi")
		for range 3 {
			if got := w.order(c, nobody, "!zu"); got != "" {
				t.Errorf("a stranger is answered %q", got)
			}
		}
		w.hs.say(bridge.Event{Room: w.lobby(hunde), Sender: meier, Kind: bridge.ClerkText, Text: "!pause"})
		w.hs.say(clerkText(c.Room, nobody, "kein Befehl"))
		w.hs.say(clerkText(c.Room, c.Ghost, "!zu"))
		w.sync()
		reports := func() []string {
			return slices.DeleteFunc(w.hs.said(w.room), func(s string) bool { return !strings.HasPrefix(s, "⚠️") })
		}
		want := []string{
			"⚠️ @nobody:example.org hat einen Befehl geschrieben, wo er oder sie nichts zu sagen hat: #1 · Hundekontrolle. Er wurde nicht ausgeführt.",
			"⚠️ @meier:example.org hat einen Befehl geschrieben, wo er oder sie nichts zu sagen hat: Eingang · Hundekontrolle. Er wurde nicht ausgeführt.",
		}
		w.await("reported", func() bool { return slices.Equal(reports(), want) })
		if w.look(c.ID).State != bridge.Waiting {
			t.Error("obeyed")
		}
		w.jump("2026-07-07 09.00.00")
		w.order(c, nobody, "!zu")
		w.await("reported on the next day again", func() bool { return slices.Equal(reports(), append(want, want[0])) })
	})
}

// In the language that its writer has chosen, else that of the word.
func TestAnsweredInTheClerksLanguage(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newManned(t, url)
		c, _ := w.posted("Grüezi")
		for _, step := range []struct {
			who        bridge.UserID
			line, want string
		}{
			{keller, "!nehmen", "Frau Keller hat diesen Chat übernommen"},
			{keller, "!reopen", "The chat is not closed"},
			{keller, "!sprache rm", "Bitte so: !sprache fr"},
			{keller, "!sprache fr", "Je vous réponds en français."},
			{keller, "!nehmen", "déjà le vôtre"},
			{keller, "!quoi", "Je ne connais pas «!quoi»"},
			{huber, "!hilfe", "!nehmen – den Chat nehmen"},
			{huber, "!help", "!take – take the chat"},
			{keller, "!help", "!take – prendre le chat"},
			{keller, "!zu", "Frau Keller a fermé"},
			{keller, "!language off", "dans la langue du guichet"},
			{keller, "!zu", "Der Chat ist schon geschlossen"},
			{keller, "!close", "The chat is closed already"},
		} {
			if got := w.order(c, step.who, step.line); !strings.Contains(got, step.want) {
				t.Errorf("%s %s\ngot  %s\nwant %s", step.who, step.line, got, step.want)
			}
		}
		w.order(c, keller, "!language it")
		w.restart()
		w.awaitState(bridge.AreaOpen)
		if got := w.inLobby(hunde, keller, "!hilfe pause"); !strings.Contains(got, "!break – non Le si offrono") {
			t.Error(got)
		}
		if got := w.command(chief, "!help hours"); !strings.Contains(got, "the hours of all areas") {
			t.Error(got)
		}
		w.command(chief, "!sprache fr")
		if got := w.command(chief, "!ja 99"); !strings.Contains(got, "proposition") {
			t.Error(got)
		}
	})
}

func TestCannedRepliesMadeByClerks(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := newBoard(t, url, func(a *bridge.ServiceArea) {
			a.Canned = map[string]map[string]string{"marke": {"de": "Aus der Konfiguration"}}
		})
		c, _ := w.posted("Grüezi")
		for _, step := range []struct {
			who        bridge.UserID
			line, want string
		}{
			{keller, "!baustein neu", "Bitte so: !baustein neu"},
			{keller, "!baustein neu Gruss! Text", "Bitte so: !baustein neu"},
			{keller, "!baustein neu neu Text", "Bitte so: !baustein neu"},
			{keller, "!baustein neu gruss // intern", "nicht mit «!» oder «/» beginnen"},
			{keller, "!baustein neu gruss " + strings.Repeat("x", 2001), "höchstens 2000 Zeichen"},
			{keller, "!baustein neu gruss Hallo {nmae}", "{nmae} kann ich nicht einsetzen"},
			{keller, "!baustein neu gruss Guten Tag {name}\nHier ist {person}.", "Baustein «gruss» (Deutsch) ist gespeichert"},
			{keller, "!baustein neu gruss Nochmals", "gibt es schon"},
			{keller, "!baustein neu gruss fr: Bonjour {name}", "(Französisch) ist gespeichert"},
			{keller, "!baustein ändern katzen Text", "Einen Baustein «katzen» gibt es nicht. Es gibt: gruss, marke"},
			{keller, "!baustein weg marke", "steht in der Konfiguration"},
			{huber, "!canned change marke von uns", "“marke” (German) is kept"},
			{huber, "!baustein", "!baustein gruss – Guten Tag {name} Hier ist {person}. · ✎ Frau Keller, 6.7.2026\n!baustein marke – von uns · ✎ huber, 6.7.2026"},
			{meier, "!baustein neu fremd Text", ""},
			{keller, "!baustein gruss", "➡️ Guten Tag Anna\nHier ist Frau Keller."},
			{keller, "!baustein weg marke", "wieder der aus der Konfiguration"},
			{keller, "!baustein marke", "➡️ Aus der Konfiguration"},
			{keller, "!baustein weg gruss de", "ist weg"},
			{keller, "!baustein weg gruss", "ist weg"},
			{keller, "!baustein gruss", "gibt es nicht. Es gibt: marke"},
		} {
			if got := w.order(c, step.who, step.line); !strings.Contains(got, step.want) || step.want == "" && got != "" {
				t.Errorf("%s %s\ngot  %s\nwant %s", step.who, step.line, got, step.want)
			}
		}
		if got := w.inLobby(hunde, huber, "!baustein neu adresse Rathausgasse 1"); !strings.Contains(got, "gespeichert") {
			t.Error(got)
		}
		if got := w.inLobby(hunde, huber, "!baustein adresse"); !strings.Contains(got, "nur im Raum eines Chats") {
			t.Error(got)
		}
		if h := w.history(c.ID); len(h) != 3 || h[1].Text != "Guten Tag Anna\nHier ist Frau Keller." || h[2].Text != "Aus der Konfiguration" {
			t.Errorf("history %+v", h)
		}
	})
}
