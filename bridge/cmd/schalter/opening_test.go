package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestOpeningHours: a day at the counter, in the browser and in the room.
func TestOpeningHours(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		databases(t, func(t *testing.T, database string) {
			ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
			defer cancel()
			c := newCounter(ctx, t, kind, database)
			t.Run("refused at 11.30.00, accepted at 11.29.59", c.refusedOnTheEdge)
			t.Run("one runs over closing", c.runsOver)
			t.Run("edges are pushed", c.edgesArePushed)
			t.Run("left at night, answered in the morning", c.leftAtNight)
			t.Run("an admin closes", c.adminCloses)
		})
	})
}

func (c *counter) refusedOnTheEdge(t *testing.T) {
	c.stand("2026-07-06T11:29:59+02:00")
	status, first := c.open("opened-just-before", opening("noch schnell"))
	if status != http.StatusCreated {
		t.Fatalf("at 11.29.59: %d %v", status, first)
	}
	c.stand("2026-07-06T11:30:00+02:00")
	status, refused := c.open("opened-just-after-it", opening("zu spät"))
	kind, _ := refused["type"].(string)
	if status != http.StatusConflict || !strings.HasSuffix(kind, "/closed") || refused["opens_at"] != "2026-07-06T14:00:00+02:00" {
		t.Errorf("at 11.30.00: %d %v", status, refused)
	}
	if status, again := c.open("opened-just-before", opening("noch schnell")); status != http.StatusCreated || again["id"] != first["id"] {
		t.Errorf("the same opening again: %d %v", status, again)
	}
	if status, other := c.open("another-areas-opening", map[string]any{"service_area": areaB}); status != http.StatusCreated {
		t.Errorf("an area that is open: %d %v", status, other)
	}
	c.walk("2026-07-06T11:30:05+02:00")
	c.settled(first)
}

func (c *counter) runsOver(t *testing.T) {
	ctx := t.Context()
	c.walk("2026-07-07T11:00:00+02:00")
	who := &citizen{t: t, base: c.base}
	if err := who.open(ctx, areaA, "Grüezi"); err != nil {
		t.Fatal(err)
	}
	room, err := c.nora.enter(ctx, who.number)
	if err != nil {
		t.Fatal(err)
	}
	c.walk("2026-07-07T11:20:00+02:00")
	c.awaitClosing(who, "soon")
	c.awaitBody(c.nora.matrixUser, room, "schliesst um 11.30 Uhr")
	c.walk("2026-07-07T11:30:00+02:00")
	c.awaitClosing(who, "grace")
	c.awaitBody(c.nora.matrixUser, room, "seit 11.30 Uhr geschlossen")
	c.kill() // and nothing is told twice
	c.mustStart()
	if err := who.say(ctx, "noch eine Frage"); err != nil {
		t.Fatal(err)
	}
	c.awaitBody(c.nora.matrixUser, room, "noch eine Frage")
	if err := c.nora.say(ctx, room, "noch eine Antwort"); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func() string {
		all, err := who.history()
		if err != nil || len(all) < 3 {
			return fmt.Sprintf("%d messages, %v", len(all), err)
		}
		return ""
	})
	c.walk("2026-07-07T11:45:00+02:00")
	c.awaitClosing(who, "closed")
	c.awaitBody(c.nora.matrixUser, room, "wurde um 11.45 Uhr beendet")
	if status, data, err := who.post(ctx, "conversations/"+who.id+"/messages", "", map[string]string{"client_id": "late", "text": "zu spät"}); err != nil || status != http.StatusConflict {
		t.Errorf("a message after the end: %d %s %v", status, data, err)
	}
	events, err := c.nora.timeline(ctx, room)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, e := range events {
		if e.Sender == "@schalter_bot:localhost" && e.Type == "m.room.message" && !strings.Contains(e.Content.Body, "Identität nicht geprüft") {
			told++
		}
	}
	if told != 3 {
		t.Errorf("the room was told %d times, want 3", told)
	}
	if status, _, err := who.post(ctx, "conversations/"+who.id+"/reopen", "", map[string]string{}); err != nil || status != http.StatusConflict {
		t.Errorf("reopened in the break: %d %v", status, err)
	}
	c.walk("2026-07-07T14:00:00+02:00")
	if status, data, err := who.post(ctx, "conversations/"+who.id+"/reopen", "", map[string]string{}); err != nil || status != http.StatusOK || !strings.Contains(string(data), `"active"`) {
		t.Errorf("reopened after the break: %d %s %v", status, data, err)
	}
	c.awaitBody(c.nora.matrixUser, room, "nimmt den Chat wieder auf") // the clerk is still there
}

func (c *counter) edgesArePushed(t *testing.T) {
	c.stand("2026-07-08T11:29:59+02:00")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+"/api/v1/service-areas/stream?lang=de", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := streaming.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	next := func(want string) {
		t.Helper()
		for lines.Scan() {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok {
				continue
			}
			var areas struct {
				ServiceAreas []struct{ State, Status string } `json:"service_areas"`
			}
			if err := json.Unmarshal([]byte(data), &areas); err != nil {
				t.Fatal(err)
			}
			if a := areas.ServiceAreas[0]; a.State+" "+a.Status == want {
				return
			}
		}
		t.Fatalf("the stream ended before %q", want)
	}
	next("open offen bis 11.30 Uhr")
	for at, want := range map[string]string{"2026-07-08T11:30:00+02:00": "closed Wir sind wieder für Sie da: heute, 14.00 Uhr"} {
		before := time.Now()
		c.stand(at)
		next(want)
		if took := time.Since(before); took > time.Second {
			t.Errorf("the edge at %s came after %s", at, took)
		}
	}
}

func (c *counter) leftAtNight(t *testing.T) {
	ctx := t.Context()
	c.walk("2026-07-08T23:14:00+02:00")
	night := &citizen{t: t, base: c.base}
	request := map[string]any{"service_area": areaA, "language": "de", "name": "Anna Muster", "email": "anna@aarau.test", "text": "Wie melde ich mich an?"}
	var left struct {
		Number     int64
		AnsweredBy string `json:"answered_by"`
	}
	var numbers []int64
	for range 2 { // the answer may be lost
		status, data, err := night.post(ctx, "requests", "a-request-at-night", request)
		if err != nil || status != http.StatusCreated || json.Unmarshal(data, &left) != nil || left.AnsweredBy != "email" {
			t.Fatalf("request: %d %s %v", status, data, err)
		}
		numbers = append(numbers, left.Number)
	}
	if numbers[0] != numbers[1] {
		t.Errorf("numbers %v", numbers)
	}
	notice := c.awaitBody(c.nora.matrixUser, c.lobby, fmt.Sprintf("📨 Anfrage #%d · Anna Muster", left.Number))

	c.walk("2026-07-09T08:05:00+02:00")
	link := c.answerByMail(notice.ID, left.Number)

	picked := opening("Und wo ist der Schalter?")
	picked["request"] = mailLink.FindStringSubmatch(link)[1]
	status, opened := c.open("picked-up-by-mail", picked)
	if status != http.StatusCreated {
		t.Fatalf("picked up: %d %v", status, opened)
	}
	who := &citizen{t: t, base: c.base, id: opened["id"].(string), token: opened["token"].(string), number: int64(opened["number"].(float64))}
	room, err := c.nora.enter(ctx, who.number)
	if err != nil {
		t.Fatal(err)
	}
	c.awaitBody(c.nora.matrixUser, room, "Wie melde ich mich an?")
	c.awaitBody(c.nora.matrixUser, room, "Und wo ist der Schalter?")
	all, err := who.history()
	if err != nil || len(all) != 3 || all[0].Text != "Wie melde ich mich an?" || all[1].Text != theAnswer || all[1].Direction != "clerk" {
		t.Errorf("history %+v %v", all, err)
	}

	// A request with a phone number is marked as done by a reaction.
	request["email"], request["phone"] = nil, "062 836 05 10"
	status, data, err := night.post(ctx, "requests", "", request)
	if err != nil || status != http.StatusCreated || json.Unmarshal(data, &left) != nil {
		t.Fatalf("request: %d %s %v", status, data, err)
	}
	notice = c.awaitBody(c.nora.matrixUser, c.lobby, fmt.Sprintf("📨 Anfrage #%d", left.Number))
	c.awaitButton(c.lobby, notice.ID)
	reaction := map[string]any{"m.relates_to": map[string]string{"rel_type": "m.annotation", "event_id": notice.ID, "key": "✅"}}
	if status, err := c.nora.call(ctx, http.MethodPut, fmt.Sprintf("rooms/%s/send/m.reaction/done-%d", url.PathEscape(c.lobby), left.Number), reaction, nil); err != nil || status != http.StatusOK {
		t.Fatalf("reaction: %d %v", status, err)
	}
	c.awaitBody(c.nora.matrixUser, c.lobby, fmt.Sprintf("✅ Anfrage #%d ist erledigt (Nora Muster).", left.Number))
}

func (c *counter) adminCloses(t *testing.T) {
	ctx := t.Context()
	c.walk("2026-07-10T09:00:00+02:00")
	room := c.resolve("#schalter_admin:localhost")
	chief, outsider := c.clerk("chief"), c.login("outsider")
	for _, other := range []*matrixUser{outsider, c.nora.matrixUser} {
		if status, err := other.call(ctx, http.MethodPost, "join/"+url.PathEscape(room), map[string]any{}, nil); err != nil || status == http.StatusOK {
			t.Errorf("%s joins the admin room: %d %v", other.id, status, err)
		}
	}
	if err := chief.acceptInvites(ctx, 1); err != nil {
		t.Fatal(err)
	}
	command := func(txn, text string) {
		t.Helper()
		if chief.send(ctx, room, txn, map[string]string{"msgtype": "m.text", "body": text}) == "" {
			t.Fatal("the command was not sent")
		}
	}
	command("c1", `!ausnahme 2026-07-10 zu "Maienzug" fr:"Fête" einwohnerkontrolle`)
	c.awaitBody(chief.matrixUser, room, "Gilt ab sofort: 10.7.2026 · geschlossen · «Maienzug» · fr: «Fête» · einwohnerkontrolle")
	if status, refused := c.open("", opening("heute nicht")); status != http.StatusConflict || refused["opens_at"] != "2026-07-13T08:00:00+02:00" {
		t.Errorf("on the Maienzug: %d %v", status, refused)
	}
	c.kill()
	c.mustStart()
	if status, refused := c.open("", opening("heute nicht")); status != http.StatusConflict {
		t.Errorf("after a restart: %d %v", status, refused)
	}
	command("c2", "!ausnahmen")
	c.awaitBody(chief.matrixUser, room, "Nr. 1, Chief Muster, 10.7.2026, 9.0")
	command("c3", "!zurück 1")
	c.awaitBody(chief.matrixUser, room, "Änderung 1 ist zurückgenommen.")
	status, taken := c.open("", opening("doch"))
	if status != http.StatusCreated {
		t.Errorf("taken back: %d %v", status, taken)
	}
	c.settled(taken)
	command("c4", "!stunden einwohnerkontrolle Mo-Su 00:00-24:00")
	c.awaitBody(chief.matrixUser, room, "▸ So 12.7.  0.00–24.00")
	command("c5", "!ja 2")
	c.awaitBody(chief.matrixUser, room, "Änderung 2 gilt ab sofort")
	c.walk("2026-07-12T03:00:00+02:00")
	if status, opened := c.open("", opening("Sonntag um drei")); status != http.StatusCreated {
		t.Errorf("with the admin's hours: %d %v", status, opened)
	}
}
