package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// desk is a counter with all its clerks at their clients.
type desk struct {
	*counter
	reto, lea, chief *clerk
	fund             string // the other area's lobby
}

// TestDesk is a morning at the desk, as several clerks' clients see it.
func TestDesk(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
		defer cancel()
		c := newCounter(ctx, t, kind, "sqlite", func(text string) string {
			text = strings.Replace(text, "grace_minutes: 15", "grace_minutes: 15, leads: [\"@nora:localhost\"], overflow: {to: fundbuero, after_minutes: 5}", 1)
			return strings.Replace(text, "guide: false", "guide: false, pause_after: 0", 1)
		})
		c.walk("2026-07-06T09:00:00+02:00")
		d := &desk{counter: c, reto: c.clerk("reto"), lea: c.clerk("lea"), chief: c.clerk("chief")}
		for who, rooms := range map[*clerk]int{d.reto: 4, d.lea: 2, d.chief: 1} {
			if err := who.acceptInvites(ctx, rooms); err != nil {
				t.Fatal(err)
			}
		}
		d.fund = c.resolve("#schalter_lobby_" + areaB + ":localhost")
		d.board(t)
		d.race(t)
		d.overflows(t)
		d.passes(t)
		d.escalates(t)
		d.pauses(t)
		d.staffChanges(t)
	})
}

// press puts a ✅ under an event.
func (d *desk) press(who *clerk, room, event string) {
	d.t.Helper()
	reaction := map[string]any{"m.relates_to": map[string]string{"rel_type": "m.annotation", "event_id": event, "key": "✅"}}
	path := fmt.Sprintf("rooms/%s/send/m.reaction/press-%d", url.PathEscape(room), time.Now().UnixNano())
	if status, err := who.call(d.t.Context(), http.MethodPut, path, reaction, nil); err != nil || status != http.StatusOK {
		d.t.Errorf("reaction: %d %v", status, err)
	}
}

// write sends a text once.
func (d *desk) write(who *clerk, room, text string) {
	d.t.Helper()
	if who.send(d.t.Context(), room, fmt.Sprintf("w%d", time.Now().UnixNano()), map[string]string{"msgtype": "m.text", "body": text}) == "" {
		d.t.Errorf("%s was not sent", text)
	}
}

// chat opens one in the first area, and returns it with its notice in the lobby.
func (d *desk) chat(index int) (*citizen, roomEvent) {
	d.t.Helper()
	who := &citizen{t: d.t, base: d.base, index: index}
	if err := who.open(d.t.Context(), areaA, "Grüezi"); err != nil {
		d.t.Fatal(err)
	}
	return who, d.awaitBody(d.nora.matrixUser, d.lobby, fmt.Sprintf("🟡 #%d ", who.number))
}

func (d *desk) servedBy(who *citizen) string {
	d.t.Helper()
	var look struct{ State, Clerk string }
	if err := who.get("", &look); err != nil {
		d.t.Fatal(err)
	}
	if look.State != "active" {
		return ""
	}
	return look.Clerk
}

// shown is the text that a notice was edited to last.
func (d *desk) shown(room, notice string) string {
	d.t.Helper()
	events, err := d.nora.timeline(d.t.Context(), room)
	if err != nil {
		return err.Error()
	}
	return lastEdit(events, notice)
}

// lastEdit is the text that a notice was edited to last, among events.
func lastEdit(events []roomEvent, notice string) string {
	last := ""
	for _, e := range events {
		var relation struct {
			Type  string `json:"rel_type"`
			Event string `json:"event_id"`
		}
		if json.Unmarshal(e.Content.Relates, &relation) == nil && relation.Type == "m.replace" && relation.Event == notice {
			last = e.Content.Body
		}
	}
	return last
}

// board: the pinned notice and the topic tell the state of the area.
func (d *desk) board(t *testing.T) {
	notice := d.awaitBody(d.nora.matrixUser, d.lobby, "📌 ")
	eventually(t, time.Minute, func() string {
		var pinned struct{ Pinned []string }
		var topic struct{ Topic string }
		_, err := d.nora.call(t.Context(), http.MethodGet, "rooms/"+url.PathEscape(d.lobby)+"/state/m.room.pinned_events/", nil, &pinned)
		if err == nil {
			_, err = d.nora.call(t.Context(), http.MethodGet, "rooms/"+url.PathEscape(d.lobby)+"/state/m.room.topic/", nil, &topic)
		}
		if err != nil || len(pinned.Pinned) != 1 || pinned.Pinned[0] != notice.ID || !strings.Contains(topic.Topic, "im Dienst: Nora Muster, Reto Muster") {
			return fmt.Sprintf("pinned %v, topic %q, %v", pinned, topic.Topic, err)
		}
		return ""
	})
}

// overflows: the other area's clerk takes a chat that waits too long, reads what was written, and
// nobody of the first area can.
func (d *desk) overflows(t *testing.T) {
	who, notice := d.chat(100)
	d.walk("2026-07-06T09:20:00+02:00")
	there := d.awaitBody(d.lea.matrixUser, d.fund, fmt.Sprintf("🟡 #%d ", who.number))
	d.press(d.lea, d.fund, there.ID)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	eventually(t, time.Minute, func() string {
		if got := d.servedBy(who); got != "Lea Muster" {
			return "served by " + got
		}
		return ""
	})
	taken := time.Now()
	room, err := d.lea.enter(ctx, who.number)
	if err != nil {
		t.Fatal(err)
	}
	d.awaitBody(d.lea.matrixUser, room, "Grüezi")
	if took := time.Since(taken); took > 5*time.Second {
		t.Errorf("the new clerk could read after %s", took)
	}
	eventually(t, time.Minute, func() string {
		if shown := d.shown(d.lobby, notice.ID); !strings.Contains(shown, "weitergegeben an Fundbüro") {
			return fmt.Sprintf("shown %q", shown)
		}
		return ""
	})
	space := d.resolve("#schalter_space_" + areaB + ":localhost")
	old := d.resolve("#schalter_space_" + areaA + ":localhost")
	eventually(t, time.Minute, func() string {
		for in, listed := range map[string]bool{space: true, old: false} {
			var child struct{ Via []string }
			_, err := d.bot().call(ctx, http.MethodGet, "rooms/"+url.PathEscape(in)+"/state/m.space.child/"+url.PathEscape(room), nil, &child)
			if err != nil || (len(child.Via) > 0) != listed {
				return fmt.Sprintf("listed in %s: %v %v", in, child.Via, err)
			}
		}
		return ""
	})
	// Both staff the other area as well, so only somebody who doesn't shows that the door is shut.
	d.write(d.chief, d.adminRoom(), "!team fundbuero - @reto:localhost")
	d.gone(d.reto, room)
	d.write(d.lea, room, "Guten Tag")
	eventually(t, time.Minute, func() string {
		all, err := who.history()
		if err != nil || len(all) != 2 || all[1].Text != "Guten Tag" {
			return fmt.Sprintf("the citizen reads %+v %v", all, err)
		}
		return ""
	})
}

func (d *desk) adminRoom() string { return d.resolve("#schalter_admin:localhost") }

// gone waits until somebody is not in a room, nor can enter or read it.
func (d *desk) gone(who *clerk, room string) {
	d.t.Helper()
	eventually(d.t, time.Minute, func() string {
		var m struct{ Membership string }
		_, _ = d.bot().call(d.t.Context(), http.MethodGet, "rooms/"+url.PathEscape(room)+"/state/m.room.member/"+url.PathEscape(who.id), nil, &m)
		if m.Membership == "join" || m.Membership == "invite" {
			return "still " + m.Membership
		}
		if err := who.join(d.t.Context(), room); err == nil {
			return "could enter"
		}
		if status, _ := who.call(d.t.Context(), http.MethodGet, "rooms/"+url.PathEscape(room)+"/messages?dir=b&limit=5", nil, nil); status == http.StatusOK && m.Membership == "" {
			return "could read"
		}
		return ""
	})
}

// passes: notes stay inside, and a chat that is handed to another area is read there, and not where
// it came from, also when somebody tries to let a former clerk in again.
func (d *desk) passes(t *testing.T) {
	who, notice := d.chat(150)
	d.press(d.reto, d.lobby, notice.ID)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	room, err := d.reto.enter(ctx, who.number)
	if err != nil {
		t.Fatal(err)
	}
	d.write(d.reto, room, "// intern, wie andere Programme es senden")
	d.write(d.reto, room, "/ intern, wie Element es sendet")
	d.write(d.reto, room, "!notiz intern")
	d.write(d.reto, room, "!notitz intern")
	said := d.reto.send(ctx, room, "public", map[string]string{"msgtype": "m.text", "body": "Guten Tag"})
	edit := map[string]any{"msgtype": "m.text", "body": "* // intern", "m.new_content": map[string]string{"msgtype": "m.text", "body": "// intern"},
		"m.relates_to": map[string]string{"rel_type": "m.replace", "event_id": said}}
	if said == "" || d.reto.send(ctx, room, "edit", edit) == "" {
		t.Error("not sent")
	}
	d.awaitBody(d.reto.matrixUser, room, "Die Bearbeitung ging nicht hinaus")
	d.write(d.reto, room, "!weiter fundbuero Velo")
	there := d.awaitBody(d.lea.matrixUser, d.fund, fmt.Sprintf("🟡 #%d ", who.number))
	d.gone(d.reto, room)
	d.press(d.lea, d.fund, there.ID)
	taken := time.Now()
	if _, err := d.lea.enter(ctx, who.number); err != nil {
		t.Fatal(err)
	}
	d.awaitBody(d.lea.matrixUser, room, "Guten Tag")
	if took := time.Since(taken); took > 5*time.Second {
		t.Errorf("the new clerk could read after %s", took)
	}
	status, err := d.lea.call(ctx, http.MethodPost, "rooms/"+url.PathEscape(room)+"/invite", map[string]string{"user_id": d.reto.id}, nil)
	if err != nil || status == http.StatusOK {
		t.Errorf("a clerk lets another one in: %d %v", status, err)
	}
	all, err := who.history()
	if err != nil || len(all) != 2 || all[1].Text != "Guten Tag" {
		t.Errorf("the citizen reads %+v %v", all, err)
	}
}

// escalates: a chat that nobody takes is called out, and the lead is told; once taken and closed, it is
// taken up again by its citizen, and by its clerk.
func (d *desk) escalates(t *testing.T) {
	d.walk("2026-07-06T09:30:00+02:00")
	who, notice := d.chat(170)
	d.walk("2026-07-06T09:34:00+02:00")
	d.awaitBody(d.nora.matrixUser, d.lobby, fmt.Sprintf("⏰ #%d ", who.number))
	d.walk("2026-07-06T09:50:00+02:00")
	alarm := d.awaitBody(d.nora.matrixUser, d.lobby, fmt.Sprintf("🚨 #%d ", who.number))
	var event struct {
		Content struct {
			Mentions struct {
				Users []string `json:"user_ids"`
			} `json:"m.mentions"`
		}
	}
	path := fmt.Sprintf("rooms/%s/event/%s", url.PathEscape(d.lobby), url.PathEscape(alarm.ID))
	status, err := d.nora.call(t.Context(), http.MethodGet, path, nil, &event)
	if users := event.Content.Mentions.Users; err != nil || len(users) != 1 || users[0] != d.nora.id {
		t.Errorf("the lead is not told: %v %d %v", users, status, err)
	}
	d.press(d.nora, d.lobby, notice.ID)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	room, err := d.nora.enter(ctx, who.number)
	if err != nil {
		t.Fatal(err)
	}
	stands := func(state, sign string) {
		t.Helper()
		eventually(t, time.Minute, func() string {
			var look apiConversation
			if err := who.get("", &look); err != nil || look.State != state {
				return fmt.Sprintf("%+v %v", look, err)
			}
			if shown := d.shown(d.lobby, notice.ID); !strings.Contains(shown, sign) {
				return fmt.Sprintf("the lobby shows %q", shown)
			}
			return ""
		})
	}
	stands("active", "🟢")
	d.write(d.nora, room, "!zu")
	stands("closed", "⚪")
	if err := who.say(ctx, "Noch etwas"); err != nil {
		t.Fatal(err)
	}
	stands("active", "🟢")
	d.awaitBody(d.nora.matrixUser, room, "Noch etwas")
	d.write(d.nora, room, "!zu erledigt")
	stands("closed", "⚪")
	d.write(d.nora, room, "!auf")
	stands("active", "🟢")
}

// pauses: everybody away, the citizen sees it before writing.
func (d *desk) pauses(t *testing.T) {
	state := func(want string) {
		t.Helper()
		eventually(t, time.Minute, func() string {
			var answer struct {
				ServiceAreas []struct{ ID, State string } `json:"service_areas"`
			}
			r, err := http.Get(d.base + "/api/v1/service-areas")
			if err != nil {
				return err.Error()
			}
			defer r.Body.Close()
			if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
				return err.Error()
			}
			if got := answer.ServiceAreas[0].State; got != want {
				return got
			}
			return ""
		})
	}
	state("open")
	d.write(d.nora, d.lobby, "!pause")
	d.write(d.reto, d.lobby, "!break")
	state("unstaffed")
	if status, answer := d.open("everybody-is-away", opening("Grüezi")); status != http.StatusConflict || !strings.HasSuffix(fmt.Sprint(answer["type"]), "/unstaffed") {
		t.Errorf("opened while everybody is away: %d %v", status, answer)
	}
	d.write(d.nora, d.lobby, "!da")
	state("open")
	d.awaitBody(d.nora.matrixUser, d.lobby, "▶ Nora Muster ist da.")
	d.awaitBody(d.nora.matrixUser, d.lobby, "⏸ Reto Muster takes a break")
}

// staffChanges: who is no clerk any more is out at once, in space, lobby and running rooms.
func (d *desk) staffChanges(t *testing.T) {
	who, notice := d.chat(200)
	d.press(d.reto, d.lobby, notice.ID)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	room, err := d.reto.enter(ctx, who.number)
	if err != nil {
		t.Fatal(err)
	}
	d.write(d.chief, d.adminRoom(), "!team einwohnerkontrolle - @reto:localhost")
	for _, in := range []string{d.resolve("#schalter_space_" + areaA + ":localhost"), d.lobby, room} {
		d.gone(d.reto, in)
	}
	d.write(d.chief, d.adminRoom(), "!team einwohnerkontrolle + @lea:localhost")
	if err := d.lea.acceptInvites(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := d.lea.enter(ctx, who.number); err != nil {
		t.Errorf("the new clerk: %v", err)
	}
}
