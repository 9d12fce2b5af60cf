package routing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"schalter/bridge/routing"
)

var noon = time.Date(2026, 7, 6, 12, 0, 0, 0, time.UTC)

// clerks reads "a2 b1": clerk a with a capacity of 2, b with 1.
func clerks(s string) []routing.Clerk {
	var out []routing.Clerk
	for _, w := range strings.Fields(s) {
		out = append(out, routing.Clerk{ID: w[:1], Capacity: int(w[1] - '0')})
	}
	return out
}

// chats reads "1x5 2y0": chat 1 of area x waits for 5 minutes, chat 2 of y has just come.
func chats(s string) []routing.Chat {
	var out []routing.Chat
	for i, w := range strings.Fields(s) {
		out = append(out, routing.Chat{ID: w[:1], Area: w[1:2], Number: int64(i), Since: noon.Add(-time.Duration(w[2]-'0') * time.Minute)})
	}
	return out
}

func show(offers []routing.Offer) string {
	var out []string
	for _, o := range offers {
		out = append(out, o.Chat+":"+strings.Join(o.To, ""))
	}
	return strings.Join(out, " ")
}

func TestOffers(t *testing.T) {
	for name, c := range map[string]struct {
		x, y    string // the clerks of two areas; x overflows to y after five minutes
		load    map[string]int
		waiting string
		want    string
	}{
		"everybody is offered":              {"a2 b2", "", nil, "1x0", "1:ab"},
		"several chats":                     {"a2 b2", "", nil, "1x3 2x2 3x1", "1:ab 2:ab 3:ab"},
		"the oldest first":                  {"a1", "", nil, "3x1 1x4 2x2", "1:a 2: 3:"},
		"equally old, by number":            {"a1", "", nil, "1x1 2x1", "1:a 2:"},
		"no more than there is room":        {"a1 b1", "", nil, "1x3 2x2 3x1", "1:ab 2:ab 3:"},
		"who is full is not asked":          {"a2 b2", "", map[string]int{"a": 2}, "1x3 2x2 3x1", "1:b 2:b 3:"},
		"over the capacity":                 {"a1", "", map[string]int{"a": 3}, "1x3", "1:"},
		"nobody there":                      {"", "c1", nil, "1x4", "1:"},
		"overflow":                          {"", "c1", nil, "1x5", "1:c"},
		"overflow with room at home":        {"a1", "c1", nil, "1x5", "1:ac"},
		"overflow after the time":           {"a1", "c1", map[string]int{"a": 1}, "1x4", "1:"},
		"overflow goes one way":             {"a1", "", nil, "1y9", "1:"},
		"overflowed before younger at home": {"", "c1", nil, "1x6 2y5", "1:c 2:"},
		"older at home before overflowed":   {"", "c1", nil, "1x6 2y7", "2:c 1:"},
		"one clerk in both areas":           {"a1", "a1", nil, "1x6 2y5", "1:a 2:"},
		"an area that is not known":         {"a1", "", nil, "1z3", "1:"},
	} {
		areas := []routing.Area{
			{ID: "x", Clerks: clerks(c.x), OverflowTo: "y", OverflowAfter: 5 * time.Minute},
			{ID: "y", Clerks: clerks(c.y)},
		}
		if got := show(routing.Route(routing.FirstToTake{}, areas, c.load, chats(c.waiting), noon)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// one is a strategy of another kind: every chat is offered to one clerk alone.
type one struct{}

func (one) Choose(_ routing.Chat, free []routing.Clerk, load map[string]int) []routing.Clerk {
	return []routing.Clerk{slices.MinFunc(free, func(a, b routing.Clerk) int { return load[a.ID] - load[b.ID] })}
}

func TestAnotherStrategyFits(t *testing.T) {
	areas := []routing.Area{{ID: "x", Clerks: clerks("a2 b2")}}
	got := show(routing.Route(one{}, areas, map[string]int{"a": 1}, chats("1x4 2x3 3x2 4x1"), noon))
	if got != "1:b 2:a 3:b 4:" {
		t.Error(got)
	}
}

// Whatever the clerks, the areas and the strategy: first come, first served, and nobody is offered
// more than they have room for.
func TestFirstComeFirstServed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := []string{"a", "b", "c", "d", "e"}
		names := []string{"x", "y", "z"}
		var areas []routing.Area
		staff := map[string]map[string]int{}
		for _, name := range names {
			a := routing.Area{ID: name, OverflowTo: rapid.SampledFrom(append(names, "", "?")).Draw(t, "to"), OverflowAfter: time.Duration(rapid.IntRange(0, 9).Draw(t, "after")) * time.Minute}
			staff[name] = map[string]int{}
			for _, id := range ids {
				if rapid.Bool().Draw(t, "staffed") {
					capacity := rapid.IntRange(0, 3).Draw(t, "capacity")
					a.Clerks = append(a.Clerks, routing.Clerk{ID: id, Capacity: capacity})
					staff[name][id] = capacity
				}
			}
			areas = append(areas, a)
		}
		load := map[string]int{}
		for _, id := range ids {
			load[id] = rapid.IntRange(0, 3).Draw(t, "load")
		}
		var waiting []routing.Chat
		byID := map[string]routing.Chat{}
		for i := range rapid.IntRange(0, 12).Draw(t, "chats") {
			c := routing.Chat{
				ID: fmt.Sprint(i), Area: rapid.SampledFrom(names).Draw(t, "area"), Number: int64(i),
				Since:      noon.Add(-time.Duration(rapid.IntRange(0, 12).Draw(t, "minutes")) * time.Minute),
				Unanswered: rapid.IntRange(0, 3).Draw(t, "unanswered"),
			}
			waiting = append(waiting, c)
			byID[c.ID] = c
		}
		strategy := rapid.SampledFrom([]routing.Strategy{routing.FirstToTake{}, one{}, routing.RoundRobin{}, routing.LeastBusy{}, routing.ByArea{"x": routing.RoundRobin{}, "y": routing.LeastBusy{}}}).Draw(t, "strategy")
		offers := routing.Route(strategy, areas, load, waiting, noon)
		if len(offers) != len(waiting) {
			t.Fatalf("%d offers for %d chats", len(offers), len(waiting))
		}
		alone := map[string]int{}
		for i, o := range offers {
			chat := byID[o.Chat]
			for _, older := range offers[:i] {
				if byID[older.Chat].Area == chat.Area && len(older.To) == 0 && len(o.To) > 0 {
					t.Fatalf("%s is offered before %s: %s", o.Chat, older.Chat, show(offers))
				}
				if byID[older.Chat].Area == chat.Area && byID[older.Chat].Since.After(chat.Since) {
					t.Fatalf("order: %s", show(offers))
				}
			}
			own := areas[slices.IndexFunc(areas, func(a routing.Area) bool { return a.ID == chat.Area })]
			for _, id := range o.To {
				capacity, staffed := staff[chat.Area][id]
				if own.Overflows(chat.Since, noon) {
					c, also := staff[own.OverflowTo][id]
					capacity, staffed = max(capacity, c), staffed || also
				}
				if !staffed || load[id] >= capacity {
					t.Fatalf("%s is offered to %s, who may not or cannot", o.Chat, id)
				}
			}
			if len(o.To) == 1 {
				if alone[o.To[0]]++; alone[o.To[0]]+load[o.To[0]] > 3 {
					t.Fatalf("%s alone is offered too much: %s", o.To[0], show(offers))
				}
			}
		}
	})
}
