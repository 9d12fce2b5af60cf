// Package homeservertest gives tests a real homeserver, Dendrite and Synapse behind one type, with
// outages on demand, and a proxy in front of it that loses, delays and replaces answers.
package homeservertest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"schalter/bridge/homeserver"
)

// ServerName is the server name of every homeserver here: user IDs end in ":localhost".
const ServerName = "localhost"

const patience = 2 * time.Minute // for one start or stop on a busy machine

// Homeserver is a running homeserver with a folder of its own, which ends with the test. URL and
// data stay the same through Stop, Kill and Start. Methods are safe for concurrent use, also from
// goroutines of the test: they return errors and never end the test.
type Homeserver struct {
	name, url string

	mu      sync.Mutex
	running bool
	backend backend
}

// backend is one kind of homeserver. Calls don't overlap.
type backend interface {
	start(ctx context.Context) error
	stop(ctx context.Context) error
	kill() error
	// ended is closed when the process that start has started ends; nil when that is not known.
	ended() <-chan struct{}
	register(ctx context.Context, a homeserver.Account) error
}

// Name is "dendrite" or "synapse".
func (h *Homeserver) Name() string { return h.name }

// URL is the base URL of the client API, without a slash at the end.
func (h *Homeserver) URL() string { return h.url }

// ServerName is the part after the colon of every ID.
func (h *Homeserver) ServerName() string { return ServerName }

// Start ends an outage and returns when the homeserver answers, with the data it had before. It does
// nothing while the homeserver runs.
func (h *Homeserver) Start() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.startLocked()
}

// Stop begins an outage in order, as an operator would; nothing happens if it is down already.
func (h *Homeserver) Stop() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stopLocked()
}

// Kill begins an outage with SIGKILL, as a crash would, and returns when the process is gone and its
// port refuses connections.
func (h *Homeserver) Kill() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.killLocked()
}

// Restart is Stop and Start.
func (h *Homeserver) Restart() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.stopLocked(); err != nil {
		return err
	}
	return h.startLocked()
}

// Crash is Kill and Start.
func (h *Homeserver) Crash() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.killLocked(); err != nil {
		return err
	}
	return h.startLocked()
}

func (h *Homeserver) startLocked() error {
	if h.running {
		return nil
	}
	var err error
	for range startAttempts {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		err = h.backend.start(ctx)
		cancel()
		if err == nil {
			h.running = true
			h.watch()
			return nil
		}
	}
	return fmt.Errorf("start %s: %w", h.name, err)
}

// startAttempts is how often a start is tried. Dendrite 0.15.2 can panic when it starts with events
// that it had not handed on when it was killed: its federation consumer may run before what it asks
// is there. A service manager starts it again, and so do we.
const startAttempts = 5

// watch starts the homeserver again when it ends by itself.
func (h *Homeserver) watch() {
	ended := h.backend.ended()
	if ended == nil {
		return
	}
	go func() {
		<-ended
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.running && h.backend.ended() == ended {
			h.running = false
			_ = h.startLocked() // a failure shows in whatever the test asks of it next
		}
	}()
}

func (h *Homeserver) stopLocked() error {
	if !h.running {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := h.backend.stop(ctx); err != nil {
		return fmt.Errorf("stop %s: %w", h.name, err)
	}
	h.running = false
	return nil
}

func (h *Homeserver) killLocked() error {
	if !h.running {
		return nil
	}
	if err := h.backend.kill(); err != nil {
		return fmt.Errorf("kill %s: %w", h.name, err)
	}
	h.running = false
	return nil
}

// Register makes an account, at least 8 characters of password, and returns its user ID. An account
// that exists already stays as it is.
func (h *Homeserver) Register(localpart, password, displayName string, admin bool) (userID string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err = h.backend.register(ctx, homeserver.Account{
		Localpart: localpart, Password: password, DisplayName: displayName, Admin: admin})
	return "@" + localpart + ":" + ServerName, err
}

// run starts h for the length of the test and shows the end of its log if the test fails.
func run(t testing.TB, h *Homeserver, log string) {
	t.Helper()
	t.Cleanup(func() {
		if err := h.Kill(); err != nil { // nobody needs the data any more
			t.Error(err)
		}
		if t.Failed() {
			showEnd(t, h.name, log)
		}
	})
	if err := h.Start(); err != nil {
		t.Fatal(err)
	}
}

func showEnd(t testing.TB, name, log string) {
	const most = 3000
	text, err := os.ReadFile(log)
	if err != nil {
		return // it never wrote one
	}
	t.Logf("the end of %s's log:\n%s", name, text[max(0, len(text)-most):])
}

// Each runs f once on each kind of homeserver, as subtests "dendrite" and "synapse", one after the
// other.
func Each(t *testing.T, f func(t *testing.T, hs *Homeserver), registrations ...string) {
	t.Helper()
	t.Run("dendrite", func(t *testing.T) { f(t, Dendrite(t, registrations...)) })
	t.Run("synapse", func(t *testing.T) { f(t, Synapse(t, registrations...)) })
}

func freePort(t testing.TB) int {
	t.Helper()
	port, err := homeserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}
