package main

import (
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
// change may alter its configuration.
func newCounter(ctx context.Context, t *testing.T, kind, database string, change ...func(config string) string) *counter {
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
	for _, f := range change {
		changed = f(changed)
	}
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

// theAnswer is what nora answers to a request.
const theAnswer = "Mit dem Heimatschein, am Schalter."

var mailLink = regexp.MustCompile(`https?://\S+#request=([A-Za-z0-9_-]{43})&\S+`)

// answerByMail has nora reply to a request's notice, and returns the link in the mail that follows.
func (c *counter) answerByMail(notice string, number int64) string {
	c.t.Helper()
	answer := map[string]any{"msgtype": "m.text", "body": "> <@schalter_bot:localhost> 📨 Anfrage\n\n" + theAnswer,
		"m.relates_to": map[string]any{"m.in_reply_to": map[string]string{"event_id": notice}}}
	if c.nora.send(c.t.Context(), c.lobby, fmt.Sprintf("answer-%d", number), answer) == "" {
		c.t.Fatal("the answer was not sent")
	}
	var mail string
	select {
	case mail = <-c.mails:
	case <-time.After(time.Minute):
		c.t.Fatal("no mail")
	}
	_, body, _ := strings.Cut(mail, "\r\n\r\n")
	plain, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(body)))
	if err != nil {
		c.t.Fatal(err)
	}
	text := string(plain)
	if !strings.Contains(text, theAnswer) || strings.Contains(text, "schalter_bot") || !strings.Contains(mail, "To: <anna@aarau.test>") {
		c.t.Errorf("mail:\n%s\n%s", mail, text)
	}
	link := mailLink.FindString(text)
	if link == "" {
		c.t.Fatalf("no link in %s", text)
	}
	c.awaitBody(c.nora.matrixUser, c.lobby, fmt.Sprintf("✉️ Anfrage #%d: Die Antwort von Nora Muster", number))
	return link
}
