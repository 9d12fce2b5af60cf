package homeserver

import (
	"os"
	"syscall"
)

// attributes give the homeserver a process group of its own (Ctrl-C goes to Schalter alone, which
// ends things in order) and end it with its parent, even when that was killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
