package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDeskOrders is what clerks and admins order beside the daily work: a guest, a block, a new area; and
// what becomes of the order of somebody without a say.
func TestDeskOrders(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
		defer cancel()
		c := newCounter(ctx, t, kind, "sqlite")
		c.walk("2026-07-06T09:00:00+02:00")
		d := &desk{counter: c, reto: c.clerk("reto"), lea: c.clerk("lea"), chief: c.clerk("chief")}
		for who, rooms := range map[*clerk]int{d.reto: 4, d.lea: 2, d.chief: 1} {
			if err := who.acceptInvites(ctx, rooms); err != nil {
				t.Fatal(err)
			}
		}
		d.guest(ctx, t)
		d.stranger(ctx, t)
		d.blocks(ctx, t)
		d.newArea(ctx, t)
	})
}

// taken is a chat that nora serves, with its room.
func (d *desk) taken(ctx context.Context, index int) (*citizen, string) {
	d.t.Helper()
	who, notice := d.chat(index)
	d.press(d.nora, d.lobby, notice.ID)
	room, err := d.nora.enter(ctx, who.number)
	if err != nil {
		d.t.Fatal(err)
	}
	return who, room
}

func (d *desk) awaitHistory(who *citizen, want ...string) {
	d.t.Helper()
	eventually(d.t, time.Minute, func() string {
		all, err := who.history()
		var texts []string
		for _, m := range all {
			texts = append(texts, m.Text)
		}
		if err != nil || !slices.Equal(texts, want) {
			return fmt.Sprintf("the citizen reads %q %v", texts, err)
		}
		return ""
	})
}

// guest: a clerk of another area can't enter, is brought in by !dazu, is heard, lets nobody else in, and is
// out when the chat is closed.
func (d *desk) guest(ctx context.Context, t *testing.T) {
	who, room := d.taken(ctx, 1)
	if err := d.lea.join(ctx, room); err == nil {
		t.Error("a clerk of another area could enter")
	}
	d.write(d.nora, room, "!dazu @lea:localhost")
	if err := d.lea.acceptInvites(ctx, 1); err != nil {
		t.Fatal(err)
	}
	asked := d.awaitBody(d.lea.matrixUser, room, "Grüezi")
	receipt := fmt.Sprintf("rooms/%s/receipt/m.read/%s", url.PathEscape(room), url.PathEscape(asked.ID))
	if status, err := d.lea.call(ctx, http.MethodPost, receipt, map[string]any{}, nil); err != nil || status != http.StatusOK {
		t.Errorf("receipt: %d %v", status, err)
	}
	eventually(t, time.Minute, func() string {
		var look apiConversation
		if err := who.get("", &look); err != nil || look.ReadSeq != 1 {
			return fmt.Sprintf("the citizen is told that %d was read: %v", look.ReadSeq, err)
		}
		return ""
	})
	d.write(d.lea, room, "Hier das Fundbüro")
	d.awaitHistory(who, "Grüezi", "Hier das Fundbüro")
	for _, host := range []*clerk{d.lea, d.nora} {
		status, err := host.call(ctx, http.MethodPost, "rooms/"+url.PathEscape(room)+"/invite", map[string]string{"user_id": "@outsider:localhost"}, nil)
		if err != nil || status == http.StatusOK {
			t.Errorf("%s lets somebody in: %d %v", host.id, status, err)
		}
	}
	d.write(d.lea, room, "!zu")
	d.awaitBody(d.lea.matrixUser, room, "Das können nur Sachbearbeitende dieses Bereichs")
	d.write(d.nora, room, "!zu")
	d.gone(d.lea, room)
	d.awaitHistory(who, "Grüezi", "Hier das Fundbüro")
}

// stranger: somebody without a say who got into a lobby is answered with nothing, and reported once.
func (d *desk) stranger(ctx context.Context, t *testing.T) {
	outsider := d.clerk("outsider")
	status, err := d.bot().call(ctx, http.MethodPost, "rooms/"+url.PathEscape(d.lobby)+"/invite", map[string]string{"user_id": outsider.id}, nil)
	if err != nil || status != http.StatusOK {
		t.Fatalf("invite: %d %v", status, err)
	}
	if err := outsider.join(ctx, d.lobby); err != nil {
		t.Fatal(err)
	}
	// An outsider may not even write there (events need a clerk's power): the operator has made a mistake.
	var power map[string]any
	path := "rooms/" + url.PathEscape(d.lobby) + "/state/m.room.power_levels/"
	if _, err := d.bot().call(ctx, http.MethodGet, path, nil, &power); err != nil {
		t.Fatal(err)
	}
	power["events_default"] = 0
	if status, err := d.bot().call(ctx, http.MethodPut, path, power, nil); err != nil || status != http.StatusOK {
		t.Fatalf("power levels: %d %v", status, err)
	}
	for range 3 {
		d.write(outsider, d.lobby, "!pause")
	}
	d.write(d.nora, d.lobby, "!wer") // is answered behind them
	d.awaitBody(d.nora.matrixUser, d.lobby, "Nora Muster: da")
	admin := d.adminRoom()
	d.awaitBody(d.chief.matrixUser, admin, "⚠️ @outsider:localhost hat einen Befehl geschrieben")
	events, err := d.chief.timeline(ctx, admin)
	if err != nil {
		t.Fatal(err)
	}
	reports := 0
	for _, e := range events {
		if strings.Contains(e.Content.Body, "@outsider:localhost") {
			reports++
		}
	}
	if reports != 1 {
		t.Errorf("%d reports", reports)
	}
}

// blocks: whoever is blocked writes nothing more, opens nothing and leaves no request, until it is lifted.
func (d *desk) blocks(ctx context.Context, t *testing.T) {
	who, room := d.taken(ctx, 20)
	d.write(d.nora, room, "!sperren 1h Beschimpfungen")
	d.awaitBody(d.nora.matrixUser, room, "🚫 Nora Muster hat den Chat beendet und gesperrt bis 10.")
	visitor := &citizen{t: d.t, base: d.base}
	refused := func(status int, body []byte, err error) {
		t.Helper()
		var problem struct{ Type, Detail string }
		if err != nil || status != http.StatusForbidden || json.Unmarshal(body, &problem) != nil || problem.Type != "/problems/blocked" || problem.Detail == "" {
			t.Errorf("answered %d %s %v", status, body, err)
		}
	}
	refused(who.post(ctx, "conversations/"+who.id+"/messages", "", map[string]string{"client_id": "again", "text": "Nochmals"}))
	refused(visitor.post(ctx, "conversations", "another-chat-from-here", opening("Grüezi")))
	refused(visitor.post(ctx, "requests", "a-request-from-here", map[string]string{"service_area": areaA, "language": "de", "text": "Hallo"}))
	d.write(d.chief, d.adminRoom(), "!sperren")
	d.awaitBody(d.chief.matrixUser, d.adminRoom(), fmt.Sprintf("🚫 #%d · bis 10.", who.number))
	d.write(d.nora, room, "!sperren aus")
	d.awaitBody(d.nora.matrixUser, room, fmt.Sprintf("Die Sperre von #%d ist aufgehoben.", who.number))
	if status, _ := d.open("after-it-was-lifted", opening("Grüezi")); status != http.StatusCreated {
		t.Errorf("opening after the block: %d", status)
	}
}

// newArea: made by a line in the admin room, seen by citizens, served by its clerk; and closed again.
func (d *desk) newArea(ctx context.Context, t *testing.T) {
	offered := func(want bool) {
		t.Helper()
		eventually(t, time.Minute, func() string {
			r, err := http.Get(d.base + "/api/v1/service-areas")
			if err != nil {
				return err.Error()
			}
			api, _ := io.ReadAll(r.Body)
			r.Body.Close()
			if r, err = http.Get(d.base + "/plain"); err != nil {
				return err.Error()
			}
			plain, _ := io.ReadAll(r.Body)
			r.Body.Close()
			if strings.Contains(string(api), `"id":"bau"`) != want || strings.Contains(string(plain), "Baugesuche") != want {
				return fmt.Sprintf("offered, want %v: %s", want, api)
			}
			return ""
		})
	}
	offered(false)
	d.write(d.chief, d.adminRoom(), `!bereich neu bau "Baugesuche" @lea:localhost zeiten 24/7`)
	offered(true)
	if err := d.lea.acceptInvites(ctx, 2); err != nil {
		t.Fatal(err)
	}
	who := &citizen{t: d.t, base: d.base, index: 40}
	if err := who.open(ctx, "bau", "Grüezi"); err != nil {
		t.Fatal(err)
	}
	lobby := d.resolve("#schalter_lobby_bau:localhost")
	notice := d.awaitBody(d.lea.matrixUser, lobby, fmt.Sprintf("🟡 #%d ", who.number))
	d.press(d.lea, lobby, notice.ID)
	room, err := d.lea.enter(ctx, who.number)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.nora.join(ctx, room); err == nil {
		t.Error("a clerk of another area could enter")
	}
	d.write(d.lea, room, "Baugesuche, guten Tag")
	d.write(d.chief, d.adminRoom(), "!bereich bau weg")
	offered(false)
	d.write(d.lea, room, "Es geht weiter")
	d.awaitHistory(who, "Grüezi", "Baugesuche, guten Tag", "Es geht weiter")
	if status, _ := d.open("an-area-that-is-gone", map[string]any{"service_area": "bau", "language": "de"}); status != http.StatusNotFound {
		t.Errorf("opened in an area that is gone: %d", status)
	}
}
