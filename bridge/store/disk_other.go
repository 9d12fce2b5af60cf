//go:build !linux && !darwin

package store

// FreeBytes can't be told on this system.
func FreeBytes(string) (uint64, bool) { return 0, false }
