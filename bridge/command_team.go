package bridge

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// teamChange is what «!team BEREICH …» asks for; none shows the team.
type teamChange string

const (
	addClerk    teamChange = "add"
	removeClerk teamChange = "remove"
	makeLead    teamChange = "lead"
	endLead     teamChange = "no_lead"
	setCapacity teamChange = "capacity"
)

var teamWords = map[string]teamChange{
	"+": addClerk, "-": removeClerk, "–": removeClerk, "−": removeClerk,
	"leitung": makeLead, "lead": makeLead, "+leitung": makeLead, "+lead": makeLead,
	"-leitung": endLead, "-lead": endLead, "–leitung": endLead,
	"kapazität": setCapacity, "kapazitaet": setCapacity, "capacity": setCapacity,
}

// mostCapacity is the most chats that one clerk can be given at once.
const mostCapacity = 50

// userForm is a Matrix user ID (specification, appendix "User Identifiers").
var userForm = regexp.MustCompile(`^@[A-Za-z0-9._=/+-]+:[A-Za-z0-9.:\[\]-]+$`)

// readTeam reads "area [+|-|lead|-lead|capacity N] user…". Clients write a mention as the person's
// display name, so words that are no user IDs are taken for the names of those who are mentioned.
func (c *command) readTeam(rest string, areas []ServiceArea, mentioned []UserID) error {
	words := strings.Fields(rest)
	if len(words) == 0 {
		return nil
	}
	area, ok := findArea(words[0], areas)
	if !ok {
		return wrong("area", "Word", clip(words[0]), "Areas", areaList(areas))
	}
	c.area, words = area, words[1:]
	if len(words) == 0 {
		return nil
	}
	verb, known := teamWords[strings.ToLower(words[0])]
	words = words[1:]
	if known && verb == setCapacity && len(words) > 0 {
		n, err := strconv.Atoi(words[0])
		if err != nil || n < 1 || n > mostCapacity {
			return wrong("capacity")
		}
		c.capacity, words = n, words[1:]
	}
	for _, w := range words {
		if user := strings.TrimRight(w, ","); userForm.MatchString(user) && len(user) <= 255 {
			c.users = append(c.users, UserID(user))
		}
	}
	for _, user := range mentioned {
		if !slices.Contains(c.users, user) {
			c.users = append(c.users, user)
		}
	}
	if !known || len(words) == 0 || len(c.users) == 0 || verb == setCapacity && c.capacity == 0 {
		return wrong("team", "Area", string(area))
	}
	c.team = verb
	return nil
}
