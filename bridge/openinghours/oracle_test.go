package openinghours_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	oh "schalter/bridge/openinghours"
)

// The differential test. Its oracle is opening_hours.js, the implementation that the
// specification names as its most complete. That library is LGPL: it is installed
// from npm for this test only. What it answered is kept as hashes in
// testdata/oracle.tsv, so that every run compares, also without npm:
//
//	go test ./bridge/openinghours -run Oracle            compares with the kept answers,
//	                                                     and where npm is there asks again
//	go test ./bridge/openinghours -run OracleLive -update-oracle   writes the answers anew
const oraclePackage = "opening_hours@3.15.0"

var updateOracle = flag.Bool("update-oracle", false, "write testdata/oracle.tsv from the oracle's answers")

const (
	oracleFile = "testdata/oracle.tsv"
	oracleDays = 400
)

var (
	oracleFrom = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	oracleTo   = oracleFrom.AddDate(0, 0, oracleDays)
)

// answer is what was said about one value: the intervals that are not closed, in UTC,
// and the state at each of clockChangePoints in Zurich.
type answer struct {
	intervals []string
	points    string
}

func (a answer) hash() string {
	sum := sha256.Sum256([]byte(strings.Join(a.intervals, "\n") + "\n" + a.points))
	return hex.EncodeToString(sum[:8])
}

// clockChangePoints are the quarters of an hour around both clock changes of 2026.
func clockChangePoints() []time.Time {
	var points []time.Time
	for _, evening := range []string{"2026-03-28T21", "2026-10-24T21"} {
		from, _ := time.ParseInLocation("2006-01-02T15", evening, zurich)
		for at := from; at.Before(from.Add(26 * time.Hour)); at = at.Add(15 * time.Minute) {
			points = append(points, at)
		}
	}
	return points
}

// ours is this package's answer.
func ours(t tester, spec string) answer {
	var a answer
	for i := range hoursIn(t, spec, time.UTC).Intervals(oracleFrom, oracleTo) {
		if i.State != oh.Closed {
			a.intervals = append(a.intervals, line(i.From, i.To, i.State == oh.Unknown, i.Comment))
		}
	}
	a.intervals = join(a.intervals)
	letters := map[oh.State]byte{oh.Open: 'o', oh.Unknown: '?', oh.Closed: 'c'}
	h := hoursIn(t, spec, zurich)
	var points []byte
	for _, at := range clockChangePoints() {
		for i := range h.Intervals(at, at.Add(1)) {
			points = append(points, letters[i.State])
		}
	}
	a.points = string(points)
	return a
}

func line(from, to time.Time, unknown bool, comment string) string {
	return fmt.Sprintf("%s %s %v %s", from.UTC().Format("2006-01-02T15:04"), to.UTC().Format("2006-01-02T15:04"), unknown, comment)
}

// join makes one line of neighbours that say the same; the oracle cuts some of its
// intervals at midnight.
func join(lines []string) []string {
	var joined []string
	for _, l := range lines {
		if n := len(joined); n > 0 {
			if last := joined[n-1]; last[17:33] == l[:16] && last[33:] == l[33:] {
				joined[n-1] = last[:17] + l[17:]
				continue
			}
		}
		joined = append(joined, l)
	}
	return joined
}

// TestOracleKept compares with the oracle's answers as they were kept.
func TestOracleKept(t *testing.T) {
	kept := map[string]string{}
	text, err := os.ReadFile(oracleFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		spec, hash, _ := strings.Cut(l, "\t")
		kept[spec] = hash
	}
	specs := oracleSpecs(t)
	if len(specs) < 300 || len(kept) != len(specs) {
		t.Errorf("%d values to compare, %d kept; want the same, at least 300", len(specs), len(kept))
	}
	for _, spec := range specs {
		if hash := ours(t, spec).hash(); hash != kept[spec] {
			t.Errorf("%q: our answer %s differs from the oracle's %q (TestOracleLive shows where)", spec, hash, kept[spec])
		}
	}
}

// TestOracleLive asks the oracle itself.
func TestOracleLive(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: opening_hours.js is not asked; TestOracleKept compares with its kept answers")
	}
	module := installOracle(t)
	specs := oracleSpecs(t)
	answers := askOracle(t, module, specs)
	var file strings.Builder
	for i, spec := range specs {
		compare(t, spec, ours(t, spec), answers[i])
		fmt.Fprintf(&file, "%s\t%s\n", spec, answers[i].hash())
	}
	if *updateOracle {
		if err := os.WriteFile(oracleFile, []byte(file.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(oracleFile)
	if err != nil || string(kept) != file.String() {
		t.Errorf("%s is not what the oracle answers (%v); -update-oracle writes it anew", oracleFile, err)
	}
	for _, d := range differences {
		theirs := askOracle(t, module, []string{d.spec})[0]
		if ours(t, d.spec).hash() == theirs.hash() {
			t.Errorf("%q: no difference any more; take it from the table", d.spec)
		}
	}
	t.Logf("%d values over %d days and %d points around the clock changes; %d known differences",
		len(specs), oracleDays, len(clockChangePoints()), len(differences))
}

func compare(t *testing.T, spec string, got, want answer) {
	t.Helper()
	for i := range max(len(got.intervals), len(want.intervals)) {
		g, w := "(none)", "(none)"
		if i < len(got.intervals) {
			g = got.intervals[i]
		}
		if i < len(want.intervals) {
			w = want.intervals[i]
		}
		if g != w {
			t.Errorf("%q, interval %d: ours %s, the oracle's %s", spec, i, g, w)
			return
		}
	}
	if got.points != want.points {
		for i, at := range clockChangePoints() {
			if i >= len(want.points) || got.points[i] != want.points[i] {
				t.Errorf("%q at %s: ours %c, the oracle's %.1s", spec, at, got.points[i], want.points[min(i, len(want.points)):])
				return
			}
		}
	}
}

// installOracle gives the path of the oracle's module, installed once per user.
func installOracle(t *testing.T) string {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			miss(t, "no %s here: opening_hours.js is not asked; TestOracleKept compares with its kept answers", tool)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	dir := filepath.Join(cache, "schalter", strings.ReplaceAll(oraclePackage, "@", "-"))
	module := filepath.Join(dir, "node_modules", "opening_hours")
	if _, err := os.Stat(filepath.Join(module, "package.json")); err == nil {
		return module
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	install := exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, oraclePackage)
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		miss(t, "npm cannot install %s (%v): it is not asked; TestOracleKept compares with its kept answers\n%s", oraclePackage, err, out)
	}
	return module
}

// miss skips the test, saying what it misses; where CI is set, nothing may be missed.
func miss(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// askOracle asks twice: in UTC for the intervals, in Zurich for the points.
func askOracle(t *testing.T, module string, specs []string) []answer {
	t.Helper()
	type reply struct {
		Error     string
		Intervals [][4]any
		Points    string
	}
	var points []int64
	for _, at := range clockChangePoints() {
		points = append(points, at.UnixMilli())
	}
	asked := make([]string, len(specs))
	for i, spec := range specs {
		asked[i] = withDates(t, spec)
	}
	ask := func(zone string, to time.Time, points []int64) []reply {
		question, _ := json.Marshal(map[string]any{
			"module": module, "specs": asked, "points": points,
			"from": oracleFrom.UnixMilli(), "to": to.UnixMilli(),
		})
		node := exec.CommandContext(t.Context(), "node", "testdata/oracle.cjs")
		node.Env = append(os.Environ(), "TZ="+zone)
		node.Stdin = bytes.NewReader(question)
		out, err := node.Output()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("the oracle failed: %v\n%s", err, exit.Stderr)
		} else if err != nil {
			t.Fatal(err)
		}
		var replies []reply
		if err := json.Unmarshal(out, &replies); err != nil || len(replies) != len(specs) {
			t.Fatalf("%d replies to %d values: %v", len(replies), len(specs), err)
		}
		return replies
	}
	inUTC := ask("UTC", oracleTo, []int64{})
	inZurich := ask("Europe/Zurich", oracleFrom, points)
	answers := make([]answer, len(specs))
	for i := range specs {
		if inUTC[i].Error != "" {
			t.Errorf("%q, asked as %.200q: the oracle refuses it: %s", specs[i], asked[i], inUTC[i].Error)
			continue
		}
		for _, iv := range inUTC[i].Intervals {
			at := func(n any) time.Time { return oracleFrom.Add(time.Duration(n.(float64)) * time.Minute) }
			answers[i].intervals = append(answers[i].intervals, line(at(iv[0]), at(iv[1]), iv[2].(bool), iv[3].(string)))
		}
		answers[i].intervals = join(answers[i].intervals)
		answers[i].points = inZurich[i].Points
	}
	return answers
}
