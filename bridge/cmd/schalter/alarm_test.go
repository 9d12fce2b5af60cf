package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"schalter/bridge"
)

func TestAlarm(t *testing.T) {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	after := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	v := bridge.Vitals{Reads: true, Since: start, Sync: after(5), Echo: after(5)}
	var waiting time.Time
	var away error
	var log bytes.Buffer
	a := &alarm{vitals: func() bridge.Vitals { return v }, log: zerolog.New(&log),
		unconfirmed: func(context.Context) (time.Time, error) { return waiting, away }}
	lines := 0
	look := func(name string, second int, raised bool, more int) {
		t.Helper()
		a.look(t.Context(), after(second))
		n := strings.Count(log.String(), `"level":"error"`)
		if a.raised.Load() != raised || n-lines != more {
			t.Errorf("%s: raised %v, %d new lines", name, a.raised.Load(), n-lines)
		}
		lines = n
	}
	look("nothing is under way", 100, false, 0)
	waiting = after(101)
	look("just sent", 110, false, 0)
	look("a minute without echo", 162, true, 1)
	look("told already", 172, true, 0)
	away = errors.New("away")
	look("database away", 182, true, 0)
	away = nil
	look("again after a minute", 223, true, 1)
	v.Reads = false
	look("another replica reads", 300, false, 0)
	v.Reads, v.Since = true, after(301)
	look("reads again", 310, false, 0)
	look("and hears nothing", 362, true, 1)
	v.Echo = after(370)
	look("an echo came", 371, false, 0)
}
