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
