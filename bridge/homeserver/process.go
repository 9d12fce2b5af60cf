package homeserver

import (
	"os/exec"
	"runtime"
)

// run starts cmd and delivers how it ended. The goroutine keeps its thread until then: Linux sends
// the signal for the death of the parent when the *thread* that started the child ends.
func run(cmd *exec.Cmd) (ended <-chan error, err error) {
	cmd.SysProcAttr = attributes()
	started, result := make(chan error, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			result <- cmd.Wait()
		}
	}()
	return result, <-started
}
