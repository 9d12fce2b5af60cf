//go:build unix && !linux

package homeserver

import (
	"os"
	"syscall"
)

// attributes give the homeserver a process group of its own: Ctrl-C goes to Schalter alone, which
// ends things in order. Nothing here ends it when Schalter itself is killed.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
