package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"schalter/bridge"
	"schalter/bridge/clamav"
	"schalter/config"
)

// scanner is the core's, of a ClamAV daemon.
type scanner struct{ clamd *clamav.Scanner }

// newScanner is nil when none is configured.
func newScanner(c config.Scanner) (bridge.Scanner, error) {
	clamd, err := c.Clamd()
	if err != nil || clamd == nil {
		return nil, err
	}
	return scanner{clamd}, nil
}

func (s scanner) Scan(ctx context.Context, file io.Reader) (string, error) {
	verdict, err := s.clamd.Scan(ctx, file)
	switch {
	case errors.Is(err, clamav.ErrTooLarge):
		err = fmt.Errorf("%w: %w", bridge.ErrFileTooLarge, err)
	case errors.Is(err, clamav.ErrUnavailable):
		err = fmt.Errorf("%w: %w", bridge.ErrScannerAway, err)
	}
	return verdict.Signature, err
}

// scanner says whether the malware scanner answers; without one, that files come unscanned.
func (r *report) scanner(ctx context.Context, c *config.Config) {
	clamd, err := c.Scanner.Clamd()
	taken := 0
	for _, a := range c.ServiceAreas {
		if a.Files.Enabled {
			taken++
		}
	}
	switch {
	case err != nil:
		r.fail("scanner", err)
		return
	case clamd == nil && taken > 0:
		r.open("scanner", "none is configured: %d areas pass on citizens' files that nobody has looked at", taken)
		return
	case clamd == nil:
		r.open("scanner", "none is configured, and no area takes files")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	version, err := clamd.Version(ctx)
	if err != nil {
		err = &bridge.Fault{What: err.Error(), Remedy: "Start clamav-daemon, and see that scanner.address is its LocalSocket or TCPSocket and that the service may open it"}
	}
	r.tell("scanner", err, "%s", version)
}

// media says where an upload whose answer is lost may leave a file that nobody knows.
func (r *report) media(ctx context.Context, reserves func(context.Context) (bool, error), c *config.Config) {
	taken := false
	for _, a := range c.ServiceAreas {
		taken = taken || a.Files.Enabled
	}
	can, err := reserves(ctx)
	switch {
	case err != nil && taken:
		r.fail("media", err)
	case can && err == nil:
		r.ok("media", "the address of a file can be reserved before it is uploaded")
	default:
		r.open("media", "the homeserver can't reserve a file's address (Dendrite): an upload whose answer is lost may leave a file there that nobody knows")
	}
}
