package postgrestest

import (
	"fmt"
	"strings"
	"testing"
)

// verdict records how a test would have ended.
type verdict struct {
	testing.TB
	skipped, failed string
}

func (v *verdict) Helper()                   {}
func (v *verdict) Skipf(f string, a ...any)  { v.skipped = fmt.Sprintf(f, a...); panic(v) }
func (v *verdict) Fatalf(f string, a ...any) { v.failed = fmt.Sprintf(f, a...); panic(v) }

func TestMissingPostgreSQLIsSaidOrFails(t *testing.T) {
	before := debian
	t.Cleanup(func() { debian = before })
	debian = t.TempDir() + "/*/bin"
	t.Setenv("PATH", "")
	for require, fails := range map[string]bool{"": false, "synapse": false, "postgres": true, "browser,postgres": true} {
		t.Setenv("SCHALTER_TEST_REQUIRE", require)
		v := &verdict{}
		func() {
			defer func() {
				if recover() != v {
					t.Errorf("SCHALTER_TEST_REQUIRE=%q: the test went on", require)
				}
			}()
			Start(v)
		}()
		said := v.skipped
		if fails {
			said = v.failed
		}
		if !strings.Contains(said, "PostgreSQL is not installed") || !strings.Contains(said, "initdb") {
			t.Errorf("SCHALTER_TEST_REQUIRE=%q: skipped %q, failed %q", require, v.skipped, v.failed)
		}
	}
}
