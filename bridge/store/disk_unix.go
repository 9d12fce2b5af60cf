//go:build linux || darwin

package store

import "syscall"

// FreeBytes is how much a folder's disk can still take from this user; false when it can't be told.
func FreeBytes(folder string) (uint64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
