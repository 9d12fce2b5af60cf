package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// errMissing says that this machine can't run PostgreSQL.
var errMissing = errors.New("PostgreSQL is not installed")

// miss skips a test that needs PostgreSQL, or fails it where nothing may be missed.
func miss(t testing.TB, err error) {
	t.Helper()
	if strings.Contains(os.Getenv("SCHALTER_TEST_REQUIRE"), "postgres") {
		t.Fatalf("SCHALTER_TEST_REQUIRE asks for PostgreSQL: %v", err)
	}
	t.Skipf("not tested on PostgreSQL: %v", err)
}

// debian is where Debian keeps the programs: out of PATH, one folder for each version.
var debian = "/usr/lib/postgresql/*/bin"

// programs returns the folder with PostgreSQL's server programs.
func programs() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil && complete(filepath.Dir(path)) {
			return filepath.Dir(path), nil
		}
	}
	dirs, _ := filepath.Glob(debian) // the pattern is valid
	slices.SortFunc(dirs, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	for _, dir := range slices.Backward(dirs) { // the newest first
		if complete(dir) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("%w: neither PATH nor %s has the programs initdb and postgres", errMissing, debian)
}

func complete(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// settings keep a test's server small, local and as careful with the disk as a real one.
const settings = `
listen_addresses = '127.0.0.1'
port = %d
unix_socket_directories = ''
max_connections = 200
shared_buffers = '32MB'
fsync = on
synchronous_commit = on
`

// newCluster makes the data folder and starts a server in it.
func newCluster() (*Cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	if err := canRun(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "schalter-postgres-")
	if err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	c := &Cluster{bin: bin, dir: dir}
	if err := c.watch(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	if err := c.initialise(); err != nil {
		c.end()
		return nil, err
	}
	if err := c.Start(); err != nil {
		c.end()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) initialise() error {
	if err := give(c.dir); err != nil {
		return fmt.Errorf("give folder to the server's user: %w", err)
	}
	data := filepath.Join(c.dir, "data")
	cmd := exec.Command(filepath.Join(c.bin, "initdb"), "--pgdata", data, "--username", superuser, "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	cmd.Dir, cmd.SysProcAttr = c.dir, attributes(true)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, said)
	}
	var err error
	if c.port, err = freePort(); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("open configuration: %w", err)
	}
	if _, err := fmt.Fprintf(f, settings, c.port); err != nil {
		f.Close()
		return fmt.Errorf("write configuration: %w", err)
	}
	return f.Close()
}

// guardScript waits for the end of its input, which is the end of the test process.
const guardScript = `PATH="$PATH:/usr/bin:/bin"
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
	kill -QUIT "$pid" 2>/dev/null
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.2
	done
fi
rm -rf "$1"`

// watch makes sure that neither server nor folder outlives this process, even when it is killed.
func (c *Cluster) watch() error {
	cmd := exec.Command("/bin/sh", "-c", guardScript, "guard", c.dir)
	cmd.SysProcAttr = attributes(false)
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("make pipe: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run guard: %w", err)
	}
	c.guard, c.pipe = cmd, pipe
	return nil
}

// end stops the server and removes everything.
func (c *Cluster) end() {
	if c.Running() {
		_ = c.Stop(Immediate) // the guard tries again
	}
	c.pipe.Close()
	gone := make(chan struct{})
	go func() {
		_ = c.guard.Wait() // it has no other answer than the folder's absence
		close(gone)
	}()
	select {
	case <-gone:
	case <-time.After(patience):
	}
}
