package bridge

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// manageTeam shows an area's clerks, or changes them. Who may see what follows at once: space and
// lobby are reconciled, and whoever is no clerk any more is removed from the running conversations.
func (b *Bridge) manageTeam(tx Tx, w *texts, table *timetable, c command, admin UserID, now time.Time) (string, bool, error) {
	if c.team == "" {
		text, err := b.showTeams(tx, w, table, c.area)
		return text, false, err
	}
	area, _ := table.area(c.area)
	for _, user := range c.users {
		if b.isOurs(user) {
			return "", false, wrong("own_user", "User", string(user))
		}
		p := area.posting(user)
		if !p.Staffed && c.team != addClerk {
			return "", false, wrong("no_clerk", "User", string(user), "Area", area.NameIn("de"))
		}
		switch c.team {
		case addClerk:
			p.Staffed = true
		case removeClerk:
			p.Staffed, p.Lead, p.Capacity = false, false, 0
		case makeLead, endLead:
			p.Lead = c.team == makeLead
		case setCapacity:
			p.Capacity = c.capacity
		}
		p.SetBy, p.SetAt = admin, now
		if err := tx.SavePosting(p); err != nil {
			return "", false, err
		}
		if c.team == addClerk {
			if err := b.guideNew(tx, user); err != nil {
				return "", false, err
			}
		}
	}
	if c.team == addClerk || c.team == removeClerk {
		var removed []UserID
		if c.team == removeClerk {
			removed = c.users
		}
		if err := b.staffChanged(tx, c.area, removed); err != nil {
			return "", false, err
		}
	}
	table, err := b.timetableIn(tx)
	if err != nil {
		return "", false, err
	}
	text, err := b.showTeams(tx, w, table, c.area)
	return text, true, err
}

// staffChanged has an area's rooms follow its staff. What removed clerks served waits again.
func (b *Bridge) staffChanged(tx Tx, area ServiceAreaID, removed []UserID) error {
	now := b.now()
	_, err := tx.Enqueue(Entry{
		ID: NewID(), Stream: areaStream(area), Kind: SetUpArea, Area: area, Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	if err != nil || len(removed) == 0 {
		return err
	}
	live, err := tx.LiveRooms(area)
	if err != nil {
		return err
	}
	for _, id := range live {
		if err := b.guard(tx, id, area); err != nil {
			return err
		}
		c, err := tx.LockConversation(id)
		if err != nil {
			return err
		}
		if c.Trainee != "" && c.State != Closed && slices.Contains(removed, c.Trainee) {
			if err := b.endTraining(tx, &c, ""); err != nil {
				return err
			}
		}
		if c.Trainee == "" && c.State == Active && slices.Contains(removed, c.ClerkID) {
			if err := b.waitAgain(tx, &c); err != nil {
				return err
			}
		}
	}
	return b.endVisits(tx, removed)
}

// waitAgain puts a conversation that has lost its clerk back into the queue.
func (b *Bridge) waitAgain(tx Tx, c *Conversation) error {
	table, err := b.timetableIn(tx)
	if err != nil {
		return err
	}
	area, _ := table.area(c.Area)
	c.State, c.Clerk, c.ClerkID = Waiting, "", ""
	if err := tx.SaveConversation(*c); err != nil {
		return err
	}
	if err := b.startTurn(tx, *c, area, b.now()); err != nil {
		return err
	}
	if err := b.updateRoom(tx, *c); err != nil {
		return err
	}
	return b.announce(tx, *c, area)
}

func (b *Bridge) showTeams(tx Tx, w *texts, table *timetable, only ServiceAreaID) (string, error) {
	var out []string
	for _, a := range table.areas {
		if only != "" && a.ID != only {
			continue
		}
		out = append(out, a.NameIn("de")+" ("+string(a.ID)+")")
		if len(a.Clerks) == 0 {
			out = append(out, "  "+w.say("state_unstaffed", nil))
		}
		for _, user := range a.Clerks {
			name, err := b.clerkName(tx, user)
			if err != nil {
				return "", err
			}
			parts := []string{name + " (" + string(user) + ")", b.presence(w, a, user)}
			if a.leads(user) {
				parts = append(parts, w.say("team_lead", nil))
			}
			parts = append(parts, w.say("team_capacity", map[string]string{"Capacity": strconv.Itoa(a.CapacityOf(user))}))
			out = append(out, "  "+strings.Join(parts, " · "))
		}
	}
	return strings.Join(out, "\n"), nil
}

// presence says whether a clerk is there.
func (b *Bridge) presence(words *texts, a ServiceArea, user UserID) string {
	p := a.paused[user]
	if !p.Paused {
		return words.say("presence_here", nil)
	}
	key := "presence_paused"
	if p.Automatic {
		key = "presence_auto_paused"
	}
	return words.say(key, map[string]string{"Time": words.clock(p.Since)})
}
