package bridge

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// Posting is what an admin has set about one person in one service area. It wins over the config.
type Posting struct {
	Area ServiceAreaID
	User UserID
	// Staffed: a clerk of the area, or none any more.
	Staffed bool
	Lead    bool
	// Capacity is how many chats the clerk serves at once; 0 means the area's.
	Capacity int
	SetBy    UserID
	SetAt    time.Time
}

// Pause is how a clerk stands to being offered chats, in all areas.
type Pause struct {
	User   UserID
	Paused bool
	// Automatic: the clerk did not say so, but left offers unanswered.
	Automatic bool
	Since     time.Time
	// Unanswered counts the offers in a row that nobody took while this clerk was asked.
	Unanswered int
}

// Staff is what is set about clerks beside the config.
type Staff struct {
	// Postings in the order in which they were set, Pauses of those who are away.
	Postings []Posting
	Pauses   []Pause
}

// Clerks are an area's clerks: those of the config, and what admins have set over it.
func (s Staff) Clerks(area ServiceAreaID, configured []UserID) []UserID {
	out := slices.Clone(configured)
	for _, p := range s.Postings {
		if p.Area != area {
			continue
		}
		if !p.Staffed {
			out = slices.DeleteFunc(out, func(u UserID) bool { return u == p.User })
		} else if !slices.Contains(out, p.User) {
			out = append(out, p.User)
		}
	}
	return out
}

// StaffStore is what Store keeps about clerks.
type StaffStore interface {
	Staff(context.Context) (Staff, error)
}

// StaffTx is StaffStore within a transaction. What is saved raises the version of what is in force
// (HoursVersion).
type StaffTx interface {
	Staff() (Staff, error)
	SavePosting(Posting) error
	// Pause returns the zero value with the user when nothing is known.
	Pause(UserID) (Pause, error)
	SavePause(Pause) error
	// LiveRooms are the conversations of an area with a room that has not been left.
	LiveRooms(ServiceAreaID) ([]ConversationID, error)
}

// DefaultCapacity is how many chats a clerk serves at once where nothing else is said.
const DefaultCapacity = 5

// staffed is the timetable with the clerks who are in force: those of the config, what admins have
// set over it, less who is away.
func (t *timetable) staffed(s Staff) *timetable {
	paused := make(map[UserID]Pause, len(s.Pauses))
	for _, p := range s.Pauses {
		paused[p.User] = p
	}
	for i := range t.areas {
		a := &t.areas[i]
		a.Clerks, a.Leads, a.paused = s.Clerks(a.ID, a.Clerks), slices.Clone(a.Leads), paused
		a.capacities = map[UserID]int{}
		for _, p := range s.Postings {
			if p.Area != a.ID {
				continue
			}
			a.Leads = slices.DeleteFunc(a.Leads, func(u UserID) bool { return u == p.User })
			if p.Staffed && p.Lead {
				a.Leads = append(a.Leads, p.User)
			}
			if p.Staffed && p.Capacity > 0 {
				a.capacities[p.User] = p.Capacity
			}
		}
	}
	return t
}

// Staffs reports whether user is a clerk of this area.
func (a ServiceArea) Staffs(user UserID) bool { return slices.Contains(a.Clerks, user) }

// Leads reports whether user is told when a chat waits far too long.
func (a ServiceArea) leads(user UserID) bool { return slices.Contains(a.Leads, user) }

// Available are the clerks who are not away, in the area's order.
func (a ServiceArea) Available() []UserID {
	var out []UserID
	for _, c := range a.Clerks {
		if !a.paused[c].Paused {
			out = append(out, c)
		}
	}
	return out
}

// CapacityOf is how many chats a clerk serves at once.
func (a ServiceArea) CapacityOf(user UserID) int {
	return cmp.Or(a.capacities[user], a.Capacity, DefaultCapacity)
}

// posting is what is in force about a clerk, as an admin would have set it.
func (a ServiceArea) posting(user UserID) Posting {
	return Posting{Area: a.ID, User: user, Staffed: a.Staffs(user), Lead: a.leads(user), Capacity: a.capacities[user]}
}

// isOurs reports whether a user ID is one that the bridge itself speaks with.
func (b *Bridge) isOurs(user UserID) bool {
	return user == b.rooms.BotID() || strings.HasPrefix(string(user), "@citizen_") || strings.HasPrefix(string(user), "@schalter_")
}
