package routing_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"schalter/bridge/routing"
)

func TestOneAfterTheOther(t *testing.T) {
	for name, c := range map[string]struct {
		strategy   routing.Strategy
		clerks     string
		load       map[string]int
		took       map[string]int // how many minutes ago
		waiting    string
		unanswered int
		want       string
	}{
		"in turn, nobody had one":           {routing.RoundRobin{}, "a2 b2 c2", nil, nil, "1x3 2x2 3x1 4x0", 0, "1:a 2:b 3:c 4:a"},
		"whoever had one longest ago":       {routing.RoundRobin{}, "a2 b2 c2", nil, map[string]int{"a": 1, "b": 9, "c": 5}, "1x3 2x2 3x1", 0, "1:b 2:c 3:a"},
		"who has had none comes first":      {routing.RoundRobin{}, "a2 b2", nil, map[string]int{"a": 60}, "1x0", 0, "1:b"},
		"how busy they are does not matter": {routing.RoundRobin{}, "a3 b3", map[string]int{"a": 2}, map[string]int{"a": 9, "b": 1}, "1x0", 0, "1:a"},
		"unless there is no room":           {routing.RoundRobin{}, "a2 b2", map[string]int{"a": 2}, map[string]int{"a": 9, "b": 1}, "1x1 2x0", 0, "1:b 2:b"},
		"in turn, the next one":             {routing.RoundRobin{}, "a2 b2 c2", nil, nil, "1x3", 1, "1:b"},
		"in turn, then everybody":           {routing.RoundRobin{}, "a2 b2 c2", nil, nil, "1x3", 2, "1:abc"},
		"the only one, again":               {routing.RoundRobin{}, "a2", nil, nil, "1x3", 1, "1:a"},
		"the least busy":                    {routing.LeastBusy{}, "a3 b3 c3", map[string]int{"a": 2, "b": 1}, nil, "1x3 2x2 3x1", 0, "1:c 2:b 3:c"},
		"equally busy, in turn":             {routing.LeastBusy{}, "a3 b3", map[string]int{"a": 1, "b": 1}, map[string]int{"a": 1, "b": 2}, "1x3", 0, "1:b"},
		"least busy, the next one":          {routing.LeastBusy{}, "a3 b3 c3", map[string]int{"a": 2, "b": 1}, nil, "1x3", 1, "1:b"},
		"least busy, then everybody":        {routing.LeastBusy{}, "a3 b3", map[string]int{"a": 2}, nil, "1x3", 2, "1:ab"},
		"nobody has room":                   {routing.LeastBusy{}, "a1", map[string]int{"a": 1}, nil, "1x3", 0, "1:"},
		"first come, first served":          {routing.RoundRobin{}, "a1", nil, nil, "2x1 1x3", 0, "1:a 2:"},
	} {
		areas := []routing.Area{{ID: "x", Clerks: clerks(c.clerks)}}
		for i, clerk := range areas[0].Clerks {
			if ago, took := c.took[clerk.ID]; took {
				areas[0].Clerks[i].LastTook = noon.Add(-time.Duration(ago) * time.Minute)
			}
		}
		waiting := chats(c.waiting)
		for i := range waiting {
			waiting[i].Unanswered = c.unanswered
		}
		if got := show(routing.Route(c.strategy, areas, c.load, waiting, noon)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// A chat that overflows is offered to one clerk here and to one there.
func TestOneInEachArea(t *testing.T) {
	areas := []routing.Area{
		{ID: "x", Clerks: clerks("a2 b2"), OverflowTo: "y", OverflowAfter: 5 * time.Minute},
		{ID: "y", Clerks: clerks("c2 d2")},
	}
	if got := show(routing.Route(routing.ByArea{"x": routing.RoundRobin{}}, areas, nil, chats("1x6 2y5"), noon)); got != "1:ac 2:cd" {
		t.Error(got)
	}
}

func TestNamed(t *testing.T) {
	for name, want := range map[string]routing.Strategy{
		"": routing.FirstToTake{}, "all": routing.FirstToTake{}, "round_robin": routing.RoundRobin{}, "least_busy": routing.LeastBusy{}, "x": nil,
	} {
		if got, known := routing.Named(name); got != want || known != (want != nil) {
			t.Errorf("%q is %v, %v", name, got, known)
		}
	}
}

// Nobody starves: however the clerks take what they are offered, each is offered their share, and a
// chat that nobody answers comes to everybody in the end.
func TestNobodyStarves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "clerks")
		var staff []routing.Clerk
		for i := range n {
			staff = append(staff, routing.Clerk{ID: string(rune('a' + i)), Capacity: rapid.IntRange(1, 3).Draw(t, "capacity")})
		}
		strategy := rapid.SampledFrom([]routing.Strategy{routing.RoundRobin{}, routing.LeastBusy{}}).Draw(t, "strategy")
		got := map[string]int{}
		for round := range 3 * n { // a quiet day: each chat ends before the next one comes
			now := noon.Add(time.Duration(round) * time.Minute)
			chat := routing.Chat{ID: fmt.Sprint(round), Area: "x", Number: int64(round * rapid.IntRange(1, 3).Draw(t, "step")), Since: now}
			areas := []routing.Area{{ID: "x", Clerks: staff}}
			offers := routing.Route(strategy, areas, nil, []routing.Chat{chat}, now)
			if len(offers[0].To) != 1 {
				t.Fatalf("offered to %v", offers[0].To)
			}
			took := slices.IndexFunc(staff, func(c routing.Clerk) bool { return c.ID == offers[0].To[0] })
			staff[took].LastTook = now
			got[offers[0].To[0]]++
			chat.Unanswered = 2
			if all := routing.Route(strategy, areas, nil, []routing.Chat{chat}, now)[0].To; len(all) != n {
				t.Fatalf("in the end only %v are asked", all)
			}
		}
		for _, c := range staff {
			if got[c.ID] != 3 {
				t.Fatalf("%s was given %d of %d chats: %v", c.ID, got[c.ID], 3*n, got)
			}
		}
	})
}
