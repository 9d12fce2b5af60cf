package homeserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	readyWithin = 2 * time.Minute  // from the start of the process to its first answer
	freeWithin  = 10 * time.Second // for an earlier homeserver in the same folder to end
	stopWithin  = 10 * time.Second // from SIGTERM to SIGKILL
)

// Options say what to start. Binary and Dir are required.
type Options struct {
	// Binary is the path that Build returned.
	Binary string
	// Dir holds everything of this homeserver (databases, media, keys, configuration) and is made if
	// missing. Starting again in the same Dir resumes: same accounts, rooms and tokens.
	Dir string
	// Port on 127.0.0.1. 0 means the port of the last start in Dir if it is free, else any free port.
	Port int
	// ServerName is the part after the colon of every ID; empty means localhost. It must stay the same
	// for a Dir, since all its IDs contain it.
	ServerName string
	// Registrations are paths of appservice registration files, read at every start.
	Registrations []string
	// Log gets what the process writes (warnings and worse); nil appends to dendrite.log in Dir.
	Log io.Writer
}

// Server is one running homeserver. Its methods are safe for concurrent use.
type Server struct {
	url, name, secret string
	process           *os.Process
	done              chan struct{}
	err               error // set before done is closed
}

// Start configures a homeserver and returns when it answers; ctx limits only this start, at most two
// minutes. SQLite, no federation, no rate limits, open registration off, 127.0.0.1 only.
//
// On Linux the process ends with this one, even when this one is killed. Start fails when another
// homeserver runs in Dir (not noticed on Windows), when Port is taken, and when the process ends
// early: the error then carries its last lines of log.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.ServerName == "" {
		o.ServerName = "localhost"
	}
	s, err := start(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("start the homeserver in %s: %w", o.Dir, err)
	}
	return s, nil
}

func start(ctx context.Context, o Options) (*Server, error) {
	binary, err := filepath.Abs(o.Binary)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	held, err := lockDir(ctx, o.Dir)
	if err != nil {
		return nil, err
	}
	defer held.Close() // the child keeps it
	secret, err := writeConfig(o.Dir, o.ServerName, o.Registrations)
	if err != nil {
		return nil, err
	}
	if err := prepareDatabases(o.Dir); err != nil {
		return nil, err
	}
	port, err := choosePort(o.Dir, o.Port)
	if err != nil {
		return nil, err
	}
	log, closeLog := o.Log, func() error { return nil }
	if log == nil {
		file, err := os.OpenFile(filepath.Join(o.Dir, "dendrite.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return nil, err
		}
		log, closeLog = file, file.Close
	}
	last := new(tail)
	cmd := exec.Command(binary, "-config", "dendrite.yaml", "-http-bind-address", fmt.Sprintf("127.0.0.1:%d", port))
	cmd.Dir = o.Dir
	cmd.Env = environment()
	cmd.Stdout = io.MultiWriter(last, log)
	cmd.Stderr = cmd.Stdout
	cmd.WaitDelay = time.Second
	cmd.ExtraFiles = inherited(held)
	ended, err := run(cmd)
	if err != nil {
		closeLog()
		return nil, err
	}
	s := &Server{url: fmt.Sprintf("http://127.0.0.1:%d", port), name: o.ServerName, secret: secret,
		process: cmd.Process, done: make(chan struct{})}
	go func() {
		if s.err = <-ended; s.err != nil {
			s.err = fmt.Errorf("the homeserver ended: %w%s", s.err, last)
		}
		closeLog()
		close(s.done)
	}()
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, s.Kill())
	}
	return s, nil
}

// environment is what the process needs of ours. Nothing else is handed on: no tokens, no settings
// that Dendrite or a library in it might take for its own.
func environment() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "TMP", "TEMP", "TZ", "SystemRoot"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func lockDir(ctx context.Context, dir string) (*os.File, error) {
	ctx, cancel := context.WithTimeout(ctx, freeWithin)
	defer cancel()
	held, err := lock(ctx, filepath.Join(dir, "lock"))
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, errors.New("another homeserver is running in this folder")
	}
	return held, err
}

// ready waits until the homeserver answers.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		if answers(ctx, s.url) {
			// If the port went to somebody else in between, our process ends and the answer was theirs.
			select {
			case <-s.done:
				return s.ended()
			default:
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for its first answer: %w", ctx.Err())
		case <-s.done:
			return s.ended()
		case <-time.After(25 * time.Millisecond):
		}
	}
}

func (s *Server) ended() error {
	if s.err == nil {
		return errors.New("the homeserver ended before it answered")
	}
	return s.err
}

func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/_matrix/client/versions", nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// URL is the base URL of the client API, without a slash at the end.
func (s *Server) URL() string { return s.url }

// ServerName is the part after the colon of every ID.
func (s *Server) ServerName() string { return s.name }

// Done is closed when the process has ended, for whatever reason.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err says how the process ended, with its last lines of log; nil while it runs and when it ended by
// itself without complaint, as after Stop.
func (s *Server) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Stop ends the homeserver in order and returns when the process is gone. When ctx or ten seconds
// are over it kills, which loses nothing that the homeserver has acknowledged. Stopping one that
// has ended is no error.
func (s *Server) Stop(ctx context.Context) error {
	if err := terminate(s.process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the homeserver: %w", err)
	}
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
	case <-time.After(stopWithin):
	}
	return s.Kill()
}

// Kill ends the homeserver at once, as a crash would, and returns when the process is gone.
func (s *Server) Kill() error {
	if err := s.process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill the homeserver: %w", err)
	}
	<-s.done
	return nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const most = 2000
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept = append(t.kept, p...); len(t.kept) > most {
		t.kept = append([]byte(nil), t.kept[len(t.kept)-most:]...)
	}
	return len(p), nil
}

// String is empty or starts with a line break, to be put behind an error.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.kept))
	if text == "" {
		return ""
	}
	return "\n" + text
}
