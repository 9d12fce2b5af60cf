package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"schalter/bridge/homeserver/homeservertest"
)

// doctor runs check on configurations that are made from one that is right.
type doctor struct {
	t    *testing.T
	dir  string
	good map[string]any
}

func newDoctor(t *testing.T, homeserver string, reg homeservertest.Registration) *doctor {
	d := &doctor{t: t, dir: t.TempDir()}
	d.good = map[string]any{"Homeserver": homeserver, "Timeout": 10, "ASToken": reg.ASToken, "HSToken": reg.HSToken,
		"Database": "sqlite:" + filepath.Join(d.dir, "new", "schalter.db"), "Listen": "127.0.0.1:8080"}
	return d
}

// check returns the lines and the verdict. change sets values of the template, edit its text.
func (d *doctor) check(change map[string]any, edit ...string) (string, error) {
	d.t.Helper()
	values := map[string]any{}
	for _, m := range []map[string]any{d.good, change} {
		for k, v := range m {
			values[k] = v
		}
	}
	var text bytes.Buffer
	if err := configTemplate.Execute(&text, values); err != nil {
		d.t.Fatal(err)
	}
	path := filepath.Join(d.dir, "check.yaml")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(edit...).Replace(text.String())), 0o600); err != nil {
		d.t.Fatal(err)
	}
	var out bytes.Buffer
	err := check(d.t.Context(), &out, path)
	for _, secret := range []string{fmt.Sprint(values["ASToken"]), fmt.Sprint(values["HSToken"]), "hidden-password"} {
		if strings.Contains(out.String(), secret) || err != nil && strings.Contains(err.Error(), secret) {
			d.t.Errorf("shows a secret:\n%s\n%v", out.String(), err)
		}
	}
	return out.String(), err
}

// well wants no failure, and the parts of lines.
func (d *doctor) well(t *testing.T, out string, err error, want ...string) {
	t.Helper()
	if err != nil || strings.Contains(out, "FAIL") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, w := range want {
		if !strings.Contains(out, w) {
			t.Errorf("no %q in\n%s", w, out)
		}
	}
}

// ill wants failures in whose lines the sentences stand, one each, and no others.
func ill(t *testing.T, out string, err error, sentences ...string) {
	t.Helper()
	var failures []string
	for _, line := range strings.Split(out, "\n") {
		if strings.HasPrefix(line, "FAIL") {
			failures = append(failures, line)
		}
	}
	if err == nil || len(failures) != len(sentences) {
		t.Errorf("want %d failures; verdict %v:\n%s", len(sentences), err, out)
		return
	}
	for i, s := range sentences {
		if !strings.Contains(failures[i], s) || !strings.Contains(failures[i], ". ") {
			t.Errorf("no %q and what to do about it in: %s", s, failures[i])
		}
	}
}

func TestCheckBrokenSetUps(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		hs, reg := home(t, kind)
		proxy := homeservertest.Proxy(t, hs.URL())
		d := newDoctor(t, proxy.URL(), reg)

		t.Run("before the first start", func(t *testing.T) {
			for range 2 { // the second time, the bot is there
				out, err := d.check(nil)
				// Dendrite without federation does not say what it is.
				name := map[string]string{"synapse": "Synapse 1.", "dendrite": "Matrix v1."}[kind]
				media := map[string]string{"synapse": "ok    media ", "dendrite": "--    media "}[kind]
				d.well(t, out, err, "ok    homeserver          "+name, media, "not made yet; the first start makes version",
					"ok    registration ", "ok    bot ", "ok    ghosts ", "ok    aliases ", "ok    sync ", "ok    clock ", "space: not made yet", "3 accounts")
			}
			if _, err := os.Stat(filepath.Join(d.dir, "new")); !os.IsNotExist(err) {
				t.Errorf("left a trace of the database: %v", err)
			}
			ghost := &matrixUser{base: hs.URL(), token: reg.ASToken, as: "@citizen_check:localhost"}
			if status, err := ghost.call(t.Context(), http.MethodGet, "account/whoami", nil, nil); err != nil || status == http.StatusOK {
				t.Errorf("left a ghost: %d %v", status, err)
			}
		})

		answering := func(status int, contentType, body string) func(*http.Request) (int, string, string, bool) {
			return func(*http.Request) (int, string, string, bool) { return status, contentType, body, true }
		}
		newer := filepath.Join(d.dir, "newer.db")
		db, err := sql.Open("sqlite", newer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(`CREATE TABLE goose_db_version (version_id INTEGER, is_applied BOOLEAN); INSERT INTO goose_db_version VALUES (9999, TRUE)`); err != nil {
			t.Fatal(err)
		}
		db.Close()
		file := filepath.Join(d.dir, "file")
		if err := os.WriteFile(file, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name   string
			answer func(*http.Request) (int, string, string, bool)
			change map[string]any
			edit   []string
			want   []string
		}{
			{name: "nobody listens", change: map[string]any{"Homeserver": "http://127.0.0.1:1"}, want: []string{"nothing listens at http://127.0.0.1:1"}},
			{name: "no such name", change: map[string]any{"Homeserver": "http://matrix.invalid"}, want: []string{"the name matrix.invalid is not known"}},
			{name: "no TLS", edit: []string{"http://127.0.0.1:", "https://127.0.0.1:"}, want: []string{"does not speak TLS"}},
			{name: "down behind a proxy", answer: answering(http.StatusBadGateway, "text/html", "<html>"), want: []string{"answers with HTTP 502"}},
			{name: "a website", answer: answering(http.StatusOK, "text/html", "<html>"), want: []string{"is not a Matrix homeserver (HTTP 200, text/html)"}},
			{name: "no answer", answer: answering(homeservertest.Hang, "", ""), change: map[string]any{"Timeout": 1}, want: []string{"gives no answer within 1s"}},
			{name: "closed connections", answer: answering(homeservertest.Close, "", ""), want: []string{"breaks off"}},
			{name: "wrong token", change: map[string]any{"ASToken": strings.Repeat("w", 40)}, want: []string{"does not know the as_token"}},
			{name: "other server name", edit: []string{"server_name: localhost", "server_name: aarau.test"}, want: []string{"users end in :localhost, not in :aarau.test"}},
			{name: "bad hours", edit: []string{`hours: "24/7", files: {enabled: true}, clerks: ["@nora:localhost", "@reto:localhost"]`, `hours: "Mo-Fr 8-25", files: {enabled: true}, clerks: []`}, want: []string{"service_areas[0].hours"}},
			{name: "unknown key", edit: []string{"log: ", "colour: red\nlog: "}, want: []string{"colour"}},
			{name: "no such clerk", edit: []string{"@lea:", "@leah:"}, want: []string{"there is no account @leah:localhost"}},
			{name: "database away", change: map[string]any{"Database": "postgres://schalter:hidden-password@127.0.0.1:1/schalter"}, want: []string{"PostgreSQL cannot be reached"}},
			{name: "database newer", change: map[string]any{"Database": "sqlite:" + newer}, want: []string{"schema 9999"}},
			{name: "database is a folder", change: map[string]any{"Database": "sqlite:" + d.dir}, want: []string{"names a folder"}},
			{name: "database is something else", change: map[string]any{"Database": "sqlite:" + file}, want: []string{"cannot be used as a database"}},
			{name: "database below a file", change: map[string]any{"Database": "sqlite:" + file + "/schalter.db"}, want: []string{"nothing can be written in"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				proxy.Answer(c.answer)
				defer proxy.Answer(nil)
				out, err := d.check(c.change, c.edit...)
				ill(t, out, err, c.want...)
			})
		}
	})
}

// TestCheckForeignRegistration: the homeserver has a registration, but not ours.
func TestCheckForeignRegistration(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		start := map[string]func(testing.TB, ...string) *homeservertest.Homeserver{"dendrite": homeservertest.Dendrite, "synapse": homeservertest.Synapse}[kind]
		// One lacks ghosts and aliases, the other one everything.
		half, none := homeservertest.NewRegistration(t), homeservertest.NewRegistration(t)
		edit := func(path string, with ...string) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(strings.NewReplacer(with...).Replace(string(text))), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		edit(half.Path, "^@citizen_", "^@buerger_", "^#schalter_", "^#counter_")
		edit(none.Path, "id: schalter", "id: other", "^@citizen_", "^@telegram_", "^@schalter_bot", "^@telegrambot", "^#schalter_", "^#telegram_",
			"schalter_appservice", "telegram_appservice")
		hs := start(t, half.Path, none.Path)
		for _, name := range append([]string{"chief"}, clerkNames...) {
			if _, err := hs.Register(name, password, name, false); err != nil {
				t.Fatal(err)
			}
		}
		out, err := newDoctor(t, hs.URL(), none).check(nil)
		ill(t, out, err, "do not cover @schalter_bot:localhost")
		out, err = newDoctor(t, hs.URL(), half).check(nil)
		ill(t, out, err, "users do not cover @citizen_…:localhost", "aliases do not cover #schalter_…:localhost")
	})
}

// TestCheckBesideTheService: rooms and their people, while the service runs and after it.
func TestCheckBesideTheService(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		defer cancel()
		hs, reg := home(t, kind)
		s := newSystem(t, hs, reg, "sqlite", 10)
		s.mustStart()
		nora := s.clerk("nora")
		if err := nora.acceptInvites(ctx, 4); err != nil {
			t.Fatal(err)
		}
		d := newDoctor(t, hs.URL(), reg)
		now := map[string]any{"Database": "sqlite:" + filepath.Join(s.dir, "schalter.db")}
		chief := s.clerk("chief")
		if err := chief.acceptInvites(ctx, 1); err != nil {
			t.Fatal(err)
		}
		for n, line := range []string{`!bereich neu bau "Baugesuche" @lea:localhost zeiten 24/7`, "!bereich fundbuero weg"} {
			if chief.send(ctx, chief.room(ctx, "#schalter_admin"), fmt.Sprintf("order%d", n), map[string]string{"msgtype": "m.text", "body": line}) == "" {
				t.Fatal("not sent")
			}
		}
		eventually(t, time.Minute, func() string {
			if out, err := d.check(now); err != nil || !strings.Contains(out, "1 have joined, 2 are invited") || strings.Contains(out, "not made yet") ||
				!strings.Contains(out, "ok    bau                 space and lobby: there, with the bot in it") ||
				!strings.Contains(out, "ok    bau                 1 accounts: 0 have joined, 1 are invited") ||
				!strings.Contains(out, "--    fundbuero           takes no new chats: an admin has closed it") {
				return out
			}
			return ""
		})
		s.stop()
		out, err := d.check(now)
		d.well(t, out, err, "ok    schema              version", "ok    fundbuero           space and lobby: there, with the bot in it")

		room := func(alias string) string { return nora.room(ctx, alias) }
		act := func(path string, body any) {
			if status, err := s.bot().call(ctx, http.MethodPost, path, body, nil); err != nil || status != http.StatusOK {
				t.Fatalf("%s: %d %v", path, status, err)
			}
		}
		act("rooms/"+room("#schalter_space_fundbuero")+"/kick", map[string]string{"user_id": "@lea:localhost"})
		act("rooms/"+room("#schalter_lobby_einwohnerkontrolle")+"/leave", map[string]any{})
		out, err = d.check(now)
		ill(t, out, err, "the bot is not in it", "@lea:localhost is neither in the room nor invited")
	})
}

// room is where an alias leads.
func (c *clerk) room(ctx context.Context, alias string) string {
	c.t.Helper()
	var r struct {
		RoomID string `json:"room_id"`
	}
	if status, err := c.call(ctx, http.MethodGet, "directory/room/"+url.PathEscape(alias+":localhost"), nil, &r); err != nil || status != http.StatusOK {
		c.t.Fatalf("%s: %d %v", alias, status, err)
	}
	return r.RoomID
}

// TestCheckClock: only a fake homeserver has a wrong clock.
func TestCheckClock(t *testing.T) {
	for _, c := range []struct {
		off  time.Duration
		want string
	}{{-time.Hour, "behind ours"}, {time.Minute, "ahead of ours"}, {time.Second, ""}} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(c.off).UTC().Format(http.TimeFormat))
			w.Header().Set("Content-Type", "application/json")
			if r.URL.Path != "/_matrix/client/versions" {
				w.WriteHeader(http.StatusUnauthorized)
				fmt.Fprint(w, `{"errcode":"M_UNKNOWN_TOKEN"}`)
				return
			}
			fmt.Fprint(w, `{"versions":["v1.1"]}`)
		}))
		out, err := newDoctor(t, srv.URL, homeservertest.NewRegistration(t)).check(nil)
		srv.Close()
		sentences := []string{"does not know the as_token"}
		if c.want != "" {
			sentences = append([]string{c.want}, sentences...)
		}
		ill(t, out, err, sentences...)
	}
}
