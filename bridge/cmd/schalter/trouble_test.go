package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"schalter/bridge/homeserver/homeservertest"
)

// TestHomeserverTalksNonsense: for a while every send is answered with something else than a
// homeserver's answer. The message is kept, the citizen is told, and it arrives once.
func TestHomeserverTalksNonsense(t *testing.T) {
	cases := []struct {
		name, contentType, body string
		status                  int
	}{
		{"HTML", "text/html", "<html><body>Wartung</body></html>", http.StatusOK},
		{"HTML with an error", "text/html", "<html>Bad Gateway</html>", http.StatusBadGateway},
		{"429", "application/json", `{"errcode":"M_LIMIT_EXCEEDED","error":"slow down","retry_after_ms":700}`, http.StatusTooManyRequests},
		{"500", "application/json", `{"errcode":"M_UNKNOWN","error":"internal"}`, http.StatusInternalServerError},
		{"empty object", "application/json", `{}`, http.StatusOK},
		{"half an answer", "application/json", `{"event_id":`, http.StatusOK},
		{"closed connection", "", "", homeservertest.Close},
		{"nothing", "", "", homeservertest.Hang},
	}
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		hs, reg := home(t, kind)
		s := newSystem(t, hs, reg, "sqlite", 1)
		s.mustStart()
		nora, c := s.clerk("nora"), &citizen{t: t, base: s.base}
		if err := nora.acceptInvites(ctx, 4); err != nil {
			t.Fatal(err)
		}
		if err := c.open(ctx, areaA, "first"); err != nil {
			t.Fatal(err)
		}
		room, err := nora.enter(ctx, c.number)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"first"}
		for _, tc := range cases {
			asked := make(chan struct{}, 100)
			s.proxy.Answer(func(r *http.Request) (int, string, string, bool) {
				if !homeservertest.Mutating(r) {
					return 0, "", "", false
				}
				select {
				case asked <- struct{}{}:
				default:
				}
				return tc.status, tc.contentType, tc.body, true
			})
			if err := c.say(ctx, tc.name); err != nil {
				t.Fatal(err)
			}
			want = append(want, tc.name)
			for range 2 { // it was tried, and followed up
				select {
				case <-asked:
				case <-time.After(time.Minute): // the echo may come 35 s late, where the connection broke
					t.Fatalf("%s: the homeserver is not asked again", tc.name)
				}
			}
			var look apiConversation
			if err := c.get("", &look); err != nil || look.DeliveredSeq >= look.LastSeq {
				t.Errorf("%s: taken for delivered: %+v %v", tc.name, look, err)
			}
			s.proxy.Answer(nil)
			eventually(t, time.Minute, func() string {
				if err := c.get("", &look); err != nil || look.DeliveredSeq != look.LastSeq {
					return fmt.Sprintf("%s: not delivered: %+v %v", tc.name, look, err)
				}
				return ""
			})
		}
		var have []string
		eventually(t, 30*time.Second, func() string {
			events, err := nora.timeline(ctx, room)
			if err != nil {
				return err.Error()
			}
			have = nil
			for _, e := range events {
				if e.Type == "m.room.message" && strings.HasPrefix(e.Sender, "@citizen_") {
					have = append(have, e.Content.Body)
				}
			}
			if len(have) < len(want) {
				return fmt.Sprintf("%d of %d in the room", len(have), len(want))
			}
			return ""
		})
		same(t, "texts in the room", have, want)
	})
}

// TestRegistrationDoesNotMatch: the homeserver does not know our token. Citizens are taken all
// the same, the log says what is wrong, and with the right token everything arrives.
func TestRegistrationDoesNotMatch(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
		defer cancel()
		hs, reg := home(t, kind)
		s := newSystem(t, hs, reg, "sqlite", 10)
		path := filepath.Join(s.dir, "config.yaml")
		right, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		wrong := strings.Replace(string(right), reg.ASToken, "x"+reg.ASToken, 1)
		if err := os.WriteFile(path, []byte(wrong), 0o600); err != nil {
			t.Fatal(err)
		}
		s.mustStart()
		c := &citizen{t: t, base: s.base}
		if err := c.open(ctx, areaA, "first"); err != nil {
			t.Fatal(err)
		}
		eventually(t, 30*time.Second, func() string {
			if log := s.log(); !strings.Contains(log, "M_UNKNOWN_TOKEN") {
				return "the log does not say what is wrong"
			}
			return ""
		})
		s.stop()
		if err := os.WriteFile(path, right, 0o600); err != nil {
			t.Fatal(err)
		}
		s.mustStart()
		eventually(t, time.Minute, func() string {
			var look apiConversation
			if err := c.get("", &look); err != nil || look.DeliveredSeq != 1 {
				return fmt.Sprintf("not delivered with the right token: %+v %v", look, err)
			}
			return ""
		})
	})
}

// TestServeRefusesBadSurroundings: what is wrong with config and database is said at the start.
func TestServeRefusesBadSurroundings(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := func(database string) string {
		var text strings.Builder
		err := configTemplate.Execute(&text, map[string]any{
			"Homeserver": "http://127.0.0.1:1", "Timeout": 5, "ASToken": strings.Repeat("a", 40),
			"HSToken": strings.Repeat("b", 40), "Database": database, "Listen": "127.0.0.1:0",
		})
		if err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	for _, c := range []struct{ name, config, want string }{
		{"unknown key", good("sqlite:"+dir+"/a.db") + "colour: red\n", "colour"},
		{"wrong type", strings.Replace(good("sqlite:"+dir+"/a.db"), "timeout_seconds: 5", "timeout_seconds: soon", 1), "homeserver.timeout_seconds"},
		{"database is a folder", good("sqlite:" + dir), "database"},
		{"no such database server", good("postgres://user:hidden-password@127.0.0.1:1/x"), "PostgreSQL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(strings.ReplaceAll(c.name, " ", "-")+".yaml", c.config)
			err := run(context.Background(), []string{"serve", "--config", path})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v does not name %q", err, c.want)
			}
			if strings.Contains(err.Error(), "hidden-password") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}
