package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
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
	})
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
