// Package homeserver builds, configures and runs a Matrix homeserver for development: a pinned
// Dendrite as a process of its own, with all its data in one folder. It is what «schalter demo» and
// the tests talk to; a city runs its own homeserver and never this one.
package homeserver

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// Version is the release of Dendrite that Build compiles.
const Version = "v0.15.2"

const command = "github.com/element-hq/dendrite/cmd/dendrite"

var (
	//go:embed dendrite.mod
	goMod []byte
	//go:embed dendrite.sum
	goSum []byte
)

// Build returns the path of the Dendrite binary and compiles it first if cache doesn't hold it yet;
// that takes a few minutes once and needs the Go tool and, for the first time, the network. An empty
// cache means a folder below the user's cache folder, named after the versions of Dendrite and Go
// and the platform.
//
// The binary comes from exactly the modules pinned in dendrite.mod and dendrite.sum, without cgo,
// and is built again when these change. Two processes may call Build at once: one builds, the others
// wait (on Windows both build, and one result is kept). progress gets lines for a person to read and
// may be nil; it is called from one goroutine at a time, never after Build has returned.
//
// A cancelled ctx ends the build; what was compiled so far stays in Go's own cache.
func Build(ctx context.Context, cache string, progress func(string)) (binary string, err error) {
	if progress == nil {
		progress = func(string) {}
	}
	if cache == "" {
		if cache, err = defaultCache(); err != nil {
			return "", fmt.Errorf("find the cache folder for the homeserver: %w", err)
		}
	}
	if cache, err = filepath.Abs(cache); err != nil {
		return "", fmt.Errorf("find the cache folder for the homeserver: %w", err)
	}
	binary = filepath.Join(cache, "dendrite")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if built(cache, binary) {
		return binary, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder for the homeserver: %w", err)
	}
	held, err := lock(ctx, filepath.Join(cache, "lock"))
	if err != nil {
		return "", fmt.Errorf("wait for the other build of Dendrite %s: %w", Version, err)
	}
	defer held.Close()
	if built(cache, binary) {
		return binary, nil
	}
	if err := compile(ctx, cache, binary, progress); err != nil {
		return "", fmt.Errorf("build Dendrite %s: %w", Version, err)
	}
	return binary, nil
}

func defaultCache() (string, error) {
	root, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	version := strings.ReplaceAll(runtime.Version(), " ", "-")
	name := strings.Join([]string{"dendrite", Version, version, runtime.GOOS, runtime.GOARCH}, "-")
	return filepath.Join(root, "schalter", name), nil
}

// built says whether binary was made from the pins of this source. The pins are written after the
// binary, so that a build that was killed never counts.
func built(cache, binary string) bool {
	if _, err := os.Stat(binary); err != nil {
		return false
	}
	made, err := os.ReadFile(filepath.Join(cache, "pins"))
	return err == nil && bytes.Equal(made, pins())
}

func pins() []byte { return append(bytes.Clone(goMod), goSum...) }

func compile(ctx context.Context, cache, binary string, progress func(string)) error {
	tool, err := exec.LookPath("go")
	if err != nil {
		return fmt.Errorf("the Go tool is needed once to compile it: %w", err)
	}
	module, err := os.MkdirTemp(cache, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(module)
	for name, content := range map[string][]byte{"go.mod": goMod, "go.sum": goSum} {
		if err := os.WriteFile(filepath.Join(module, name), content, 0o644); err != nil {
			return err
		}
	}
	progress("building the homeserver, Dendrite " + Version + ": a few minutes, only this once")
	fresh := filepath.Join(module, filepath.Base(binary))
	cmd := exec.CommandContext(ctx, tool, "build", "-v", "-mod=readonly", "-buildvcs=false",
		"-ldflags=-s -w", "-o", fresh, command)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off",
		"GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH, "PWD="+module)
	if runtime.GOOS != "windows" {
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	}
	cmd.WaitDelay = 10 * time.Second
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	told := make(chan string, 1)
	go func() { told <- follow(out, progress) }()
	err = cmd.Run()
	in.Close()
	complaint := <-told
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && complaint != "":
		return fmt.Errorf("%w: %s", err, complaint)
	case err != nil:
		return err
	}
	if err := os.Rename(fresh, binary); err != nil {
		if built(cache, binary) { // the other build, on a platform without the lock
			return nil
		}
		return err
	}
	if err := os.WriteFile(filepath.Join(module, "pins"), pins(), 0o644); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(module, "pins"), filepath.Join(cache, "pins")); err != nil {
		return err
	}
	progress("the homeserver is built")
	return nil
}

var (
	packagePath = regexp.MustCompile(`^[A-Za-z0-9_.~/\-]+$`)
	networkWord = regexp.MustCompile(`dial tcp|no such host|i/o timeout|connection refused|proxyconnect|` +
		`TLS handshake|network is unreachable|module lookup disabled|server misbehaving`)
	urlUser = regexp.MustCompile(`://[^/@\s]+@`)
)

// follow turns the output of go build -v into progress and returns the last lines that are neither
// a package's name nor a download: what went wrong, if something did. Sign-in parts of addresses
// (a private module proxy) are taken out.
func follow(out io.Reader, progress func(string)) string {
	const step = 100
	packages, downloads := 0, 0
	var last []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "":
		case strings.HasPrefix(line, "go: downloading "):
			if downloads++; downloads%(step/5) == 1 {
				progress(fmt.Sprintf("downloading modules, %d so far", downloads))
			}
		case packagePath.MatchString(line):
			if packages++; packages%step == 0 {
				progress(fmt.Sprintf("compiling, %d packages so far", packages))
			}
		case strings.HasPrefix(line, "#"):
		default:
			if last = append(last, urlUser.ReplaceAllString(line, "://")); len(last) > 5 {
				last = last[1:]
			}
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		_, _ = io.Copy(io.Discard, out)
	}
	complaint := strings.Join(last, "; ")
	if networkWord.MatchString(complaint) {
		return "its modules can't be downloaded, is there a network? " + complaint
	}
	return complaint
}
