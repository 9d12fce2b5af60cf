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

// TestOnlyStaffCounts: nobody lets others in, and only clerks staffed for the area are heard.
func TestOnlyStaffCounts(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
		defer cancel()
		ch := newChat(ctx, t, kind, "sqlite")
		lea, outsider := ch.clerk("lea"), ch.login("outsider")

		t.Run("no member can invite", func(t *testing.T) {
			for name, room := range ch.deskRooms(ctx, t) {
				status, err := ch.nora.call(ctx, http.MethodPost, "rooms/"+url.PathEscape(room)+"/invite", map[string]string{"user_id": outsider.id}, nil)
				if err != nil || status != http.StatusForbidden {
					t.Errorf("inviting into the %s: %d %v", name, status, err)
				}
				if status, err := outsider.call(ctx, http.MethodPost, "rooms/"+url.PathEscape(room)+"/join", map[string]any{}, nil); err != nil || status == http.StatusOK {
					t.Errorf("an outsider joins the %s: %d %v", name, status, err)
				}
				if status, err := lea.call(ctx, http.MethodPost, "rooms/"+url.PathEscape(room)+"/join", map[string]any{}, nil); err != nil || status == http.StatusOK {
					t.Errorf("a clerk of another area joins the %s: %d %v", name, status, err)
				}
			}
		})

		t.Run("who is not staffed is not heard", func(t *testing.T) {
			// Only the bot can let lea in; that she is in does not make her heard.
			bot := ch.bot()
			if status, err := bot.call(ctx, http.MethodPost, "rooms/"+url.PathEscape(ch.room)+"/invite", map[string]string{"user_id": lea.id}, nil); err != nil || status != http.StatusOK {
				t.Fatalf("invite: %d %v", status, err)
			}
			if err := lea.join(ctx, ch.room); err != nil {
				t.Fatal(err)
			}
			if lea.send(ctx, ch.room, "l1", map[string]string{"msgtype": "m.text", "body": "I am not staffed"}) == "" {
				t.Fatal("lea cannot write")
			}
			if err := ch.nora.say(ctx, ch.room, "after lea"); err != nil {
				t.Fatal(err)
			}
			for _, m := range ch.awaitText("after lea/1") {
				if m.Text == "I am not staffed" {
					t.Error("the citizen hears a clerk who is not staffed for the area")
				}
			}
		})

		t.Run("a forged marker confirms nothing", func(t *testing.T) {
			// The homeserver is cut off, so that the message stays unsent while the marker is forged.
			ch.proxy.Cut()
			if err := ch.citizen.say(ctx, "the real one"); err != nil {
				t.Fatal(err)
			}
			_, ids := ch.citizen.acknowledged()
			marker := ids[len(ids)-1]
			if ch.nora.send(ctx, ch.room, "f1", map[string]any{"msgtype": "m.text", "body": "forged", "ch.schalter.message_id": marker}) == "" {
				t.Fatal("nora cannot write")
			}
			if err := ch.proxy.Mend(); err != nil {
				t.Fatal(err)
			}
			ch.awaitText("forged")
			eventually(t, time.Minute, func() string {
				events, err := ch.nora.timeline(ctx, ch.room)
				if err != nil {
					return err.Error()
				}
				n := 0
				for _, e := range events {
					if e.Content.Marker == marker && e.Sender != ch.nora.id {
						n++
					}
				}
				if n != 1 {
					return fmt.Sprintf("the message is in the room %d times", n)
				}
				return ""
			})
		})

		t.Run("an edit of the ghost's message changes nothing", func(t *testing.T) {
			events, err := ch.nora.timeline(ctx, ch.room)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if e.Content.Body == "the real one" {
					edit := map[string]any{
						"msgtype": "m.text", "body": "* edited by a clerk",
						"m.new_content": map[string]string{"msgtype": "m.text", "body": "edited by a clerk"},
						"m.relates_to":  map[string]string{"rel_type": "m.replace", "event_id": e.ID},
					}
					if ch.nora.send(ctx, ch.room, "e1", edit) == "" {
						t.Skip("this homeserver refuses the edit itself")
					}
				}
			}
			if err := ch.nora.say(ctx, ch.room, "after the edit"); err != nil {
				t.Fatal(err)
			}
			real := false
			for _, m := range ch.awaitText("after the edit/1") {
				if m.Text == "edited by a clerk" || m.Text == "* edited by a clerk" {
					t.Error("the citizen sees a clerk's edit of their own message")
				}
				real = real || m.Text == "the real one"
			}
			if !real {
				t.Error("the citizen's own message has gone")
			}
		})

		t.Run("a citizen can't command", func(t *testing.T) {
			if err := ch.citizen.say(ctx, "!zu"); err != nil {
				t.Fatal(err)
			}
			ghost := ch.own("@citizen_" + strings.ToLower(ch.citizen.id) + ":localhost")
			for _, command := range []string{"!zu", "!weiter " + areaA, "!notiz geheim"} {
				if err := put(ctx, ghost, ch.room, command); err != nil {
					t.Fatal(err)
				}
			}
			if err := ch.nora.say(ctx, ch.room, "after the commands"); err != nil {
				t.Fatal(err)
			}
			ch.awaitText("after the commands/1")
			var now struct {
				State string `json:"state"`
			}
			if err := ch.citizen.get("", &now); err != nil || now.State != "active" {
				t.Errorf("after a citizen's commands the chat is %q %v", now.State, err)
			}
			events, err := ch.nora.timeline(ctx, ch.room)
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range events {
				if e.Content.Body == "!notiz geheim" {
					for _, later := range events[i+1:] {
						if later.Sender == ch.bot().id && later.Content.Body != "" {
							t.Errorf("the bot answers a citizen: %q", later.Content.Body)
						}
					}
				}
			}
		})
	})
}

// deskRooms are the space, the lobby and the conversation's room.
func (ch *chat) deskRooms(ctx context.Context, t *testing.T) map[string]string {
	t.Helper()
	rooms := map[string]string{"room": ch.room}
	for name, alias := range map[string]string{"space": "#schalter_space_" + areaA, "lobby": "#schalter_lobby_" + areaA} {
		var r struct {
			RoomID string `json:"room_id"`
		}
		status, err := ch.nora.call(ctx, http.MethodGet, "directory/room/"+url.PathEscape(alias+":localhost"), nil, &r)
		if err != nil || status != http.StatusOK {
			t.Fatalf("alias of the %s: %d %v", name, status, err)
		}
		rooms[name] = r.RoomID
	}
	return rooms
}
