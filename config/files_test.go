package config_test

import (
	"slices"
	"strings"
	"testing"

	"schalter/config"
)

// Files are off unless an area says otherwise, and then have limits.
func TestFiles(t *testing.T) {
	c, err := config.Parse("x.yaml", []byte(strings.Replace(string(config.ExampleYAML()), "enabled: false\n      max_bytes", "enabled: true\n      max_bytes", 1)))
	if err != nil {
		t.Fatal(err)
	}
	on, off := c.ServiceAreas[0].Files, c.ServiceAreas[1].Files
	if !on.Enabled || on.MaxBytes != 20<<20 || on.MaxCount != 20 || len(on.Types) != 5 {
		t.Errorf("%+v", on)
	}
	if off.Enabled || off.MaxBytes != 20<<20 || off.MaxCount != 20 || !slices.Equal(off.Types, config.FileTypes) {
		t.Errorf("%+v", off)
	}
	for line, key := range map[string]string{
		"max_bytes: 20971520": "max_bytes: 99999999", "max_count: 20\n": "max_count: 0\n", "types: [application/pdf,": "types: [text/html,",
	} {
		_, err := config.Parse("x.yaml", []byte(strings.Replace(string(config.ExampleYAML()), line, key, 1)))
		want, _, _ := strings.Cut(key, ":")
		if err == nil || !strings.Contains(err.Error(), "files."+want) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// The scanner's address is read at the start; what becomes of files without it is one of two.
func TestScanner(t *testing.T) {
	with := func(lines string) (*config.Config, error) {
		return config.Parse("x.yaml", []byte(string(config.ExampleYAML())+"\n"+lines))
	}
	if c := config.Example(); c.Scanner.Scans() || c.Scanner.HoldMinutes != 10 || c.ServiceAreas[1].Files.ScannerDown != config.HoldFiles {
		t.Errorf("%+v", c.Scanner)
	}
	for _, address := range []string{"unix:/run/clamav/clamd.ctl", "tcp:127.0.0.1:3310"} {
		c, err := with("scanner: {address: \"" + address + "\", hold_minutes: 5}")
		if err != nil || c.Scanner.HoldMinutes != 5 || c.Scanner.TimeoutSeconds != 25 {
			t.Fatalf("%s: %v", address, err)
		}
		if clamd, err := c.Scanner.Clamd(); clamd == nil || err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for lines, key := range map[string]string{
		`scanner: {address: "clamd.ctl"}`: "scanner.address", `scanner: {hold_minutes: 0}`: "scanner.hold_minutes", `scanner: {timeout_seconds: 300}`: "scanner.timeout_seconds",
	} {
		if _, err := with(lines); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", lines, err)
		}
	}
	_, err := config.Parse("x.yaml", []byte(strings.Replace(string(config.ExampleYAML()), "scanner_down: hold\n", "scanner_down: pass\n", 1)))
	if err == nil || !strings.Contains(err.Error(), "files.scanner_down") {
		t.Error(err)
	}
}
