package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDrift: what an admin does to the rooms is found within a minute, and mended or reported.
func TestDrift(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
		defer cancel()
		c := newCounter(ctx, t, kind, "sqlite")
		c.walk("2026-07-06T09:00:00+02:00")
		who := &citizen{t: t, base: c.base}
		if err := who.open(ctx, areaA, "Grüezi"); err != nil {
			t.Fatal(err)
		}
		room, err := c.nora.enter(ctx, who.number)
		if err != nil {
			t.Fatal(err)
		}
		d := &drift{counter: c, kind: kind, chief: c.clerk("chief"), who: who, room: room, space: c.resolve("#schalter_space_" + areaA + ":localhost")}
		if err := d.chief.acceptInvites(ctx, 1); err != nil {
			t.Fatal(err)
		}
		c.awaitRoom(who, room, d.space, "🟢", true)
		t.Run("power levels lowered", d.powerLowered)
		d.seize(room)
		t.Run("renamed", d.renamed)
		t.Run("alias removed", d.aliasRemoved)
		t.Run("child missing", d.childMissing)
		t.Run("join rule changed", d.joinRuleChanged)
		t.Run("clerk put out of the space", d.clerkPutOut)
		t.Run("encryption enabled", d.encrypted)
		t.Run("bot kicked", d.botKicked)
		t.Run("room deleted", d.roomDeleted)
		t.Run("lobby lost", d.lobbyLost)
		t.Run("not fought over", d.notFoughtOver)
		t.Run("space lost", d.spaceLost)
		t.Run("admin room lost", d.adminRoomLost)
	})
}

type drift struct {
	*counter
	kind        string
	chief       *clerk
	who         *citizen
	room, space string
}

// do makes a call that must succeed.
func (d *drift) do(t *testing.T, who *matrixUser, method, path string, body any) {
	t.Helper()
	if status, err := who.call(t.Context(), method, path, body, nil); err != nil || status != http.StatusOK {
		t.Fatalf("%s %s: %d %v", method, path, status, err)
	}
}

func inRoom(room, path string) string { return "rooms/" + url.PathEscape(room) + "/" + path }

// seize gives the chief as much power in a room as the bot has: as a homeserver's admin does, who acts
// through the bot. That can't be taken back.
func (d *drift) seize(room string) {
	d.t.Helper()
	d.do(d.t, d.bot(), http.MethodPost, inRoom(room, "invite"), map[string]string{"user_id": d.chief.id})
	if err := d.chief.join(d.t.Context(), room); err != nil {
		d.t.Fatal(err)
	}
	d.power(room, map[string]any{d.chief.id: 100})
}

// power sets users' levels in a room, as the bot.
func (d *drift) power(room string, users map[string]any) {
	d.t.Helper()
	power := d.state(room, "m.room.power_levels/")
	levels, _ := power["users"].(map[string]any)
	for user, level := range users {
		levels[user] = level
	}
	d.do(d.t, d.bot(), http.MethodPut, inRoom(room, "state/m.room.power_levels/"), power)
}

// purge deletes a room as a homeserver's admin does. On Dendrite it only puts everybody out, which makes a
// room as unreachable: its purge (0.15.2) takes state with it on which events of other rooms rest, and
// has once ended the process.
func (d *drift) purge(t *testing.T, room string) {
	t.Helper()
	if _, err := d.hs.Register("root", password, "Root", true); err != nil {
		t.Fatal(err)
	}
	root := d.login("root")
	calls := [][2]string{{http.MethodDelete, "/_synapse/admin/v2/rooms/"}}
	if d.kind == "dendrite" {
		calls = [][2]string{{http.MethodPost, "/_dendrite/admin/evacuateRoom/"}}
	}
	for _, c := range calls {
		r, err := http.NewRequestWithContext(t.Context(), c[0], d.hs.URL()+c[1]+url.PathEscape(room), strings.NewReader(`{"purge": true}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+root.token)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", c[1], resp.Status)
		}
	}
}

// now is the conversation as the citizen sees it.
func (d *drift) now(t *testing.T) (now struct {
	Number       int64
	State, Clerk string
}) {
	t.Helper()
	if err := d.who.get("", &now); err != nil {
		t.Fatal(err)
	}
	return now
}

// state reads a piece of a room's state; nil for none.
func (d *drift) state(room, key string) map[string]any {
	d.t.Helper()
	var content map[string]any
	if status, err := d.bot().call(context.Background(), http.MethodGet, inRoom(room, "state/"+key), nil, &content); err != nil || status != http.StatusOK {
		return nil
	}
	return content
}

// told waits until the admin room holds a text, and holds it to be there so many times.
func (d *drift) told(t *testing.T, times int, text string) {
	t.Helper()
	admin := d.resolve("#schalter_admin:localhost")
	d.awaitBody(d.chief.matrixUser, admin, text)
	events, err := d.chief.timeline(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range events {
		if strings.Contains(e.Content.Body, text) {
			n++
		}
	}
	if n != times {
		t.Errorf("told %d times: %s", n, text)
	}
}

func (d *drift) renamed(t *testing.T) {
	d.changes(t, "m.room.name/", "name", "🟢", "Der Name des Raums wurde geändert")
}

func (d *drift) joinRuleChanged(t *testing.T) {
	d.changes(t, "m.room.join_rules/", "join_rule", "restricted", "Wer den Raum betreten oder lesen darf, wurde geändert")
}

// changes has the chief change a piece of the room's state, and waits until it begins again as it should
// and the admins know, once. What is changed while something else is being mended is mended with that
// and goes untold; then it is changed again.
func (d *drift) changes(t *testing.T, piece, field, want, says string) {
	t.Helper()
	admin := d.resolve("#schalter_admin:localhost")
	for range 3 {
		d.do(t, d.chief.matrixUser, http.MethodPut, inRoom(d.room, "state/"+piece), map[string]string{field: "invite"})
		eventually(t, time.Minute, func() string {
			if now, _ := d.state(d.room, piece)[field].(string); !strings.HasPrefix(now, want) {
				return field + " is " + now
			}
			return ""
		})
		if d.holds(t, admin, says) {
			break
		}
		pause(t.Context(), time.Second)
	}
	d.told(t, 1, says)
}

// holds reports whether a room holds a text now.
func (d *drift) holds(t *testing.T, room, text string) bool {
	t.Helper()
	events, err := d.chief.timeline(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(events, func(e roomEvent) bool { return strings.Contains(e.Content.Body, text) })
}

func (d *drift) powerLowered(t *testing.T) {
	power := d.state(d.room, "m.room.power_levels/")
	users, _ := power["users"].(map[string]any)
	users[d.chief.id], power["invite"], power["kick"], power["state_default"] = 99, 0, 0, 50
	d.do(t, d.bot(), http.MethodPut, inRoom(d.room, "state/m.room.power_levels/"), power)
	eventually(t, time.Minute, func() string {
		power := d.state(d.room, "m.room.power_levels/")
		users, _ := power["users"].(map[string]any)
		if power["invite"] != float64(100) || power["kick"] != float64(100) || power["state_default"] != float64(100) || users[d.chief.id] != nil {
			return fmt.Sprintf("power levels %v", power)
		}
		return ""
	})
}

func (d *drift) aliasRemoved(t *testing.T) {
	alias := fmt.Sprintf("#schalter_%d:localhost", d.who.number)
	d.do(t, d.bot(), http.MethodDelete, "directory/room/"+url.PathEscape(alias), nil)
	if now := d.resolve(alias); now != d.room {
		t.Errorf("the alias leads to %s, not %s", now, d.room)
	}
}

func (d *drift) childMissing(t *testing.T) {
	d.do(t, d.bot(), http.MethodPut, inRoom(d.space, "state/m.space.child/"+url.PathEscape(d.room)), map[string]any{})
	eventually(t, time.Minute, func() string {
		if d.state(d.space, "m.space.child/"+url.PathEscape(d.room))["via"] == nil {
			return "the space does not list the room"
		}
		return ""
	})
}

// clerkPutOut: by accident, out of the space.
func (d *drift) clerkPutOut(t *testing.T) {
	d.seize(d.space)
	d.do(t, d.chief.matrixUser, http.MethodPost, inRoom(d.space, "kick"), map[string]string{"user_id": d.nora.id})
	if err := d.nora.acceptInvites(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func() string {
		if m := d.state(d.space, "m.room.member/"+url.PathEscape(d.nora.id))["membership"]; m != "join" {
			return fmt.Sprintf("the clerk is %v in the space", m)
		}
		return ""
	})
}

func (d *drift) encrypted(t *testing.T) {
	d.do(t, d.bot(), http.MethodPut, inRoom(d.room, "state/m.room.encryption/"), map[string]string{"algorithm": "m.megolm.v1.aes-sha2"})
	d.told(t, 1, "Die Verschlüsselung wurde eingeschaltet")
	d.awaitBody(d.nora.matrixUser, d.room, "In diesem Raum wurde die Verschlüsselung eingeschaltet")
}

// botKicked: nobody can mend the room any more, so another takes its place; with the address, or with
// another number where the homeserver keeps that.
func (d *drift) botKicked(t *testing.T) {
	d.power(d.room, map[string]any{d.bot().id: 50})
	// It may have gone by itself, from a room over which it has lost its power.
	_, _ = d.chief.call(t.Context(), http.MethodPost, inRoom(d.room, "kick"), map[string]string{"user_id": d.bot().id}, nil)
	d.goesOn(t, "Hallo?")
}

func (d *drift) roomDeleted(t *testing.T) {
	d.purge(t, d.room)
	d.goesOn(t, "Sind Sie noch da?")
	d.told(t, 1, "Der Raum ist gelöscht, oder Schalter wurde daraus entfernt")
}

// goesOn waits until another room has taken the room's place, in which the citizen and the clerk go on
// as if nothing had been.
func (d *drift) goesOn(t *testing.T, says string) {
	before := d.room
	if err := d.who.say(t.Context(), says); err != nil {
		t.Fatal(err)
	}
	eventually(t, 90*time.Second, func() string {
		if d.room = d.resolve(fmt.Sprintf("#schalter_%d:localhost", d.now(t).Number)); d.room == before {
			return "the room is not replaced"
		}
		return ""
	})
	if err := d.nora.acceptInvites(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	d.awaitBody(d.nora.matrixUser, d.room, "Dieser Raum ersetzt einen, der nicht mehr zugänglich war")
	d.awaitBody(d.nora.matrixUser, d.room, says)
	if now := d.now(t); now.State != "active" || now.Clerk == "" {
		t.Errorf("the citizen sees %+v", now)
	}
	if err := d.nora.say(t.Context(), d.room, "Wieder da"); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func() string {
		all, err := d.who.history()
		if err != nil || !strings.HasPrefix(all[len(all)-1].Text, "Wieder da") || all[len(all)-2].Text != says {
			return fmt.Sprintf("the citizen reads %+v %v", all, err)
		}
		return ""
	})
}

// lobbyLost: another one shows who waits, and the chats to come.
func (d *drift) lobbyLost(t *testing.T) {
	next := &citizen{t: t, base: d.base}
	if err := next.open(t.Context(), areaA, "Noch jemand"); err != nil {
		t.Fatal(err)
	}
	d.awaitBody(d.nora.matrixUser, d.lobby, fmt.Sprintf("🟡 #%d", next.number))
	for _, verb := range []string{"leave", "forget"} {
		d.do(t, d.bot(), http.MethodPost, inRoom(d.lobby, verb), map[string]any{})
	}
	// The clerks are asked in, and find the chats there.
	if err := d.nora.acceptInvites(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	before := d.lobby
	eventually(t, time.Minute, func() string {
		var state []struct {
			Type     string         `json:"type"`
			StateKey string         `json:"state_key"`
			Content  map[string]any `json:"content"`
		}
		if status, err := d.bot().call(t.Context(), http.MethodGet, inRoom(d.space, "state"), nil, &state); err != nil || status != http.StatusOK {
			return fmt.Sprintf("the space: %d %v", status, err)
		}
		for _, e := range state {
			switch {
			case e.Type != "m.space.child" || e.Content["order"] != "0":
			case e.StateKey == before:
				return "the lost lobby is still listed"
			default:
				d.lobby = e.StateKey
			}
		}
		if d.lobby == before {
			return "no lobby is listed"
		}
		return ""
	})
	d.awaitBody(d.nora.matrixUser, d.lobby, fmt.Sprintf("🟡 #%d", next.number))
	d.awaitBody(d.nora.matrixUser, d.lobby, fmt.Sprintf("🟢 #%d", d.now(t).Number))
	later := &citizen{t: t, base: d.base}
	if err := later.open(t.Context(), areaA, "Und noch jemand"); err != nil {
		t.Fatal(err)
	}
	d.awaitBody(d.nora.matrixUser, d.lobby, fmt.Sprintf("🟡 #%d", later.number))
}

// spaceLost: another one lists the lobby and the rooms of the chats, and the clerks are asked in.
func (d *drift) spaceLost(t *testing.T) {
	before := d.space
	for _, verb := range []string{"leave", "forget"} {
		d.do(t, d.bot(), http.MethodPost, inRoom(d.space, verb), map[string]any{})
	}
	if err := d.nora.acceptInvites(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	eventually(t, 90*time.Second, func() string {
		// The name stays with the lost one, where nobody can take it away.
		for _, alias := range []string{"#schalter_space_" + areaA + "_2:localhost", "#schalter_space_" + areaA + ":localhost"} {
			if d.space = d.lookUp(alias); d.space != "" && d.space != before {
				break
			}
		}
		if d.space == "" || d.space == before {
			return "there is no other space"
		}
		for _, room := range []string{d.lobby, d.room} {
			if d.state(d.space, "m.space.child/"+url.PathEscape(room))["via"] == nil {
				return "the other space does not list " + room
			}
		}
		if m := d.state(d.space, "m.room.member/"+url.PathEscape(d.nora.id))["membership"]; m != "join" {
			return fmt.Sprintf("the clerk is %v in it", m)
		}
		return ""
	})
	// Who is in it may enter a new chat's room.
	next := &citizen{t: t, base: d.base}
	if err := next.open(t.Context(), areaA, "Eine neue Frage"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.nora.enter(t.Context(), next.number); err != nil {
		t.Error(err)
	}
}

// adminRoomLost: the admins are asked into another one, and told there why.
func (d *drift) adminRoomLost(t *testing.T) {
	before := d.resolve("#schalter_admin:localhost")
	for _, verb := range []string{"leave", "forget"} {
		d.do(t, d.bot(), http.MethodPost, inRoom(before, verb), map[string]any{})
	}
	if err := d.chief.acceptInvites(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	var admin string
	eventually(t, 90*time.Second, func() string {
		for _, alias := range []string{"#schalter_admin_2:localhost", "#schalter_admin:localhost"} {
			if admin = d.lookUp(alias); admin != "" && admin != before {
				return ""
			}
		}
		return "there is no other admin room, only " + admin
	})
	d.awaitBody(d.chief.matrixUser, admin, "Der Raum ist gelöscht, oder Schalter wurde daraus entfernt")
	if err := put(t.Context(), d.chief.matrixUser, admin, "!stunden"); err != nil {
		t.Fatal(err)
	}
	d.awaitBody(d.chief.matrixUser, admin, "Einwohnerkontrolle")
}

// lookUp is the room that an alias leads to now; empty for none.
func (d *drift) lookUp(alias string) string {
	d.t.Helper()
	var to struct {
		Room string `json:"room_id"`
	}
	status, err := d.bot().call(context.Background(), http.MethodGet, "directory/room/"+url.PathEscape(alias), nil, &to)
	if err != nil {
		d.t.Fatal(err)
	}
	if status != http.StatusOK {
		return ""
	}
	return to.Room
}

// notFoughtOver: what is changed again and again is mended three times, and then left and told.
func (d *drift) notFoughtOver(t *testing.T) {
	d.seize(d.room)
	d.told(t, 1, "Die Berechtigungen im Raum wurden geändert, schon zum vierten Mal innert einer Stunde")
	admin := d.resolve("#schalter_admin:localhost")
	for n := 0; ; n++ {
		d.do(t, d.chief.matrixUser, http.MethodPut, inRoom(d.room, "state/m.room.name/"), map[string]string{"name": fmt.Sprintf("Kaffeepause %d", n)})
		left := false
		eventually(t, time.Minute, func() string {
			name, _ := d.state(d.room, "m.room.name/")["name"].(string)
			left = d.holds(t, admin, "Der Name des Raums wurde geändert, schon zum vierten Mal")
			if !left && !strings.HasPrefix(name, "🟢") {
				return "the room is called " + name
			}
			return ""
		})
		if left {
			return
		}
		if n > 4 {
			t.Fatal("mended again and again")
		}
	}
}
