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

// TestLifeOfAConversation: closed and reopened from both sides, as browser and room see it.
func TestLifeOfAConversation(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
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
		space := c.resolve("#schalter_space_" + areaA + ":localhost")
		c.awaitRoom(who, room, space, "🟢", true)

		if status, data, err := who.post(ctx, "conversations/"+who.id+"/close", "", nil); err != nil || status != http.StatusOK {
			t.Fatalf("close: %d %s %v", status, data, err)
		}
		c.awaitRoom(who, room, space, "⚪", false)
		c.awaitBody(c.nora.matrixUser, room, "hat den Chat beendet und kann ihn bis")
		if err := c.nora.say(ctx, room, "noch etwas"); err != nil {
			t.Fatal(err)
		}
		c.awaitBody(c.nora.matrixUser, room, "Mit !auf wird er wieder geöffnet")
		if err := who.say(ctx, "Eine Frage noch"); err != nil {
			t.Fatal(err)
		}
		c.awaitRoom(who, room, space, "🟢", true)

		c.command(room, "!zuu")
		c.awaitBody(c.nora.matrixUser, room, "«!zuu» kenne ich nicht")
		c.command(room, "!zu erledigt")
		c.awaitRoom(who, room, space, "⚪", false)
		c.command(room, "!auf")
		c.awaitRoom(who, room, space, "🟢", true)
		all, err := who.history()
		if err != nil || len(all) != 2 {
			t.Errorf("the citizen reads %+v %v", all, err)
		}

		c.command(room, "!zu")
		c.awaitRoom(who, room, space, "⚪", false)
		c.kill() // the time to reopen survives it
		c.walk("2026-07-06T10:30:00+02:00")
		c.mustStart()
		c.awaitEmpty(room)
		if status, data, err := who.post(ctx, "conversations/"+who.id+"/messages", "", map[string]string{"client_id": "late", "text": "zu spät"}); err != nil || status != http.StatusUnauthorized || !strings.Contains(string(data), "/conversation-ended") {
			t.Errorf("a message after the end: %d %s %v", status, data, err)
		}
		if c.nora.join(ctx, room) == nil {
			t.Error("the clerk can enter a room that is over")
		}
	})
}

// awaitEmpty waits until nobody is in a room any more: its ghost and the bot are told so by the
// homeserver, the clerk has been shown out.
func (c *counter) awaitEmpty(room string) {
	c.t.Helper()
	for _, who := range []*matrixUser{c.nora.matrixUser, c.bot()} {
		eventually(c.t, time.Minute, func() string {
			var joined struct {
				Rooms []string `json:"joined_rooms"`
			}
			status, err := who.call(c.t.Context(), http.MethodGet, "joined_rooms", nil, &joined)
			if err != nil || status != http.StatusOK || slices.Contains(joined.Rooms, room) {
				return fmt.Sprintf("%s: %d %v, in the room: %v", who.id, status, err, slices.Contains(joined.Rooms, room))
			}
			return ""
		})
	}
	if c.rejoins(room) {
		c.t.Error("the room was left and is not forgotten")
	}
}

// rejoins reports whether the bot could come back.
func (c *counter) rejoins(room string) bool {
	status, err := c.bot().call(c.t.Context(), http.MethodPost, "join/"+url.PathEscape(room), map[string]any{}, nil)
	return err == nil && status == http.StatusOK
}

// command has the clerk write a command, once.
func (c *counter) command(room, text string) {
	c.t.Helper()
	if c.nora.send(c.t.Context(), room, fmt.Sprintf("c%d", time.Now().UnixNano()), map[string]string{"msgtype": "m.text", "body": text}) == "" {
		c.t.Fatalf("%s was not sent", text)
	}
}

// awaitRoom waits until a room's name bears a sign, the space lists it or not, and the browser says
// the same.
func (c *counter) awaitRoom(who *citizen, room, space, sign string, listed bool) {
	c.t.Helper()
	eventually(c.t, time.Minute, func() string {
		var name struct{ Name string }
		var child struct{ Via []string }
		var look apiConversation
		bot := c.bot()
		path := func(room, kind string) string { return "rooms/" + url.PathEscape(room) + "/state/" + kind }
		if status, err := bot.call(c.t.Context(), http.MethodGet, path(room, "m.room.name/"), nil, &name); err != nil || status != http.StatusOK {
			return fmt.Sprintf("the room's name: %d %v", status, err)
		}
		if status, err := bot.call(c.t.Context(), http.MethodGet, path(space, "m.space.child/"+url.PathEscape(room)), nil, &child); err != nil || status != http.StatusOK {
			return fmt.Sprintf("the space's child: %d %v", status, err)
		}
		if err := who.get("", &look); err != nil {
			return err.Error()
		}
		want := map[string]string{"🟡": "waiting", "🟢": "active", "⚪": "closed"}[sign]
		if !strings.HasPrefix(name.Name, sign) || (len(child.Via) > 0) != listed || look.State != want {
			return fmt.Sprintf("%q, listed %v, %s; want %s, %v, %s", name.Name, len(child.Via) > 0, look.State, sign, listed, want)
		}
		return ""
	})
}
