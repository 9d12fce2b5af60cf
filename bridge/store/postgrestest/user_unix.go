//go:build unix

package postgrestest

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// servant is the user that the server runs as when the tests run as root, which PostgreSQL refuses.
func servant() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), Groups: []uint32{}}, nil
	}
	return nil, fmt.Errorf("%w: it does not run as root, and there is neither a user postgres nor nobody", errMissing)
}

func canRun() error {
	_, err := servant()
	return err
}

// attributes put a program into a process group of its own, out of reach of Ctrl-C, and, if
// asked, make it the server's user.
func attributes(asServant bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	if asServant {
		a.Credential, _ = servant() // canRun has looked
	}
	return a
}

// give makes the folder the server's user's own.
func give(dir string) error {
	c, err := servant()
	if err != nil || c == nil {
		return err
	}
	return os.Chown(dir, int(c.Uid), int(c.Gid))
}
