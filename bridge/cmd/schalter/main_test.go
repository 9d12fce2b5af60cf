package main

import (
	"fmt"
	"os"
	"testing"
)

// asCommand makes this test binary behave as the command itself, so that tests can run, stop and
// kill real processes, with the race detector in them if the tests have it.
const asCommand = "SCHALTER_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) == "1" {
		main()
		fmt.Fprintln(os.Stderr, "ended in order")
		os.Exit(0)
	}
	os.Exit(m.Run())
}
