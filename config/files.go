package config

import (
	"fmt"
	"slices"
)

// Files says what citizens may send in a service area.
type Files struct {
	// Enabled takes files; default false.
	Enabled bool `yaml:"enabled"`
	// MaxBytes of one file, 1024 to 25 MiB; default 20 MiB.
	MaxBytes int `yaml:"max_bytes"`
	// MaxCount of files in one chat, 1 to 100; default 20.
	MaxCount int `yaml:"max_count"`
	// Types are media types, of FileTypes; default all of these.
	Types []string `yaml:"types"`
	// ScannerDown is what becomes of files while the malware scanner is away: HoldFiles, the default, or
	// RefuseFiles.
	ScannerDown string `yaml:"scanner_down"`
}

// What becomes of files that can't be scanned.
const (
	HoldFiles   = "hold"
	RefuseFiles = "refuse"
)

const (
	defaultFileBytes = 20 << 20
	defaultFileCount = 20
	mostFileBytes    = 25 << 20
)

// FileTypes are what citizens can send at all.
var FileTypes = []string{
	"application/pdf", "image/jpeg", "image/png", "image/webp", "text/plain", "text/csv",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet",
}

func (f Files) check(k *checker, key string) {
	if f.MaxBytes < 1024 || f.MaxBytes > mostFileBytes {
		k.refuse(key+".max_bytes", "must be 1024 to %d", mostFileBytes)
	}
	if f.MaxCount < 1 || f.MaxCount > 100 {
		k.refuse(key+".max_count", "must be 1 to 100")
	}
	k.oneOf(key+".scanner_down", f.ScannerDown, []string{HoldFiles, RefuseFiles})
	for i, t := range f.Types {
		if !slices.Contains(FileTypes, t) {
			k.refuse(fmt.Sprintf("%s.types[%d]", key, i), "is none of the types that can be taken")
		}
	}
}
