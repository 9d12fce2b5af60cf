//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package homeserver

import (
	"context"
	"os"
)

// lock opens the file and excludes nobody: the standard library has no lock for this platform.
func lock(_ context.Context, path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}

func inherited(*os.File) []*os.File { return nil }
