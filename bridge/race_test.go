//go:build race

package bridge_test

import "flag"

// Under the race detector each example of a property takes ten times as long; fewer of them meet the
// same races. All of them run without it.
func init() {
	if err := flag.Set("rapid.checks", "20"); err != nil {
		panic(err)
	}
}
