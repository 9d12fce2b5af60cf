package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"schalter/bridge"
	"schalter/bridge/store"
	"schalter/config"
)

type checkCommand struct {
	Config string `help:"Configuration file." type:"path" required:""`
}

// Run prints one line for each thing that the service needs, and fails when one of them is
// wrong. It may run before the first start and beside a running service; it starts nothing and
// changes nothing, except that it registers the bot. It prints no secrets.
func (c *checkCommand) Run(ctx context.Context) error { return check(ctx, os.Stdout, c.Config) }

func check(ctx context.Context, w io.Writer, path string) error {
	r := &report{w: w}
	c, err := loadConfig(path)
	if err != nil {
		r.badConfig(err)
		return r.verdict()
	}
	r.ok("config", "%s: %d service areas", path, len(c.ServiceAreas))
	r.hours(c, time.Now())
	made := r.database(ctx, c)
	r.scanner(ctx, c)
	r.homeserver(ctx, c, made)
	return r.verdict()
}

// report writes the lines and counts what is wrong.
type report struct {
	w      io.Writer
	failed int
}

func (r *report) line(mark, part, text string) {
	fmt.Fprintf(r.w, "%-4s  %-18s  %s\n", mark, part, text)
}

func (r *report) ok(part, format string, args ...any) {
	r.line("ok", part, fmt.Sprintf(format, args...))
}

// open is for what is neither right nor wrong: not made yet, or not to be told.
func (r *report) open(part, format string, args ...any) {
	r.line("--", part, fmt.Sprintf(format, args...))
}

// fail says what is wrong and what to do about it.
func (r *report) fail(part string, err error) {
	r.failed++
	var fault *bridge.Fault
	if errors.As(err, &fault) {
		r.line("FAIL", part, fmt.Sprintf("%s. %s.", err, fault.Remedy))
		return
	}
	r.line("FAIL", part, err.Error()+".")
}

// tell is ok or fail.
func (r *report) tell(part string, err error, format string, args ...any) bool {
	if err != nil {
		r.fail(part, err)
		return false
	}
	r.ok(part, format, args...)
	return true
}

func (r *report) verdict() error {
	if r.failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of the lines above say FAIL", r.failed)
}

func (r *report) badConfig(err error) {
	var problems config.Problems
	if !errors.As(err, &problems) {
		r.fail("config", &bridge.Fault{What: err.Error(), Remedy: "Name a file that can be read with --config"})
		return
	}
	for _, p := range problems {
		part := "config"
		if strings.HasSuffix(p.Key, "hours") {
			part = "hours"
		}
		r.fail(part, &bridge.Fault{What: p.Error(), Remedy: "Correct that line; config/example.yaml explains each key"})
	}
	r.open("the rest", "is looked at when the configuration can be read")
}

// hours are known to parse; hours under which nobody will ever answer parse too.
func (r *report) hours(c *config.Config, now time.Time) {
	for _, a := range c.ServiceAreas {
		h, err := c.City.OpeningHours(a.Hours)
		if err != nil {
			r.fail("hours", fmt.Errorf("%s: %w", a.ID, err))
			return
		}
		if _, opens := h.NextOpening(now); !opens && !h.IsOpen(now) {
			r.open("hours", "%s never opens, as its hours stand in the configuration", a.ID)
		}
	}
	r.ok("hours", "of every area can be read, in %s", c.City.TimeZone)
}

// leastFree is how much disk there must be for SQLite: a year of a busy counter is some hundred
// megabytes.
const leastFree = 256 << 20

// database returns what it found; false when nothing could be read.
func (r *report) database(ctx context.Context, c *config.Config) *store.Condition {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	d, err := store.Probe(ctx, string(c.Database.URL))
	r.disk(d.Folder)
	if err != nil {
		r.fail("database", err)
		return nil
	}
	r.ok("database", "%s can be read and written", d.Name)
	switch {
	case d.Schema == 0:
		r.open("schema", "not made yet; the first start makes version %d", d.Program)
	case d.Schema < d.Program:
		r.open("schema", "version %d; the next start migrates it to %d. Make a backup first: there is no way back", d.Schema, d.Program)
	default:
		r.ok("schema", "version %d, as this program needs", d.Schema)
	}
	return &d
}

func (r *report) disk(folder string) {
	if folder == "" {
		r.open("disk", "is PostgreSQL's own affair")
		return
	}
	free, known := store.FreeBytes(folder)
	switch {
	case !known:
		r.open("disk", "free space cannot be told here")
	case free < leastFree:
		r.fail("disk", &bridge.Fault{What: fmt.Sprintf("only %d MB are free in %s", free>>20, folder), Remedy: "Make room; a full disk stops the counter"})
	default:
		r.ok("disk", "%d MB free", free>>20)
	}
}
