package main

import (
	"crypto/rand"
	"encoding/hex"
)

// randomText is n random bytes in hex. It begins with a letter, so that no reader takes it for a
// number.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return "t" + hex.EncodeToString(b)
}
