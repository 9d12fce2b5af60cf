package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"schalter/webchat/browsertest"
)

// asCommand makes this test binary behave as the command itself, so that tests can run, stop and
// kill real processes, with the race detector in them if the tests have it.
const asCommand = "SCHALTER_TEST_AS_COMMAND"

// clockFile names the file in which a test sets the clock of the service that it runs. The command
// itself knows nothing of it.
const clockFile = "SCHALTER_TEST_CLOCK"

// readClock reads "+NANOSECONDS", by which the clock is ahead, or a moment at which it stands still.
func readClock(file string) time.Time {
	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	if ahead, ok := strings.CutPrefix(string(text), "+"); ok {
		n, err := strconv.ParseInt(ahead, 10, 64)
		if err != nil {
			panic(err)
		}
		return time.Now().Add(time.Duration(n))
	}
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		panic(err)
	}
	return t
}

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) == "1" {
		if file := os.Getenv(clockFile); file != "" {
			clock = func() time.Time { return readClock(file) }
		}
		main()
		fmt.Fprintln(os.Stderr, "ended in order")
		os.Exit(0)
	}
	code := m.Run()
	browsertest.Stop()
	os.Exit(code)
}
