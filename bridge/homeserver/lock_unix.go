//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package homeserver

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// lock waits until the file at path, made if missing, belongs to the caller. Closing the returned
// file gives it back, and so does the end of the process; a child that inherits the file shares it.
func lock(ctx context.Context, path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return file, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			file.Close()
			return nil, &os.PathError{Op: "lock", Path: path, Err: err}
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// inherited lists the files that a child process gets, so that it holds the lock as long as it lives.
func inherited(lock *os.File) []*os.File { return []*os.File{lock} }
