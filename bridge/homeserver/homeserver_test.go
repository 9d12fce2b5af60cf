package homeserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"schalter/bridge/homeserver"
)

func build(t *testing.T) string {
	t.Helper()
	binary, err := homeserver.Build(t.Context(), "", func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

func start(t *testing.T, o homeserver.Options) *homeserver.Server {
	t.Helper()
	began := time.Now()
	server, err := homeserver.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("up after %v", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() { server.Kill() })
	return server
}

func serverPort(t *testing.T, s *homeserver.Server) int {
	t.Helper()
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// login returns the access token, or the Matrix error code.
func login(t *testing.T, url, user, password string) (token, errcode string) {
	t.Helper()
	body, _ := json.Marshal(map[string]any{"type": "m.login.password", "password": password,
		"identifier": map[string]string{"type": "m.id.user", "user": user}})
	response, err := http.Post(url+"/_matrix/client/v3/login", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
		Errcode     string
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.AccessToken, answer.Errcode
}

// profile returns the display name that everybody sees.
func profile(t *testing.T, url, userID string) string {
	t.Helper()
	response, err := http.Get(url + "/_matrix/client/v3/profile/" + userID)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Displayname string }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.Displayname
}

func TestAccountsSurviveStopAndKill(t *testing.T) {
	o := homeserver.Options{Binary: build(t), Dir: filepath.Join(t.TempDir(), "a folder")}
	server := start(t, o)
	first := server.URL()
	for range 2 { // the second time it exists already
		if err := server.Register(t.Context(), "anna", "correct horse", "Anna Muster", true); err != nil {
			t.Fatal(err)
		}
	}
	if name := profile(t, server.URL(), "@anna:"+server.ServerName()); name != "Anna Muster" {
		t.Errorf("display name %q", name)
	}
	for name, end := range map[string]func(*homeserver.Server) error{
		"stop": func(s *homeserver.Server) error { return s.Stop(t.Context()) },
		"kill": (*homeserver.Server).Kill,
	} {
		began := time.Now()
		if err := end(server); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		t.Logf("%s took %v", name, time.Since(began).Round(time.Millisecond))
		select {
		case <-server.Done():
		default:
			t.Fatalf("%s returned before the process was gone", name)
		}
		server = start(t, o)
		if server.URL() != first {
			t.Errorf("after %s at %s, was at %s", name, server.URL(), first)
		}
		if token, code := login(t, server.URL(), "anna", "correct horse"); token == "" {
			t.Errorf("after %s: login answers %s", name, code)
		}
		if err := server.Register(t.Context(), "b"+name, "correct horse", "", false); err != nil {
			t.Errorf("after %s: %v", name, err)
		}
	}
	if _, code := login(t, server.URL(), "anna", "wrong"); code != "M_FORBIDDEN" {
		t.Errorf("a wrong password answers %q", code)
	}
}

func TestOnlyTheSharedSecretRegisters(t *testing.T) {
	server := start(t, homeserver.Options{Binary: build(t), Dir: t.TempDir()})
	err := homeserver.Register(t.Context(), server.URL(), "another secret",
		homeserver.Account{Localpart: "eve", Password: "correct horse"})
	if err == nil || !strings.Contains(err.Error(), "M_FORBIDDEN") {
		t.Errorf("a wrong secret: %v", err)
	}
	if _, code := login(t, server.URL(), "eve", "correct horse"); code != "M_FORBIDDEN" {
		t.Errorf("login answers %q", code)
	}
}

func TestStartRefuses(t *testing.T) {
	binary := build(t)
	running := homeserver.Options{Binary: binary, Dir: t.TempDir()}
	port := serverPort(t, start(t, running))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	broken := filepath.Join(t.TempDir(), "registration.yaml")
	if err := os.WriteFile(broken, []byte("id: only-an-id\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		ctx  context.Context
		o    homeserver.Options
		want string
	}{
		"a folder in use":        {ctx, running, "another homeserver is running"},
		"a taken port":           {t.Context(), homeserver.Options{Binary: binary, Dir: t.TempDir(), Port: port}, "is taken"},
		"no binary":              {t.Context(), homeserver.Options{Binary: "/nonexistent", Dir: t.TempDir()}, "no such file"},
		"a missing registration": {t.Context(), homeserver.Options{Binary: binary, Dir: t.TempDir(), Registrations: []string{"missing.yaml"}}, "missing.yaml"},
		"a broken registration":  {t.Context(), homeserver.Options{Binary: binary, Dir: t.TempDir(), Registrations: []string{broken}}, "Token is required"},
	} {
		t.Run(name, func(t *testing.T) {
			server, err := homeserver.Start(c.ctx, c.o)
			if err == nil {
				server.Kill()
				t.Fatal("started")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestBuildEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	binary, err := homeserver.Build(ctx, t.TempDir(), func(string) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("Build: %q, %v", binary, err)
	}
}

func TestBuildWithoutTheGoTool(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := homeserver.Build(t.Context(), t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "Go tool") {
		t.Errorf("Build: %v", err)
	}
}

func TestBuildWithoutNetwork(t *testing.T) {
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("GOPROXY", "https://somebody:password@127.0.0.1:1")
	_, err := homeserver.Build(t.Context(), t.TempDir(), nil)
	if err == nil || !strings.Contains(err.Error(), "network") || strings.Contains(err.Error(), "password") {
		t.Errorf("Build: %v", err)
	}
}
