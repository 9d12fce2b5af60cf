package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"schalter/bridge"
	"schalter/bridge/matrix"
	"schalter/bridge/store"
	"schalter/config"
)

// farOff is how much two clocks may differ: replicas take over from each other after
// bridge.AliveFor.
const farOff = bridge.AliveFor / 2

// homeserver goes on as long as what comes next can mean anything. made is what the database
// knows; nil when it could not be read.
func (r *report) homeserver(ctx context.Context, c *config.Config, made *store.Condition) {
	a, err := matrix.New(matrix.Options{
		URL: c.Homeserver.URL, ServerName: c.Homeserver.ServerName, Token: string(c.Appservice.ASToken),
		Timeout: c.Homeserver.Timeout(), Log: zerolog.Nop(),
	})
	if err != nil {
		r.fail("homeserver", err)
		return
	}
	const rest = "registration, sync, rooms and clerks are looked at when this is right"
	h, err := a.ProbeHomeserver(ctx)
	if !r.tell("homeserver", err, "%s %s", h.Software, h.Version) {
		r.open("the rest", rest)
		return
	}
	r.clock(h.Ahead)
	if !r.tell("registration", a.ProbeToken(ctx), "the homeserver knows the as_token") {
		r.open("the rest", rest)
		return
	}
	if !r.tell("bot", a.ProbeBot(ctx), "%s may act", a.BotID()) {
		r.open("the rest", rest)
		return
	}
	r.tell("ghosts", a.ProbeGhosts(ctx), "their namespace is ours")
	r.tell("aliases", a.ProbeAliases(ctx), "their namespace is ours")
	r.tell("sync", a.ProbeSync(ctx), "the bot can read")
	r.media(ctx, a.ProbeMedia, c)
	p := people{report: r, adapter: a, known: map[bridge.UserID]error{}}
	admin := bridge.RoomID("")
	rooms := map[string]bridge.AreaRooms{}
	var staff bridge.Staff
	if made != nil {
		staff = made.Staff
		admin = made.Admin
		for _, a := range made.Areas {
			rooms[string(a.Area)] = a
		}
	}
	p.look(ctx, "admins", users(c.Admins), []place{{"admin room", admin}}, made != nil)
	look := func(area string, clerks []string) {
		its := rooms[area]
		p.look(ctx, area, staff.Clerks(bridge.ServiceAreaID(area), users(clerks)), []place{{"space", its.Space}, {"lobby", its.Lobby}}, made != nil)
	}
	for _, area := range c.ServiceAreas {
		look(area.ID, area.Clerks)
	}
	if made != nil {
		for _, area := range r.changes(c, made.Changes) {
			look(area, nil)
		}
	}
}

// changes tells what admins have set about areas, and returns those that they have made.
func (r *report) changes(c *config.Config, changes []bridge.AreaChange) (made []string) {
	last, hours := map[string]bridge.AreaChangeKind{}, map[string]string{}
	for _, change := range changes {
		area := string(change.Area)
		known := slices.ContainsFunc(c.ServiceAreas, func(a config.ServiceArea) bool { return a.ID == area })
		if change.Kind == bridge.AreaMade && !known && !slices.Contains(made, area) {
			made = append(made, area)
		}
		if known || slices.Contains(made, area) {
			last[area] = change.Kind
		}
		if change.Kind == bridge.AreaMade {
			hours[area] = change.Hours
		}
	}
	for _, area := range made {
		_, err := c.City.OpeningHours(hours[area])
		r.tell("hours", err, "of %s, which an admin has made, can be read", area)
	}
	for _, area := range slices.Sorted(maps.Keys(last)) {
		if last[area] == bridge.AreaGone {
			r.open(area, "takes no new chats: an admin has closed it")
		}
	}
	return made
}

func (r *report) clock(ahead time.Duration) {
	if ahead.Abs() <= farOff {
		r.ok("clock", "agrees with the homeserver's")
		return
	}
	way := "ahead of"
	if ahead < 0 {
		way = "behind"
	}
	r.fail("clock", &bridge.Fault{What: fmt.Sprintf("the homeserver's clock is %s %s ours", ahead.Abs().Round(time.Second), way),
		Remedy: "Let both machines set their clocks by NTP"})
}

// people looks at accounts, each once, and at who is in which room.
type people struct {
	*report
	adapter *matrix.Adapter
	// known is what has been found out about an account.
	known map[bridge.UserID]error
}

// place is a room of ours, and what it is called in a line.
type place struct {
	name string
	room bridge.RoomID
}

// look writes a line for the rooms and one for the people who belong in them. Lobbies are joined
// from the space, so the first place is where everybody is invited.
func (p *people) look(ctx context.Context, part string, who []bridge.UserID, places []place, readable bool) {
	if !readable {
		p.open(part, "rooms stand in the database")
	}
	var in map[bridge.UserID]string
	var there []string
	for i, at := range places {
		if !readable {
			continue
		}
		if at.room == "" {
			p.open(part, "%s: not made yet; the service makes it", at.name)
			continue
		}
		members, err := p.adapter.ProbeRoom(ctx, at.room)
		if err != nil {
			p.fail(part+" "+at.name, err)
			continue
		}
		if i == 0 {
			in = members
		}
		there = append(there, at.name)
	}
	if len(there) > 0 {
		p.ok(part, "%s: there, with the bot in it", strings.Join(there, " and "))
	}
	p.accounts(ctx, part, who, in)
}

func (p *people) accounts(ctx context.Context, part string, who []bridge.UserID, in map[bridge.UserID]string) {
	counts := map[string]int{}
	good := true
	for _, u := range who {
		err, asked := p.known[u]
		if !asked {
			err = p.adapter.ProbeAccount(ctx, u)
			p.known[u] = err
		}
		if err != nil {
			p.fail(part, err)
			good = false
			continue
		}
		state := in[u]
		counts[state]++
		if in != nil && !slices.Contains([]string{"join", "invite"}, state) {
			good = false
			remedy := "Restart the service, which invites whom it misses"
			if state == "ban" {
				remedy = "Lift the ban in Element, or take the person out of the configuration"
			}
			p.fail(part, &bridge.Fault{What: fmt.Sprintf("%s is neither in the room nor invited", u), Remedy: remedy})
		}
	}
	switch {
	case len(who) == 0 && part == "admins":
		p.open(part, "there are none; nobody can change anything from Element")
	case len(who) == 0:
		p.open(part, "there are no clerks: citizens are told that nobody serves here")
	case !good:
	case in == nil:
		p.ok(part, "%d accounts", len(who))
	default:
		p.ok(part, "%d accounts: %d have joined, %d are invited", len(who), counts["join"], counts["invite"])
	}
}
