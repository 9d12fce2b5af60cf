//go:build unix

package store_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"schalter/bridge"
	"schalter/bridge/store"
)

// stranger is a user ID that owns nothing.
const stranger = 65534

// TestReadOnlySQLiteIsRefused runs itself as another user when it runs as root, whom permissions
// don't stop. A probe tells the same.
func TestReadOnlySQLiteIsRefused(t *testing.T) {
	if path := os.Getenv("STORE_READ_ONLY"); path != "" {
		_, err := store.Probe(t.Context(), "sqlite:"+path)
		var fault *bridge.Fault
		if !errors.As(err, &fault) || fault.Remedy == "" {
			t.Fatalf("the probe says: %v", err)
		}
		db, err := store.Open(t.Context(), "sqlite:"+path)
		if err == nil {
			db.Close()
			t.Fatal("opened")
		}
		t.Fatalf("refused: %v", err)
	}
	// Not below t.TempDir, which strangers may not enter.
	dir, err := os.MkdirTemp("", "schalter-readonly-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		os.Chmod(filepath.Join(dir, "folder"), 0o700)
		os.RemoveAll(dir)
	})
	folder := filepath.Join(dir, "folder")
	path := filepath.Join(folder, "schalter.db")
	open(t, "sqlite:"+path).Close()
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]struct{ dir, folder, file os.FileMode }{
		"file and folder":       {0o755, 0o555, 0o444},
		"file only":             {0o755, 0o777, 0o444},
		"folder only":           {0o755, 0o555, 0o666},
		"file can't be read":    {0o755, 0o777, 0o000},
		"folder can't be found": {0o755, 0o000, 0o666},
	} {
		for _, step := range []struct {
			path string
			mode os.FileMode
		}{{dir, mode.dir}, {folder, 0o700}, {path, mode.file}, {folder, mode.folder}} {
			if err := os.Chmod(step.path, step.mode); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(program, "-test.run=^TestReadOnlySQLiteIsRefused$")
		cmd.Env, cmd.Dir = append(os.Environ(), "STORE_READ_ONLY="+path), dir
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger, Groups: []uint32{}}}
		}
		out, _ := cmd.CombinedOutput() // it fails either way; what counts is how
		if !strings.Contains(string(out), "refused: ") || !strings.Contains(string(out), "database") {
			t.Errorf("%s: %s", name, out)
		}
	}
}
