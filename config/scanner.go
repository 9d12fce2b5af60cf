package config

import (
	"time"

	"schalter/bridge/clamav"
)

// Scanner is the ClamAV daemon that looks at citizens' files. Without an address, nothing is scanned.
type Scanner struct {
	// Address is "unix:/path/to/clamd.ctl" or "tcp:host:port".
	Address string `yaml:"address"`
	// TimeoutSeconds is how long one scan may take, 1 to 120; default 25.
	TimeoutSeconds int `yaml:"timeout_seconds"`
	// HoldMinutes is how long a file waits for a scanner that is away, 1 to 1440; default 10.
	HoldMinutes int `yaml:"hold_minutes"`
}

// Scans reports whether there is a scanner.
func (s Scanner) Scans() bool { return s.Address != "" }

// Clamd returns what reaches the daemon; nil without one.
func (s Scanner) Clamd() (*clamav.Scanner, error) {
	if !s.Scans() {
		return nil, nil
	}
	o, err := clamav.ParseAddress(s.Address)
	if err != nil {
		return nil, err
	}
	o.Timeout = time.Duration(s.TimeoutSeconds) * time.Second
	return clamav.New(o), nil
}

func (s Scanner) check(k *checker) {
	if _, err := s.Clamd(); err != nil {
		k.refuse("scanner.address", "must be unix:/path/to/clamd.ctl or tcp:host:port")
	}
	if s.TimeoutSeconds < 1 || s.TimeoutSeconds > 120 {
		k.refuse("scanner.timeout_seconds", "must be 1 to 120")
	}
	if s.HoldMinutes < 1 || s.HoldMinutes > 1440 {
		k.refuse("scanner.hold_minutes", "must be 1 to 1440")
	}
}
