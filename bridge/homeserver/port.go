package homeserver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// FreePort returns a port of 127.0.0.1 on which nobody listens. It lies below the ports that the
// operating system hands to outgoing connections, so that it is still free after an outage of the
// server that had it, however many clients dial meanwhile.
func FreePort() (int, error) {
	const first, count = 20000, 12000
	for range 100 {
		if port := first + rand.IntN(count); portFree(port) == nil {
			return port, nil
		}
	}
	return 0, errors.New("find a free port: a hundred tries failed")
}

func portFree(port int) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	return listener.Close()
}

// choosePort returns want, or for 0 the port that the last start in dir had while it is free, so
// that clients find the homeserver again; else any free one. The choice is kept in dir.
func choosePort(dir string, want int) (int, error) {
	file := filepath.Join(dir, "port")
	if want == 0 {
		if kept, err := os.ReadFile(file); err == nil {
			if port, err := strconv.Atoi(strings.TrimSpace(string(kept))); err == nil && portFree(port) == nil {
				return port, nil
			}
		}
		free, err := FreePort()
		if err != nil {
			return 0, err
		}
		want = free
	} else if err := portFree(want); err != nil {
		return 0, fmt.Errorf("port %d is taken: %w", want, err)
	}
	return want, os.WriteFile(file, []byte(strconv.Itoa(want)+"\n"), 0o600)
}
