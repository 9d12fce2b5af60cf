package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// floodSize is how many clerks are offered how many chats: with SCHALTER_TEST_FLOOD those of the
// promise, otherwise as many as fit into a quick run.
func floodSize() (clerks, chats int) {
	if os.Getenv("SCHALTER_TEST_FLOOD") != "" {
		return 30, 100
	}
	return 8, 16
}

// TestNoFlood counts what reaches the clerks' clients when every chat is offered to all, waits until it is
// called out and the lead is told, is taken and closed. For each chat that is at most, however many clerks
// there are,
//
//	in the lobby one notice, one ✅, one reminder, one escalation and two edits,
//	one invitation,
//
// and beside them only the pinned notice is edited.
func TestNoFlood(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute)
		defer cancel()
		clerks, chats := floodSize()
		d := &desk{counter: newCounter(ctx, t, kind, "sqlite", func(text string) string {
			text = strings.Replace(text, "grace_minutes: 15", "grace_minutes: 15, capacity: 10, leads: [\"@nora:localhost\"]", 1)
			return strings.Replace(text, "guide: false", "guide: false, pause_after: 0", 1)
		})}
		d.walk("2026-07-06T09:00:00+02:00")
		team := d.crew(ctx, clerks)
		before := d.unread(team)
		began := time.Now()
		open := make([]*citizen, chats)
		for n := range open {
			open[n] = &citizen{t: t, base: d.base, index: n}
			if err := open[n].open(ctx, areaA, "Grüezi"); err != nil {
				t.Fatal(err)
			}
		}
		tally := func(sign string) func([]roomEvent) string {
			return func(events []roomEvent) string {
				seen := d.tally(events)
				for _, who := range open {
					if seen[fmt.Sprintf("#%d", who.number)][sign] == 0 {
						return fmt.Sprintf("no %s of #%d", sign, who.number)
					}
				}
				return ""
			}
		}
		d.awaitLobby(3*time.Minute, tally("🟡"))
		d.walk("2026-07-06T09:05:00+02:00")
		d.awaitLobby(3*time.Minute, tally("⏰"))
		d.walk("2026-07-06T09:20:00+02:00")
		d.awaitLobby(3*time.Minute, tally("🚨"))
		notices := d.notices()
		mine := func(n int) []*citizen { // the chats that a clerk takes
			var out []*citizen
			for c := n; c < chats; c += clerks {
				out = append(out, open[c])
			}
			return out
		}
		d.each(team, func(n int, who *clerk) {
			for _, c := range mine(n) {
				d.press(who, d.lobby, notices[c.number])
			}
		})
		for n, who := range team {
			for _, c := range mine(n) {
				d.awaitInvitation(who, d.resolve(fmt.Sprintf("#schalter_%d:localhost", c.number)))
			}
		}
		d.each(team, func(n int, who *clerk) {
			for _, c := range mine(n) {
				room, err := who.enter(ctx, c.number)
				if err != nil {
					t.Error(err)
					return
				}
				d.write(who, room, "!zu")
			}
		})
		d.awaitLobby(3*time.Minute, tally("⚪"))
		d.boundHolds(ctx, team, open, time.Since(began))
		after := d.unread(team)
		for n := range team {
			// Synapse was seen to count one more than there is in the timeline.
			if more := after[n] - before[n]; more > 3*chats+3 {
				t.Errorf("a clerk's client counts %d unread in the lobby for %d chats", more, chats)
			}
		}
		t.Logf("unread in the lobby of a clerk who read nothing: %d", after[0]-before[0])
	})
}

// awaitInvitation waits until somebody is invited to a room: the answer to the ✅.
func (d *desk) awaitInvitation(who *clerk, room string) {
	d.t.Helper()
	eventually(d.t, time.Minute, func() string {
		var m struct{ Membership string }
		path := "rooms/" + url.PathEscape(room) + "/state/m.room.member/" + url.PathEscape(who.id)
		if status, err := d.bot().call(d.t.Context(), http.MethodGet, path, nil, &m); err != nil || m.Membership != "invite" {
			return fmt.Sprintf("%s is %q: %d %v", who.id, m.Membership, status, err)
		}
		return ""
	})
}

// unread is what each clerk's client counts in the lobby.
func (d *desk) unread(team []*clerk) []int {
	counts := make([]int, len(team))
	d.each(team, func(n int, who *clerk) { counts[n], _ = (&view{t: d.t, who: who}).counts(d.lobby) })
	return counts
}

// crew staffs the first area with so many clerks, and has them accept what they are invited to.
func (d *desk) crew(ctx context.Context, size int) []*clerk {
	d.t.Helper()
	d.stop()
	var staff []string
	for n := range size {
		name := fmt.Sprintf("crew%d", n)
		if _, err := d.hs.Register(name, password, fmt.Sprintf("Crew %d Muster", n), false); err != nil {
			d.t.Fatal(err)
		}
		staff = append(staff, fmt.Sprintf("\"@%s:localhost\"", name))
	}
	path := filepath.Join(d.dir, "config.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		d.t.Fatal(err)
	}
	old := `clerks: ["@nora:localhost", "@reto:localhost"]`
	changed := strings.Replace(string(text), old, `clerks: ["@nora:localhost", `+strings.Join(staff, ", ")+"]", 1)
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.mustStart()
	team := make([]*clerk, size)
	for n := range team {
		team[n] = d.clerk(fmt.Sprintf("crew%d", n))
	}
	d.each(team, func(_ int, who *clerk) {
		if err := who.acceptInvites(ctx, 2); err != nil {
			d.t.Error(err)
		}
	})
	if d.t.Failed() {
		d.t.FailNow()
	}
	return team
}

// each has all clerks do something at once.
func (d *desk) each(team []*clerk, do func(n int, who *clerk)) {
	var wg sync.WaitGroup
	for n, who := range team {
		wg.Go(func() { do(n, who) })
	}
	wg.Wait()
}

var lobbyLine = regexp.MustCompile(`(🟡|🟢|⚪|⏰|🚨|🔔) (#\d+) `)

// tally counts what a lobby tells of each chat: by its sign, by how it is told, and the ✅.
func (d *desk) tally(events []roomEvent) map[string]map[string]int {
	seen := map[string]map[string]int{}
	count := func(number, what string) {
		if seen[number] == nil {
			seen[number] = map[string]int{}
		}
		seen[number][what]++
	}
	notices := map[string]string{}
	for _, e := range events {
		if e.Sender != "@schalter_bot:localhost" {
			continue
		}
		switch e.Type {
		case "m.room.message":
			m := lobbyLine.FindStringSubmatch(e.Content.Body)
			switch {
			case m != nil:
				count(m[2], m[1])
				count(m[2], e.how())
				if m[1] == "🟡" && e.how() == "writes" {
					notices[e.ID] = m[2]
				}
			case strings.Contains(e.Content.Body, "📌"):
				count("board", e.how())
			default:
				count("other", e.how())
			}
		case "m.reaction":
			var to struct {
				EventID string `json:"event_id"`
			}
			_ = json.Unmarshal(e.Content.Relates, &to)
			if number := notices[to.EventID]; number != "" {
				count(number, "✅")
			} else {
				count("other", "✅")
			}
		}
	}
	return seen
}

// notices are the chats' notices in the first area's lobby, by number.
func (d *desk) notices() map[int64]string {
	d.t.Helper()
	events, err := d.nora.timeline(d.t.Context(), d.lobby)
	if err != nil {
		d.t.Fatal(err)
	}
	out := map[int64]string{}
	for _, e := range events {
		var number int64
		if e.how() == "writes" {
			if _, err := fmt.Sscanf(e.Content.Body, "🟡 #%d ", &number); err == nil {
				out[number] = e.ID
			}
		}
	}
	return out
}

// boundHolds counts, in the lobby and in the chats' rooms, and holds it against the bound.
func (d *desk) boundHolds(ctx context.Context, team []*clerk, open []*citizen, took time.Duration) {
	t := d.t
	t.Helper()
	events, err := d.nora.timeline(ctx, d.lobby)
	if err != nil {
		t.Fatal(err)
	}
	seen, most := d.tally(events), map[string]int{}
	for _, who := range open {
		for what, n := range seen[fmt.Sprintf("#%d", who.number)] {
			most[what] = max(most[what], n)
		}
	}
	for what, bound := range map[string]int{"writes": 3, "edits": 2, "notes": 0, "✅": 1, "🟡": 1, "⏰": 1, "🚨": 1, "🔔": 0} {
		if most[what] > bound {
			t.Errorf("the lobby tells of a chat %d times %s, want at most %d", most[what], what, bound)
		}
	}
	if len(seen["other"]) > 0 || seen["board"]["edits"] > int(took/(20*time.Second))+3 {
		t.Errorf("beside the chats the lobby tells %v, and of its state %v in %s", seen["other"], seen["board"], took)
	}
	invited := make([]int, len(team))
	d.each(team, func(n int, who *clerk) {
		rooms, pending, err := who.chats(ctx)
		if err != nil {
			t.Error(err)
			return
		}
		mine := (len(open) - n + len(team) - 1) / len(team)
		if pending > 0 || len(rooms) != mine {
			t.Errorf("%s is in %d chats and invited to %d more, took %d", who.id, len(rooms), pending, mine)
		}
		for _, events := range rooms {
			asked := 0
			for _, e := range events {
				if e.Type == "m.room.member" && e.Content.Membership == "invite" && !isGhost(*e.StateKey) {
					asked++
				}
			}
			if asked > 1 {
				t.Errorf("%d invitations to one chat", asked)
			}
			invited[n] += asked
		}
	})
	total := 0
	for _, n := range invited {
		total += n
	}
	if total != len(open) {
		t.Errorf("%d invitations for %d chats", total, len(open))
	}
	t.Logf("%d clerks, %d chats in %s: of one chat at most %v; %d invitations; the pinned notice edited %d times",
		len(team), len(open), took.Round(time.Second), most, total, seen["board"]["edits"])
}

// chats are the timelines of the rooms that a clerk is in, but for lobby and space, and to how many more
// they are invited, as a client learns that signs in now.
func (c *clerk) chats(ctx context.Context) (rooms map[string][]roomEvent, invited int, err error) {
	filter := fmt.Sprintf(`{"room":{"timeline":{"limit":100,%s}}}`, uncached())
	var r struct {
		Rooms struct {
			Invite map[string]json.RawMessage
			Join   map[string]struct {
				State, Timeline struct{ Events []roomEvent }
			}
		}
	}
	status, err := c.call(ctx, http.MethodGet, "sync?timeout=0&filter="+url.QueryEscape(filter), nil, &r)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("sync answered %d", status)
	}
	rooms = map[string][]roomEvent{}
	for id, room := range r.Rooms.Join {
		if slices.ContainsFunc(slices.Concat(room.State.Events, room.Timeline.Events), func(e roomEvent) bool {
			return e.Type == "m.room.member" && e.StateKey != nil && isGhost(*e.StateKey)
		}) {
			rooms[id] = room.Timeline.Events
		}
	}
	return rooms, len(r.Rooms.Invite), err
}
