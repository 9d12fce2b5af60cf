package homeserver

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed dendrite.yaml
var configText string

var configTemplate = template.Must(template.New("dendrite.yaml").Parse(configText))

// writeConfig writes dendrite.yaml into dir and returns the shared secret for registering accounts.
// Secret and signing key are made once and kept: events signed with a lost key are worth nothing.
func writeConfig(dir, serverName string, registrations []string) (secret string, err error) {
	secret, err = once(filepath.Join(dir, "registration_secret"), func() []byte {
		return []byte(hex.EncodeToString(random(32)) + "\n")
	})
	if err != nil {
		return "", err
	}
	if _, err := once(filepath.Join(dir, "matrix_key.pem"), signingKey); err != nil {
		return "", err
	}
	absolute := make([]string, len(registrations))
	for i, path := range registrations {
		if absolute[i], err = filepath.Abs(path); err != nil {
			return "", err
		}
		if _, err := os.Stat(absolute[i]); err != nil {
			return "", fmt.Errorf("registration: %w", err)
		}
	}
	var text bytes.Buffer
	err = configTemplate.Execute(&text, struct {
		ServerName, Secret string
		Registrations      []string
	}{serverName, secret, absolute})
	if err != nil {
		return "", err
	}
	return secret, os.WriteFile(filepath.Join(dir, "dendrite.yaml"), text.Bytes(), 0o600)
}

// signingKey makes an ed25519 key in Dendrite's own format: a PEM block that holds the 32 bytes of
// the seed, and the key's ID as a header (letters and digits only).
func signingKey() []byte {
	return pem.EncodeToMemory(&pem.Block{
		Type:    "MATRIX PRIVATE KEY",
		Headers: map[string]string{"Key-ID": "ed25519:" + hex.EncodeToString(random(3))},
		Bytes:   random(ed25519.SeedSize),
	})
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// once returns the trimmed content of the file, made by create if it doesn't exist yet. A crash
// leaves either no file or a whole one.
func once(path string, create func() []byte) (string, error) {
	content, err := os.ReadFile(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return strings.TrimSpace(string(content)), err
	}
	content = create()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return "", err
	}
	return strings.TrimSpace(string(content)), os.Rename(path+".new", path)
}
