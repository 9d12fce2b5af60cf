package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/template"
	"time"

	"schalter/bridge/homeserver"
	"schalter/bridge/homeserver/homeservertest"
)

// system is a whole Schalter under test: a real homeserver, a proxy before it, a database and the
// service as a process of its own.
type system struct {
	t     testing.TB
	hs    *homeservertest.Homeserver
	proxy *homeservertest.FaultProxy
	// upstream is the homeserver's URL for the service: the proxy's, or its own where time is measured.
	upstream string
	reg      homeservertest.Registration
	dir      string
	base     string // of the service

	mu      sync.Mutex
	process *exec.Cmd
	ended   chan struct{}
}

// clerkNames are staffed in both areas but for the last, who serves the Fundbüro only.
var clerkNames = []string{"nora", "reto", "lea"}

const (
	areaA = "einwohnerkontrolle"
	areaB = "fundbuero"
)

// home makes a homeserver of a kind, with its accounts.
func home(t testing.TB, kind string) (*homeservertest.Homeserver, homeservertest.Registration) {
	t.Helper()
	reg := homeservertest.NewRegistration(t)
	var hs *homeservertest.Homeserver
	switch kind {
	case "dendrite":
		hs = homeservertest.Dendrite(t, reg.Path)
	case "synapse":
		hs = homeservertest.Synapse(t, reg.Path)
	}
	for _, name := range append([]string{"outsider", "chief"}, clerkNames...) {
		if _, err := hs.Register(name, password, strings.ToUpper(name[:1])+name[1:]+" Muster", false); err != nil {
			t.Fatal(err)
		}
	}
	return hs, reg
}

const password = "not-a-secret-0000"

// homes runs f on both homeservers; Synapse only where one is named (see README).
func homes(t *testing.T, f func(t *testing.T, kind string)) {
	for _, kind := range []string{"dendrite", "synapse"} {
		t.Run(kind, func(t *testing.T) { f(t, kind) })
	}
}

var configTemplate = template.Must(template.New("").Parse(`
homeserver: {url: "{{.Homeserver}}", server_name: localhost, timeout_seconds: {{.Timeout}}}
appservice: {as_token: {{.ASToken}}, hs_token: {{.HSToken}}}
database: {url: "{{.Database}}"}
web:
  listen: "{{.Listen}}"
  public_url: "http://{{.Listen}}"
  limits: {conversations_burst: 10000, conversations_per_minute: 10000, waiting_per_address: 10000, messages_burst: 10000, messages_per_second: 10000}
city: {name: Stadt Aarau, time_zone: Europe/Zurich, holidays: ch-ag-aarau}
admins: ["@chief:localhost"]
desk: {guide: false}
service_areas:
  - {id: einwohnerkontrolle, name: {de: Einwohnerkontrolle}, forms: [{key: umzug, schema: {type: object, title: Umzug, x-title: {en: Move}, required: [name, datum],
      properties: {name: {type: string, title: Name}, datum: {type: string, format: date, title: Wann, x-title: {en: When}}, vertrag: {type: string, x-kind: file, title: Vertrag}}}}],
      hours: "24/7", files: {enabled: true}, clerks: ["@nora:localhost", "@reto:localhost"]}
  - {id: fundbuero, name: {de: Fundbüro}, hours: "24/7", clerks: ["@nora:localhost", "@reto:localhost", "@lea:localhost"]}
log: {level: debug}
`))

// newSystem wires a service to a homeserver, with a proxy between them that can be told to fail, and
// to a database. Nothing of the service runs yet.
func newSystem(t testing.TB, hs *homeservertest.Homeserver, reg homeservertest.Registration, database string, timeout int) *system {
	t.Helper()
	proxy := homeservertest.Proxy(t, hs.URL())
	s := newSystemAt(t, hs, reg, proxy.URL(), database, timeout)
	s.proxy = proxy
	return s
}

// newSystemAt is newSystem with the homeserver under another URL, and no proxy.
func newSystemAt(t testing.TB, hs *homeservertest.Homeserver, reg homeservertest.Registration, upstream, database string, timeout int) *system {
	t.Helper()
	s := &system{t: t, hs: hs, upstream: upstream, reg: reg, dir: t.TempDir()}
	if database == "sqlite" {
		database = "sqlite:" + filepath.Join(s.dir, "schalter.db")
	}
	s.base = s.writeConfig("config.yaml", database, timeout)
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			s.showLog()
		}
	})
	return s
}

// writeConfig writes a configuration with a listen address of its own and returns the base URL.
func (s *system) writeConfig(name, database string, timeout int) string {
	s.t.Helper()
	port, err := homeserver.FreePort()
	if err != nil {
		s.t.Fatal(err)
	}
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	var text bytes.Buffer
	err = configTemplate.Execute(&text, map[string]any{
		"Homeserver": s.upstream, "Timeout": timeout, "ASToken": s.reg.ASToken, "HSToken": s.reg.HSToken,
		"Database": database, "Listen": listen,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, name), text.Bytes(), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return "http://" + listen
}

// start runs the service and waits until it answers. It may be called from any goroutine.
func (s *system) start() error {
	ended, process, err := s.launch("config.yaml")
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.process, s.ended = process, ended
	s.mu.Unlock()
	return s.awaitHealth(s.base, ended)
}

func (s *system) launch(config string) (chan struct{}, *exec.Cmd, error) {
	out, err := os.OpenFile(filepath.Join(s.dir, "service.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, err
	}
	p := exec.Command(os.Args[0], "serve", "--config", filepath.Join(s.dir, config))
	p.Env = append(os.Environ(), asCommand+"=1")
	p.Stdout, p.Stderr = out, out
	if err := p.Start(); err != nil {
		out.Close()
		return nil, nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = p.Wait()
		out.Close()
		close(ended)
	}()
	return ended, p, nil
}

func (s *system) awaitHealth(base string, ended chan struct{}) error {
	deadline := time.Now().Add(60 * time.Second)
	for time.Now().Before(deadline) {
		select {
		case <-ended:
			return fmt.Errorf("the service ended at its start")
		default:
		}
		if r, err := http.Get(base + "/healthz"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(10 * time.Millisecond) // a port that opens sends no event
	}
	return fmt.Errorf("the service did not answer")
}

func (s *system) mustStart() {
	s.t.Helper()
	if err := s.start(); err != nil {
		s.t.Fatal(err)
	}
}

// kill ends the service with SIGKILL.
func (s *system) kill() { s.end(syscall.SIGKILL) }

// stop ends the service in order.
func (s *system) stop() { s.end(syscall.SIGTERM) }

func (s *system) end(sig syscall.Signal) {
	s.mu.Lock()
	process, ended := s.process, s.ended
	s.process = nil
	s.mu.Unlock()
	if process != nil {
		_ = process.Process.Signal(sig)
		<-ended
	}
}

func (s *system) log() string {
	data, err := os.ReadFile(filepath.Join(s.dir, "service.log"))
	if err != nil {
		s.t.Error(err)
	}
	return string(data)
}

func (s *system) showLog() {
	text := s.log()
	var kept []string
	for _, line := range strings.Split(text, "\n") {
		if !strings.Contains(line, `"message":"request"`) && !strings.Contains(line, "sync gap") {
			kept = append(kept, line)
		}
	}
	s.t.Logf("the end of the service's log:\n%s", strings.Join(kept[max(0, len(kept)-60):], "\n"))
}

// matrix is one user's access to the homeserver itself, not through the proxy.
type matrixUser struct {
	base, token, id string
	as              string // user_id parameter of an appservice
}

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}, Timeout: 60 * time.Second}

// call returns the status; an error means that there was no answer.
func (m *matrixUser) call(ctx context.Context, method, path string, body, answer any) (int, error) {
	var in io.Reader
	if raw, ok := body.([]byte); ok {
		in = bytes.NewReader(raw)
	} else if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		in = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, m.base+"/_matrix/client/v3/"+path, in)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+m.token)
	if m.as != "" {
		q := r.URL.Query()
		q.Set("user_id", m.as)
		r.URL.RawQuery = q.Encode()
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	if answer != nil && resp.StatusCode == http.StatusOK {
		return resp.StatusCode, json.Unmarshal(data, answer)
	}
	return resp.StatusCode, nil
}

func (s *system) login(name string) *matrixUser {
	s.t.Helper()
	m := &matrixUser{base: s.hs.URL()}
	var answer struct {
		Token string `json:"access_token"`
		ID    string `json:"user_id"`
	}
	status, err := m.call(context.Background(), http.MethodPost, "login", map[string]any{
		"type": "m.login.password", "password": password,
		"identifier": map[string]string{"type": "m.id.user", "user": name},
	}, &answer)
	if err != nil || status != http.StatusOK {
		s.t.Fatalf("sign in as %s: %d %v", name, status, err)
	}
	m.token, m.id = answer.Token, answer.ID
	return m
}

// own is access as one of the bridge's own users.
func (s *system) own(id string) *matrixUser {
	return &matrixUser{base: s.hs.URL(), token: s.reg.ASToken, id: id, as: id}
}

func (s *system) bot() *matrixUser { return s.own("@schalter_bot:localhost") }

// eventually polls until f returns "" and fails with f's last word otherwise.
func eventually(t testing.TB, within time.Duration, f func() string) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		word := f()
		if word == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %s", within, word)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
