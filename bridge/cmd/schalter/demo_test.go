package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"schalter/bridge/homeserver"
)

// demoRun is a running `schalter demo`.
type demoRun struct {
	demoFile
	process *exec.Cmd
	ended   chan struct{}
	out     *strings.Builder
}

func startDemo(t *testing.T, dir, listen string, port int) *demoRun {
	t.Helper()
	d := &demoRun{ended: make(chan struct{}), out: &strings.Builder{}}
	d.process = exec.Command(os.Args[0], "demo", "--dir", dir, "--listen", listen, "--homeserver-port", fmt.Sprint(port))
	d.process.Env = append(os.Environ(), asCommand+"=1")
	d.process.Stdout, d.process.Stderr = d.out, d.out
	if err := d.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = d.process.Wait()
		close(d.ended)
	}()
	t.Cleanup(func() { _ = d.process.Process.Kill(); <-d.ended })
	began := time.Now()
	eventually(t, 30*time.Second, func() string {
		r, err := http.Get("http://" + listen + "/")
		if err != nil {
			return err.Error()
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		if r.StatusCode != 200 || !strings.Contains(string(body), "Stadt Aarau") {
			return fmt.Sprintf("the page answered %d", r.StatusCode)
		}
		return ""
	})
	t.Logf("page served after %s", time.Since(began).Round(10*time.Millisecond))
	data, err := os.ReadFile(filepath.Join(dir, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &d.demoFile); err != nil {
		t.Fatal(err)
	}
	return d
}

// interrupt is Ctrl-C: it must end everything, in order.
func (d *demoRun) interrupt(t *testing.T) {
	t.Helper()
	if err := d.process.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-d.ended:
	case <-time.After(30 * time.Second):
		t.Fatal("Ctrl-C did not end the demo")
	}
	if !strings.Contains(d.out.String(), "ended in order") {
		t.Errorf("the demo did not end in order:\n%s", d.out)
	}
	if _, err := http.Get(d.HomeserverURL + "/_matrix/client/versions"); err == nil {
		t.Error("the homeserver still answers")
	}
}

// TestDemo is the newcomer's first quarter of an hour: the page is there before the homeserver, a
// chat written meanwhile catches up, a clerk answers through a real Matrix client, Ctrl-C ends
// everything and the next start goes on.
func TestDemo(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	dir := t.TempDir()
	page, err := homeserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	port, err := homeserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	d := startDemo(t, dir, fmt.Sprintf("127.0.0.1:%d", page), port)
	if len(d.Clerks) != 3 || len(d.Admins) != 1 || len(d.Areas) != 5 {
		t.Fatalf("demo.json: %+v", d.demoFile)
	}
	c := &citizen{t: t, base: d.WebchatURL}
	if err := c.open(ctx, "fundbuero", "Velo gefunden"); err != nil {
		t.Fatal(err)
	}

	words, err := os.Create(filepath.Join(dir, "terminal.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer words.Close()
	shown := func() string {
		data, err := os.ReadFile(words.Name())
		if err != nil {
			t.Error(err)
		}
		return string(data)
	}
	input, lines := io.Pipe()
	terminal := exec.CommandContext(ctx, os.Args[0], "clerk", "--dir", dir)
	terminal.Env = append(os.Environ(), asCommand+"=1")
	terminal.Stdin, terminal.Stdout, terminal.Stderr = input, words, words
	// The clerk can sign in as soon as the homeserver answers and has the accounts.
	eventually(t, 8*time.Minute, func() string {
		m := &matrixUser{base: d.HomeserverURL}
		status, err := m.call(ctx, http.MethodPost, "login", map[string]any{
			"type": "m.login.password", "password": d.Clerks[0].Password,
			"identifier": map[string]string{"type": "m.id.user", "user": d.Clerks[0].localpart()},
		}, nil)
		if err != nil || status != 200 {
			return fmt.Sprintf("signing in as the first clerk: %d %v\n%s", status, err, d.out)
		}
		return ""
	})
	if err := terminal.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func() string {
		var look apiConversation
		if err := c.get("", &look); err != nil || look.State != "active" || look.DeliveredSeq != 1 {
			return fmt.Sprintf("the clerk has not taken the chat: %+v %v", look, err)
		}
		return ""
	})
	eventually(t, time.Minute, func() string {
		if !strings.Contains(shown(), "Velo gefunden") {
			return "the terminal does not show the citizen's text:\n" + shown()
		}
		return ""
	})
	fmt.Fprintf(lines, "#%d Grüezi\n", c.number)
	eventually(t, time.Minute, func() string {
		all, err := c.history()
		if err != nil || len(all) != 2 || all[1].Text != "Grüezi" || all[1].Sender != d.Clerks[0].DisplayName {
			return fmt.Sprintf("no answer yet: %+v %v", all, err)
		}
		return ""
	})
	lines.Close()
	if err := terminal.Wait(); err != nil {
		t.Errorf("the terminal clerk: %v\n%s", err, shown())
	}
	d.interrupt(t)

	again := startDemo(t, dir, fmt.Sprintf("127.0.0.1:%d", page), port)
	if again.Clerks[0] != d.Clerks[0] {
		t.Error("the second start has other accounts")
	}
	if err := c.say(ctx, "noch da?"); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func() string {
		var look apiConversation
		if err := c.get("", &look); err != nil || look.DeliveredSeq != 3 {
			return fmt.Sprintf("not delivered after the second start: %+v %v", look, err)
		}
		return ""
	})
	again.interrupt(t)
}
