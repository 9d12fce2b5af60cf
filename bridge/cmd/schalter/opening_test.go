package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// counter is a system with the hours of the Stadtbüro in one area, a mail server, and a clock.
type counter struct {
	*system
	t     *testing.T
	clock string
	mails chan string
	nora  *clerk
	lobby string
}

// newCounter starts it on Monday, 6 July 2026, at 11.00, with a clerk who has accepted everything.
func newCounter(ctx context.Context, t *testing.T, kind, database string) *counter {
	t.Helper()
	hs, reg := home(t, kind)
	c := &counter{system: newSystem(t, hs, reg, database, 10), t: t, mails: make(chan string, 10)}
	c.clock = filepath.Join(c.dir, "clock")
	t.Setenv(clockFile, c.clock)
	path := filepath.Join(c.dir, "config.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), `hours: "24/7"`, `hours: "Mo-Fr 08:00-11:30,14:00-17:00; PH off", grace_minutes: 15, idle_warning_minutes: 0, idle_close_minutes: 0`, 1)
	changed += fmt.Sprintf("mail: {host: 127.0.0.1, port: %d, tls: none, from: stadtbuero@aarau.test}\n", c.smtp())
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	c.walk("2026-07-06T11:00:00+02:00")
	c.mustStart()
	c.nora = c.clerk("nora")
	if err := c.nora.acceptInvites(ctx, 4); err != nil {
		t.Fatal(err)
	}
	c.lobby = c.resolve("#schalter_lobby_" + areaA + ":localhost")
	return c
}

// smtp starts a real mail server and returns its port.
func (c *counter) smtp() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return letterbox{c.mails}, nil }))
	go func() { _ = s.Serve(l) }()
	c.t.Cleanup(func() { _ = s.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

type letterbox struct{ mails chan string }

func (letterbox) Mail(string, *smtp.MailOptions) error { return nil }
func (letterbox) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (letterbox) Reset()                               {}
func (letterbox) Logout() error                        { return nil }
func (l letterbox) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	l.mails <- string(data)
	return err
}

// walk sets the service's clock, which goes on from there; stand stops it there.
func (c *counter) walk(to string) {
	at, err := time.Parse(time.RFC3339, to)
	if err != nil {
		c.t.Fatal(err)
	}
	c.setClock(fmt.Sprintf("+%d", int64(time.Until(at))))
}

func (c *counter) stand(at string) { c.setClock(at) }

func (c *counter) setClock(text string) {
	c.t.Helper()
	err := os.WriteFile(c.clock+".new", []byte(text), 0o600)
	if err == nil {
		err = os.Rename(c.clock+".new", c.clock)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *counter) resolve(alias string) string {
	c.t.Helper()
	var r struct {
		RoomID string `json:"room_id"`
	}
	eventually(c.t, time.Minute, func() string {
		status, err := c.bot().call(context.Background(), http.MethodGet, "directory/room/"+url.PathEscape(alias), nil, &r)
		if err != nil || status != http.StatusOK {
			return fmt.Sprintf("%s: %d %v", alias, status, err)
		}
		return ""
	})
	return r.RoomID
}

// open posts an opening and returns status and answer.
func (c *counter) open(key string, body map[string]any) (int, map[string]any) {
	c.t.Helper()
	visitor := &citizen{t: c.t, base: c.base}
	status, data, err := visitor.post(c.t.Context(), "conversations", key, body)
	var answer map[string]any
	if err != nil || json.Unmarshal(data, &answer) != nil {
		c.t.Fatalf("opening: %d %s %v", status, data, err)
	}
	return status, answer
}

// awaitBody waits until a room holds a message whose body contains a text, and returns the event.
func (c *counter) awaitBody(who *matrixUser, room, text string) roomEvent {
	c.t.Helper()
	var found roomEvent
	eventually(c.t, time.Minute, func() string {
		events, err := who.timeline(c.t.Context(), room)
		if err != nil {
			return err.Error()
		}
		for _, e := range events {
			if strings.Contains(e.Content.Body, text) {
				found = e
				return ""
			}
		}
		return "nothing says " + text
	})
	return found
}

// awaitButton waits for the bot's ✅ under an event, and holds it to be the only one.
func (c *counter) awaitButton(room, event string) {
	c.t.Helper()
	eventually(c.t, time.Minute, func() string {
		events, err := c.nora.timeline(c.t.Context(), room)
		if err != nil {
			return err.Error()
		}
		n := 0
		for _, e := range events {
			var under struct {
				EventID string `json:"event_id"`
				Key     string
			}
			if e.Type == "m.reaction" && e.Sender == "@schalter_bot:localhost" && json.Unmarshal(e.Content.Relates, &under) == nil &&
				under.EventID == event && under.Key == "✅" {
				n++
			}
		}
		if n > 1 {
			c.t.Errorf("%d buttons", n)
		}
		if n == 0 {
			return "no button under the notice"
		}
		return ""
	})
}

// settled waits until a conversation stands in the lobby, so that no call is in flight when the
// clock jumps.
func (c *counter) settled(opened map[string]any) {
	c.t.Helper()
	number, _ := opened["number"].(float64)
	c.awaitBody(c.nora.matrixUser, c.lobby, fmt.Sprintf("🟡 #%d", int64(number)))
}

func (c *counter) awaitClosing(who *citizen, stage string) {
	c.t.Helper()
	eventually(c.t, time.Minute, func() string {
		var look struct {
			State   string
			Closing *struct{ Stage, Text string }
		}
		if err := who.get("", &look); err != nil {
			return err.Error()
		}
		if look.Closing == nil || look.Closing.Stage != stage || (look.State == "closed") != (stage == "closed") {
			return fmt.Sprintf("%s: %+v", look.State, look.Closing)
		}
		return ""
	})
}

func opening(text string) map[string]any {
	return map[string]any{"service_area": areaA, "language": "de", "name": "Anna", "message": map[string]string{"client_id": "m1", "text": text}}
}

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
		if e.Sender == "@schalter_bot:localhost" && e.Type == "m.room.message" {
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

var mailLink = regexp.MustCompile(`#request=([A-Za-z0-9_-]{43})&`)

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
	answer := map[string]any{"msgtype": "m.text", "body": "> <@schalter_bot:localhost> 📨 Anfrage\n\nMit dem Heimatschein, am Schalter.",
		"m.relates_to": map[string]any{"m.in_reply_to": map[string]string{"event_id": notice.ID}}}
	if c.nora.send(ctx, c.lobby, "answer-at-eight", answer) == "" {
		t.Fatal("the answer was not sent")
	}
	var mail string
	select {
	case mail = <-c.mails:
	case <-time.After(time.Minute):
		t.Fatal("no mail")
	}
	_, body, _ := strings.Cut(mail, "\r\n\r\n")
	plain, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(plain, []byte("Mit dem Heimatschein, am Schalter.")) || bytes.Contains(plain, []byte("schalter_bot")) || !strings.Contains(mail, "To: <anna@aarau.test>") {
		t.Errorf("mail:\n%s\n%s", mail, plain)
	}
	link := mailLink.FindSubmatch(plain)
	if link == nil {
		t.Fatalf("no link in %s", plain)
	}
	c.awaitBody(c.nora.matrixUser, c.lobby, fmt.Sprintf("✉️ Anfrage #%d: Die Antwort von Nora Muster", left.Number))

	picked := opening("Und wo ist der Schalter?")
	picked["request"] = string(link[1])
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
	if err != nil || len(all) != 3 || all[0].Text != "Wie melde ich mich an?" || all[1].Text != "Mit dem Heimatschein, am Schalter." || all[1].Direction != "clerk" {
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
