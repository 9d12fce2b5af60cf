// Package clamavtest runs a real clamd for tests, with a signature database of its own: it knows the
// EICAR test file and nothing else, and asks nothing of the network. Tests skip where clamd is not
// installed (Debian: clamav-daemon); with clamd in the environment variable SCHALTER_TEST_REQUIRE they
// fail instead.
package clamavtest

import (
	"bytes"
	"crypto/md5" //nolint:gosec // ClamAV's signatures of whole files are MD5
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Limit is the server's StreamMaxLength, in bytes.
const Limit = 32 << 20

// patience is how long the server may take to start or stop.
const patience = 60 * time.Second

// EICAR is the test file that every scanner reports (eicar.org). It stands here in two halves, so that
// no scanner reports this source.
func EICAR() []byte {
	return []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`)
}

// Signature is the name under which the server knows EICAR.
const Signature = "Schalter.Test.EICAR"

// Clamd is a server. Address is its Unix socket.
type Clamd struct {
	Address string
	t       testing.TB
	dir     string
	process *exec.Cmd
	ended   chan struct{}
}

// Start starts a server that ends with the test.
func Start(t testing.TB) *Clamd {
	t.Helper()
	path, err := exec.LookPath("clamd")
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/clamd") // out of a user's PATH on Debian
	}
	if err != nil {
		if strings.Contains(os.Getenv("SCHALTER_TEST_REQUIRE"), "clamd") {
			t.Fatalf("SCHALTER_TEST_REQUIRE asks for clamd: %v", err)
		}
		t.Skipf("not tested with clamd: %v", err)
	}
	// A socket's path is at most 107 bytes; a test's folder may be longer.
	dir, err := os.MkdirTemp("", "clamd")
	if err != nil {
		t.Fatal(err)
	}
	c := &Clamd{Address: filepath.Join(dir, "clamd.ctl"), t: t, dir: dir}
	t.Cleanup(func() {
		c.Stop()
		os.RemoveAll(dir)
	})
	// Both by the whole file and by what it contains, as real databases have it.
	c.write("db/test.hdb", fmt.Sprintf("%x:%d:%s\n", md5.Sum(EICAR()), len(EICAR()), Signature)) //nolint:gosec // see above
	c.write("db/test.ndb", fmt.Sprintf("%s:0:*:%x\n", Signature, EICAR()))
	c.write("clamd.conf", fmt.Sprintf("LocalSocket %s\nDatabaseDirectory %s\nForeground yes\nLogFile %s\nStreamMaxLength %d\nMaxThreads 4\nConcurrentDatabaseReload no\n",
		c.Address, filepath.Join(dir, "db"), filepath.Join(dir, "log"), Limit))
	c.process = exec.Command(path, "--config-file="+filepath.Join(dir, "clamd.conf"))
	c.start()
	return c
}

func (c *Clamd) write(name, text string) {
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// start returns when the server answers.
func (c *Clamd) start() {
	c.t.Helper()
	var out bytes.Buffer
	c.process.Stdout, c.process.Stderr = &out, &out
	if err := c.process.Start(); err != nil {
		c.t.Fatalf("start clamd: %v", err)
	}
	c.ended = make(chan struct{})
	go func(p *exec.Cmd, ended chan struct{}) {
		p.Wait() //nolint:errcheck // that it ended is enough
		close(ended)
	}(c.process, c.ended)
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if conn, err := net.Dial("unix", c.Address); err == nil {
			conn.Close()
			return
		}
		select {
		case <-c.ended:
			c.t.Fatalf("clamd ended: %s", out.String())
		default:
		}
		if time.Now().After(deadline) {
			c.t.Fatal("clamd does not answer")
		}
	}
}

// Stop ends the server, as an outage does. It may be called twice.
func (c *Clamd) Stop() {
	c.process.Process.Kill() //nolint:errcheck // it has ended then
	select {
	case <-c.ended:
	case <-time.After(patience):
		c.t.Error("clamd does not end")
	}
	os.Remove(c.Address)
}

// Restart starts the server again after Stop.
func (c *Clamd) Restart() {
	c.t.Helper()
	c.process = exec.Command(c.process.Path, c.process.Args[1:]...)
	c.start()
}
