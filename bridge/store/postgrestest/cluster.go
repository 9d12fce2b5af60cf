// Package postgrestest runs real PostgreSQL servers for tests: each with a data folder, a port and
// a process of its own, gone when the test process is, however that ends.
//
//	url := postgrestest.Database(t)   // an empty database on the server that all tests share
//	c := postgrestest.Start(t)        // a server of the test's own, to be stopped and killed
//
// Where PostgreSQL is not installed, tests are skipped and say what they missed; with the word
// postgres in the environment variable SCHALTER_TEST_REQUIRE they fail instead.
package postgrestest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver "postgres"
)

// patience is how long a server may take to start, or to stop.
const patience = 60 * time.Second

// superuser owns every database. Any password opens it: authentication is "trust".
const superuser = "schalter"

// Cluster is a PostgreSQL server. Its methods may be called from several goroutines.
type Cluster struct {
	bin  string
	dir  string
	port int

	// mu guards the running server: process is nil when there is none, ended is closed when
	// process has ended.
	mu      sync.Mutex
	process *os.Process
	ended   chan struct{}

	// guard ends when its pipe is closed, also by the death of this process; it then ends the
	// server and removes the folder.
	guard *exec.Cmd
	pipe  io.Closer
}

// Mode is how a server stops.
type Mode syscall.Signal

// The ways to stop. Fast breaks connections and writes everything down; Immediate leaves the
// recovery to the next start.
const (
	Fast      = Mode(syscall.SIGINT)
	Immediate = Mode(syscall.SIGQUIT)
)

// Start returns a running server of the test's own. It ends with the test.
func Start(t testing.TB) *Cluster {
	t.Helper()
	c, err := newCluster()
	if errors.Is(err, errMissing) {
		miss(t, err)
	}
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	t.Cleanup(c.end)
	return c
}

// The server that all tests of the process share.
var (
	sharedOnce sync.Once
	shared     *Cluster
	sharedErr  error
)

// Shared returns the server that all tests of this process share. Tests must not stop it.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	sharedOnce.Do(func() { shared, sharedErr = newCluster() })
	if errors.Is(sharedErr, errMissing) {
		miss(t, sharedErr)
	}
	if sharedErr != nil {
		t.Fatalf("start PostgreSQL: %v", sharedErr)
	}
	return shared
}

// Database returns the URL of an empty database on the shared server.
func Database(t testing.TB) string {
	t.Helper()
	return Shared(t).Database(t)
}

var databases atomic.Int64

// Database returns the URL of a new, empty database. It is dropped after the test.
func (c *Cluster) Database(t testing.TB) string {
	t.Helper()
	name := "test" + strconv.FormatInt(databases.Add(1), 10)
	if err := c.admin("CREATE DATABASE " + name); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() { // a server that the test has stopped keeps its database until its own end
		_ = c.admin("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)")
	})
	return c.URL(name)
}

// URL is where a database of this server is found, whether it runs or not.
func (c *Cluster) URL(database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", superuser, c.port, database)
}

// Running reports whether the server's process is there.
func (c *Cluster) Running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running()
}

func (c *Cluster) running() bool {
	if c.process == nil {
		return false
	}
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// Start starts the server again, on the same port with the same data, and returns when it answers.
func (c *Cluster) Start() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running() {
		return errors.New("server runs already")
	}
	deadline := time.Now().Add(patience)
	for {
		err := c.launch(deadline)
		if err == nil || time.Now().After(deadline) || !leftovers(err) {
			return err
		}
		time.Sleep(100 * time.Millisecond) // children of a killed server are still going
	}
}

// Stop stops the server and returns when it is gone.
func (c *Cluster) Stop(how Mode) error { return c.signal(syscall.Signal(how)) }

// Kill ends the server without any warning and returns when it is gone: the processes that serve
// its connections are killed with it, for they would notice a little later.
func (c *Cluster) Kill() error {
	backends, err := c.backends()
	if err != nil {
		return fmt.Errorf("list server's processes: %w", err)
	}
	if err := c.signal(syscall.SIGKILL); err != nil {
		return err
	}
	for _, pid := range backends {
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Kill() // it may have noticed already
		}
	}
	return nil
}

func (c *Cluster) backends() ([]int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	db, err := sql.Open("postgres", c.URL("postgres"))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT pid FROM pg_stat_activity")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var pids []int
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, rows.Err()
}

func (c *Cluster) signal(s os.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running() {
		return errors.New("server does not run")
	}
	if err := c.process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal server: %w", err)
	}
	select {
	case <-c.ended:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("server did not stop within %s", patience)
	}
}

// launch runs the server's program and waits until it answers.
func (c *Cluster) launch(deadline time.Time) error {
	logPath := filepath.Join(c.dir, "log")
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(c.bin, "postgres"), "-D", filepath.Join(c.dir, "data"))
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = c.dir, log, log, attributes(true)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run server: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended stands in its log
		close(ended)
	}()
	c.process, c.ended = cmd.Process, ended
	for {
		err := c.admin("SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			said, _ := os.ReadFile(logPath)
			return fmt.Errorf("server ended at its start: %s", strings.TrimSpace(string(said)))
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			<-ended
			return fmt.Errorf("server did not answer within %s: %w", patience, err)
		}
	}
}

// leftovers recognises a start that fails because a killed server has not let go of everything.
func leftovers(err error) bool {
	for _, s := range []string{"pre-existing shared memory block", "postmaster.pid", "could not bind"} {
		if strings.Contains(err.Error(), s) {
			return true
		}
	}
	return false
}

// admin runs one statement in the database that every server has.
func (c *Cluster) admin(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	db, err := sql.Open("postgres", c.URL("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
	return err
}

// freePort lies below the ports that the operating system hands to outgoing connections, so that
// it is still free after the server was stopped for a while.
func freePort() (int, error) {
	for range 100 {
		port := 20000 + rand.IntN(12000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no free port found")
}
