package bridge

import (
	"slices"
	"strconv"
	"strings"
)

// obeyClerk does what a clerk of an area says in its lobby, or in one of its conversations, and
// returns the answer. changed: who is there is different now.
func (b *Bridge) obeyClerk(tx Tx, area ServiceArea, clerk UserID, v verb, words *texts) (answer string, changed bool, err error) {
	switch v {
	case pauseClerk, clerkBack:
		answer, err = b.setPause(tx, words, clerk, v == pauseClerk)
		return answer, err == nil, err
	case whoIsThere:
		answer, err = b.whoIsThere(tx, words, area)
		return answer, false, err
	case showQueue:
		answer, err = b.showQueue(tx, words, area)
		return answer, false, err
	case deskHours:
		table, err := b.timetableIn(tx)
		if err != nil {
			return "", false, err
		}
		answer, err = b.show(tx, words, table, area.ID, b.now().In(b.zone))
		return answer, false, err
	}
	return "", false, wrong("verb", "Verb", string(v))
}

// setPause says that a clerk is away, or back. It counts in all areas, until the other is said.
func (b *Bridge) setPause(tx Tx, words *texts, clerk UserID, away bool) (string, error) {
	p, err := tx.Pause(clerk)
	if err != nil {
		return "", err
	}
	if p.Paused != away || p.Automatic {
		p.Since = b.now()
	}
	p.Paused, p.Automatic, p.Unanswered = away, false, 0
	if err := tx.SavePause(p); err != nil {
		return "", err
	}
	name, err := b.clerkName(tx, clerk)
	key := "clerk_back"
	if away {
		key = "clerk_paused"
	}
	return words.say(key, map[string]string{"Name": name, "Time": words.clock(p.Since)}), err
}

// whoIsThere lists an area's clerks: those who are there first.
func (b *Bridge) whoIsThere(tx Tx, words *texts, area ServiceArea) (string, error) {
	clerks := slices.Clone(area.Clerks)
	slices.SortStableFunc(clerks, func(x, y UserID) int {
		away := func(u UserID) int {
			if area.paused[u].Paused {
				return 1
			}
			return 0
		}
		return away(x) - away(y)
	})
	loads, err := tx.Loads()
	if err != nil {
		return "", err
	}
	var out []string
	for _, user := range clerks {
		name, err := b.clerkName(tx, user)
		if err != nil {
			return "", err
		}
		out = append(out, name+": "+b.presence(words, area, user)+" · "+words.say("who_load", map[string]string{
			"Load": strconv.Itoa(loads[user]), "Capacity": strconv.Itoa(area.CapacityOf(user)),
		}))
	}
	return strings.Join(out, "\n"), nil
}

// mostListed is how many chats !warteschlange lists.
const mostListed = 20

// showQueue lists the chats that wait in an area, the oldest first.
func (b *Bridge) showQueue(tx Tx, words *texts, area ServiceArea) (string, error) {
	waiting, err := tx.Waiting(mostWaiting)
	if err != nil {
		return "", err
	}
	var out []string
	for _, w := range waiting {
		if w.Area != area.ID {
			continue
		}
		if len(out) == mostListed {
			out = append(out, "…")
			break
		}
		out = append(out, words.say("queue_line", map[string]string{
			"Number": strconv.FormatInt(w.Number, 10), "Time": words.clock(w.Since), "Minutes": strconv.Itoa(int(b.now().Sub(w.Since).Minutes())),
			"Link": b.rooms.AliasFor(ConversationAlias(w.Number)),
		}))
	}
	if len(out) == 0 {
		return words.say("queue_empty", nil), nil
	}
	return strings.Join(out, "\n"), nil
}
