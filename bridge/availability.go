package bridge

import (
	"slices"
	"strings"
)

// deskVerb is a command that clerks give in the lobby.
type deskVerb string

const (
	pauseClerk deskVerb = "pause"
	clerkBack  deskVerb = "back"
	whoIsThere deskVerb = "who"
	deskHelp   deskVerb = "help"
)

// deskVerbs are German, with English twins: english says that the answer is English too.
var deskVerbs = map[string]struct {
	verb    deskVerb
	english bool
}{
	"pause": {pauseClerk, false}, "break": {pauseClerk, true},
	"da": {clerkBack, false}, "back": {clerkBack, true},
	"wer": {whoIsThere, false}, "who": {whoIsThere, true},
	"hilfe": {deskHelp, false}, "help": {deskHelp, true},
}

// deskCommand reads a line that a clerk wrote in the lobby; false when it is no command.
func deskCommand(text string) (verb deskVerb, english, is bool) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "!") {
		return "", false, false
	}
	word, _, _ := strings.Cut(text[1:], " ")
	known := deskVerbs[strings.ToLower(word)]
	return known.verb, known.english, true
}

// obeyClerk does what a clerk of an area says in its lobby, or in one of its conversations, and
// returns the answer. changed: who is there is different now. Empty verb: not understood.
func (b *Bridge) obeyClerk(tx Tx, area ServiceArea, clerk UserID, verb deskVerb, english bool) (answer string, changed bool, err error) {
	words := b.texts
	if english {
		words = b.citizens["en"]
	}
	switch verb {
	case pauseClerk, clerkBack:
		answer, err = b.setPause(tx, words, clerk, verb == pauseClerk)
		return answer, err == nil, err
	case whoIsThere:
		answer, err = b.whoIsThere(tx, words, area)
		return answer, false, err
	case deskHelp:
		return words.say("lobby_help", nil), false, nil
	}
	return words.say("wrong_lobby", nil), false, nil
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
	var out []string
	for _, user := range clerks {
		name, err := b.clerkName(tx, user)
		if err != nil {
			return "", err
		}
		out = append(out, name+": "+b.presence(words, area, user))
	}
	return strings.Join(out, "\n"), nil
}
