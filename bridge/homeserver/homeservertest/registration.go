package homeservertest

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// Registration is an appservice registration as Schalter's own: ghosts @citizen_…, the bot
// @schalter_bot, aliases #schalter_…, no URL, no rate limit.
type Registration struct {
	Path             string
	ASToken, HSToken string
}

// NewRegistration writes a registration with fresh tokens into a folder of the test.
func NewRegistration(t testing.TB) Registration {
	t.Helper()
	r := Registration{Path: filepath.Join(t.TempDir(), "registration.yaml"), ASToken: token(), HSToken: token()}
	text := `id: schalter
url: null
as_token: ` + r.ASToken + `
hs_token: ` + r.HSToken + `
sender_localpart: schalter_appservice
rate_limited: false
namespaces:
  users:
    - {exclusive: true, regex: '^@citizen_.*:localhost$'}
    - {exclusive: true, regex: '^@schalter_bot:localhost$'}
  aliases:
    - {exclusive: true, regex: '^#schalter_.*:localhost$'}
`
	if err := os.WriteFile(r.Path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// token always has a letter in front, so that YAML never takes it for a number.
func token() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return "t" + hex.EncodeToString(b)
}
