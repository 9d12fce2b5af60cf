package homeserver_test

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"schalter/bridge/homeserver"
)

// TestMain is also the process that TestNoOrphan kills.
func TestMain(m *testing.M) {
	dir := os.Getenv("HOMESERVER_TEST_PARENT")
	if dir == "" {
		os.Exit(m.Run())
	}
	binary, err := homeserver.Build(context.Background(), "", nil)
	if err != nil {
		log.Fatal(err)
	}
	server, err := homeserver.Start(context.Background(), homeserver.Options{Binary: binary, Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("at", server.URL())
	<-server.Done()
}

func TestNoOrphan(t *testing.T) {
	dir := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "HOMESERVER_TEST_PARENT="+dir)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	address := ""
	for lines := bufio.NewScanner(out); address == "" && lines.Scan(); {
		if at, ok := strings.CutPrefix(lines.Text(), "at http://"); ok {
			address = at
		}
	}
	if address == "" {
		t.Fatal("the parent started no homeserver")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.Wait()
	for deadline := time.Now().Add(10 * time.Second); ; {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			break
		}
		connection.Close()
		if time.Now().After(deadline) {
			t.Fatal("the homeserver outlives its killed parent")
		}
	}
	start(t, homeserver.Options{Binary: build(t), Dir: dir}) // its folder is free again
}
