//go:build !unix

package postgrestest

import (
	"fmt"
	"runtime"
	"syscall"
)

func canRun() error {
	return fmt.Errorf("%w: this package can't run it on %s", errMissing, runtime.GOOS)
}

func attributes(bool) *syscall.SysProcAttr { return nil }

func give(string) error { return nil }
