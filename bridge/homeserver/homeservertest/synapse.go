package homeservertest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"schalter/bridge/homeserver"
)

const (
	synapseVariable = "SCHALTER_SYNAPSE" // path of the script that installs and runs a Synapse
	synapseSecret   = "schalter-test"    // the shared secret that the script configures
)

// Synapse starts a real Synapse with the appservice registration files given. It needs the path of
// the script that runs one in the variable SCHALTER_SYNAPSE (commands: start DIR PORT FILE…, stop
// DIR) and skips the test, saying so, when the variable is not set. A script that is set but doesn't
// work fails the test.
func Synapse(t testing.TB, registrations ...string) *Homeserver {
	t.Helper()
	script := os.Getenv(synapseVariable)
	if script == "" {
		t.Skipf("no Synapse: %s, the path of the script that runs one, is not set", synapseVariable)
	}
	root, err := synapseRoot()
	if err != nil {
		t.Fatal(err)
	}
	s := &synapse{script: script, dir: t.TempDir(), registrations: registrations}
	for s.mount == "" || exists(s.mount) { // a mount left at this port would bring its old data
		s.port = freePort(t)
		s.mount = filepath.Join(root, "data", strconv.Itoa(s.port))
	}
	h := &Homeserver{name: "synapse", url: fmt.Sprintf("http://127.0.0.1:%d", s.port), backend: s}
	sweep, err := s.sweeper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sweep(); err != nil {
			t.Errorf("clean up after synapse: %v", err)
		}
	})
	run(t, h, filepath.Join(s.dir, "synapse", "synapse.log"))
	return h
}

// synapseRoot is where the script keeps its system.
func synapseRoot() (string, error) {
	if root := os.Getenv("SCHALTER_SYNAPSE_ROOT"); root != "" {
		return root, nil
	}
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "schalter", "synapse-sid"), err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

type synapse struct {
	script, dir, mount string
	port               int
	registrations      []string
}

func (s *synapse) start(ctx context.Context) error {
	return s.call(ctx, append([]string{"start", s.dir, strconv.Itoa(s.port)}, s.registrations...)...)
}

func (s *synapse) stop(ctx context.Context) error { return s.call(ctx, "stop", s.dir) }

func (s *synapse) call(ctx context.Context, arguments ...string) error {
	cmd := exec.CommandContext(ctx, s.script, arguments...)
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", s.script, arguments[0], err, out)
	}
	return nil
}

func (s *synapse) pidFile() string { return filepath.Join(s.dir, "synapse", "pid") }

func (s *synapse) kill() error {
	text, err := os.ReadFile(s.pidFile())
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("read %s: %w", s.pidFile(), err)
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	if err := process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	// It isn't our child, so there is no waiting for it: its files are closed when its port is free.
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err == nil {
			listener.Close()
			return os.Remove(s.pidFile())
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("its port stays taken: %w", err)
		}
	}
}

func (s *synapse) ended() <-chan struct{} { return nil }

func (s *synapse) register(ctx context.Context, a homeserver.Account) error {
	return homeserver.Register(ctx, fmt.Sprintf("http://127.0.0.1:%d", s.port), synapseSecret, a)
}

// sweeper starts a process that waits for the end of this one, also by SIGKILL, then kills what is
// left of Synapse and takes its folder out of the script's system. Calling sweep does that now.
func (s *synapse) sweeper() (sweep func() error, err error) {
	cmd := exec.Command("/bin/sh", "-c", `
		trap '' INT TERM HUP
		cat >/dev/null
		if [ -e "$1" ]; then kill -9 "$(cat "$1")" 2>/dev/null; fi
		if mountpoint -q "$2"; then umount -l "$2" || exit; fi
		if [ -d "$2" ]; then rmdir "$2"; fi`, "sweeper", s.pidFile(), s.mount)
	end, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the sweeper: %w", err)
	}
	return func() error {
		return errors.Join(end.Close(), cmd.Wait())
	}, nil
}
