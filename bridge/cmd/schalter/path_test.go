package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestClerksPath is a clerk's whole path through a chat, and through a training, as two clients see
// it: nora, who is there, and reto, who has a break.
func TestClerksPath(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		c := newCounter(ctx, t, kind, "sqlite")
		d := &desk{counter: c, reto: c.clerk("reto")}
		if err := d.reto.acceptInvites(ctx, 4); err != nil {
			t.Fatal(err)
		}
		d.write(d.reto, d.lobby, "!pause")
		d.awaitBody(d.reto.matrixUser, d.lobby, "⏸ Reto Muster macht Pause")
		nora, reto := newView(t, d.nora), newView(t, d.reto)
		nora.reads(d.lobby, "⏸ Reto Muster")
		reto.reads(d.lobby, "⏸ Reto Muster")
		nora.readAll(d.lobby)
		reto.readAll(d.lobby)
		d.chatIsTaken(nora, reto, kind)
		d.trainingIsAlone(nora, reto)
		d.guideOnRequest(nora)
	})
}

func (d *desk) chatIsTaken(nora, reto *view, kind string) {
	t, space := d.t, d.resolve("#schalter_space_"+areaA+":localhost")
	t.Log("— a citizen writes —")
	who := &citizen{t: t, base: d.base}
	if err := who.open(t.Context(), areaA, "Grüezi"); err != nil {
		t.Fatal(err)
	}
	waits, runs, over := fmt.Sprintf("🟡 #%d", who.number), fmt.Sprintf("🟢 #%d", who.number), fmt.Sprintf("⚪ #%d", who.number)
	notice := nora.reads(d.lobby, waits)
	// Dendrite 0.15 knows no push rule for mentions: there, the clerk's client only shows something unread.
	mentions := map[string]int{"synapse": 1}[kind]
	nora.untilCounted(d.lobby, 1, mentions)
	reto.reads(d.lobby, waits)
	reto.untilCounted(d.lobby, 1, 0) // he has a break, and is not called
	if how := notice.how(); how != "writes" {
		t.Errorf("the notice %s: clients do not notify for it", how)
	}
	name := ""
	eventually(t, time.Minute, func() string {
		for listed := range nora.listed(space) {
			if strings.HasPrefix(listed, waits) {
				name = listed
			}
		}
		if name == "" {
			return "the space does not show the chat"
		}
		return ""
	})
	nora.untilListed(space, name, true, true)
	t.Log("— nora enters, with one click, uninvited —")
	room, err := d.nora.enter(t.Context(), who.number)
	if err != nil {
		t.Fatal(err)
	}
	nora.reads(room, "Identität nicht geprüft")
	nora.reads(room, "Grüezi")
	nora.until("the room is green", func() bool { return strings.HasPrefix(nora.room(room).name, runs) })
	nora.reads(d.lobby, runs)
	taken := strings.Replace(name, "🟡", "🟢", 1)
	nora.untilListed(space, taken, true, false)
	t.Log("— they talk —")
	if err := who.say(t.Context(), "Haben Sie heute offen?"); err != nil {
		t.Fatal(err)
	}
	nora.reads(room, "Haben Sie heute offen?")
	nora.until("something unread", func() bool { n, _ := nora.counts(room); return n > 0 })
	d.write(d.nora, room, "// bis 17 Uhr, steht auf der Website")
	d.write(d.nora, room, "Guten Tag. Ja, bis 17 Uhr.")
	eventually(t, time.Minute, func() string {
		all, err := who.history()
		if err != nil || len(all) != 3 || all[2].Text != "Guten Tag. Ja, bis 17 Uhr." {
			return fmt.Sprintf("the citizen reads %+v %v", all, err)
		}
		return ""
	})
	t.Log("— nora closes —")
	d.write(d.nora, room, "!zu")
	nora.until("the room is white", func() bool { return strings.HasPrefix(nora.room(room).name, over) })
	nora.reads(d.lobby, over)
	nora.untilCounted(d.lobby, 1, mentions) // one chat, one notification
	nora.untilListed(space, strings.Replace(name, "🟡", "⚪", 1), false, false)
	if _, in := reto.rooms[room]; in {
		t.Error("reto's room list shows a chat that was never his")
	}
}

// trainingIsAlone: a training is one clerk's own, and otherwise a chat.
func (d *desk) trainingIsAlone(nora, reto *view) {
	t, space := d.t, d.resolve("#schalter_space_"+areaA+":localhost")
	t.Log("— nora trains —")
	nora.readAll(d.lobby)
	reto.look(false)
	reto.readAll(d.lobby)
	before := nora.listed(space)
	d.write(d.nora, d.lobby, "!übung")
	room := ""
	nora.until("an invitation", func() bool {
		for id, r := range nora.rooms {
			if r.in == "invite" && r.name == "🟡 Übung · Lara Meier" {
				room = id
			}
		}
		return room != ""
	})
	if err := d.reto.join(t.Context(), room); err == nil {
		t.Error("reto could enter nora's training")
	}
	if err := d.nora.join(t.Context(), room); err != nil {
		t.Fatal(err)
	}
	nora.reads(room, "🎓 Übung «Umzug nach Aarau» · Lara Meier")
	nora.reads(room, "von Olten nach Aarau")
	nora.until("the room is green", func() bool { return nora.room(room).name == "🟢 Übung · Lara Meier" })
	d.write(d.nora, room, "Grüezi. Bringen Sie bitte einen Ausweis mit.")
	nora.reads(room, "Der Ausweis meiner Tochter ist aber abgelaufen")
	d.write(d.nora, room, "!weiter fundbuero")
	nora.reads(room, "ginge er jetzt an Fundbüro")
	d.write(d.nora, room, "!zu")
	nora.reads(room, "✔ begrüsst")
	nora.until("the room is white", func() bool { return nora.room(room).name == "⚪ Übung · Lara Meier" })
	reto.reads(d.lobby, "!übung")
	if _, in := reto.rooms[room]; in {
		t.Error("reto's room list shows nora's training")
	}
	for _, e := range reto.room(d.lobby).texts {
		if strings.Contains(e.Content.Body, "Lara") {
			t.Errorf("the lobby reads %q", e.Content.Body)
		}
	}
	if after := reto.listed(space); len(after) > len(before) {
		t.Errorf("the space shows %v, before the training %v", after, before)
	}
}

// guideOnRequest: the guide comes into a room of nora's own, and comes there again.
func (d *desk) guideOnRequest(nora *view) {
	t, room := d.t, ""
	t.Log("— nora asks for the guide —")
	d.write(d.nora, d.lobby, "!hilfe alles")
	nora.until("an invitation", func() bool {
		for id, r := range nora.rooms {
			if r.in == "invite" && r.name == "Schalter" {
				room = id
			}
		}
		return room != ""
	})
	if err := d.reto.join(t.Context(), room); err == nil {
		t.Error("reto could enter nora's room with the bot")
	}
	if err := d.nora.join(t.Context(), room); err != nil {
		t.Fatal(err)
	}
	first := nora.reads(room, "# Am Schalter: ein Chat von Anfang bis Ende")
	d.write(d.nora, d.lobby, "!help all")
	nora.until("the guide again", func() bool {
		last := nora.room(room).texts[len(nora.room(room).texts)-1]
		return last.ID != first.ID && strings.HasPrefix(last.Content.Body, "# Am Schalter")
	})
}
