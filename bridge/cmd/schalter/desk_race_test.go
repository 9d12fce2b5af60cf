package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// race: two clerks at once, fifty times; never two owners, and the other is told. Reading a lobby is a
// whole initial sync, so one reading serves all rounds.
func (d *desk) race(t *testing.T) {
	const rounds = 50
	all := make([]*citizen, rounds)
	for n := range all {
		all[n] = &citizen{t: t, base: d.base, index: n}
		if err := all[n].open(t.Context(), areaA, "Grüezi"); err != nil {
			t.Fatal(err)
		}
	}
	notices := map[int64]string{}
	d.awaitLobby(2*time.Minute, func(events []roomEvent) string {
		for _, r := range all {
			i := slices.IndexFunc(events, func(e roomEvent) bool { return strings.Contains(e.Content.Body, fmt.Sprintf("🟡 #%d ", r.number)) })
			if i < 0 {
				return fmt.Sprintf("no notice of #%d", r.number)
			}
			notices[r.number] = events[i].ID
		}
		return ""
	})
	for _, r := range all {
		var wg sync.WaitGroup
		for _, clerk := range []*clerk{d.nora, d.reto} {
			wg.Go(func() { d.press(clerk, d.lobby, notices[r.number]) })
		}
		wg.Wait()
	}
	owners := map[int64]string{}
	won := map[string]int{}
	for _, r := range all {
		eventually(t, time.Minute, func() string {
			if owners[r.number] = d.servedBy(r); owners[r.number] == "" {
				return "nobody has taken it"
			}
			return ""
		})
		won[owners[r.number]]++
	}
	late := 0
	// The bound on noise, as it reaches clients: a chat that was taken makes one notice, at most one call
	// when there is room for it, and one edit; the second clerk is told.
	var ours map[string]int
	d.awaitLobby(2*time.Minute, func(events []roomEvent) string {
		late, ours = 0, map[string]int{}
		for _, e := range events {
			if strings.Contains(e.Content.Body, "hat schon") {
				late++
			}
			if e.Sender == "@schalter_bot:localhost" && e.Type == "m.room.message" && !strings.Contains(e.Content.Body, "📌") {
				ours[e.how()]++
			}
		}
		for _, r := range all {
			clerk := owners[r.number]
			if shown := lastEdit(events, notices[r.number]); !strings.Contains(shown, "🟢") || !strings.Contains(shown, "bei "+clerk) {
				return fmt.Sprintf("#%d was taken by %s, shown %q", r.number, clerk, shown)
			}
			told := fmt.Sprintf("#%d hat schon %s genommen.", r.number, clerk)
			if !slices.ContainsFunc(events, func(e roomEvent) bool { return strings.Contains(e.Content.Body, told) }) {
				return "nobody was told " + told
			}
		}
		return ""
	})
	for _, r := range all {
		if again := d.servedBy(r); again != owners[r.number] {
			t.Errorf("#%d had two owners: %s, %s", r.number, owners[r.number], again)
		}
	}
	if ours["writes"] > 2*rounds || ours["edits"] > rounds || ours["notes"] > rounds {
		t.Errorf("the lobby reads %v for %d chats", ours, rounds)
	}
	if late != rounds || won["Nora Muster"]+won["Reto Muster"] != rounds {
		t.Errorf("%d were told that they are late in %d rounds; won %v", late, rounds, won)
	}
	t.Logf("won: %v", won)
}

// awaitLobby waits until the first area's lobby, as nora's client reads it, is as wanted.
func (d *desk) awaitLobby(within time.Duration, wanted func([]roomEvent) string) {
	d.t.Helper()
	eventually(d.t, within, func() string {
		events, err := d.nora.timeline(d.t.Context(), d.lobby)
		if err != nil {
			return err.Error()
		}
		return wanted(events)
	})
}
