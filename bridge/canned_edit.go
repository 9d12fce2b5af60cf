package bridge

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// CannedText is a text that clerks send by name, in one language, as a clerk has made it. It goes before
// the config's.
type CannedText struct {
	Area ServiceAreaID
	// Name is 1 to 40 lower-case letters, digits or hyphens; Language one of Languages.
	Name     string
	Language string
	// Text is at most mostCanned characters; empty when a clerk has taken it away.
	Text  string
	SetBy UserID
	SetAt time.Time
}

// CannedTx is what Tx keeps of the texts that clerks have made.
type CannedTx interface {
	// CannedTexts returns those of an area, without those that were taken away.
	CannedTexts(ServiceAreaID) ([]CannedText, error)
	// SaveCannedText replaces the one of the same area, name and language.
	SaveCannedText(CannedText) error
}

// shelf is an area's texts: those of the config, and over them those that clerks have made.
type shelf struct {
	texts map[string]map[string]string
	// made are the texts that clerks have made, by name.
	made map[string][]CannedText
}

func shelfOf(tx Tx, area ServiceArea) (shelf, error) {
	s := shelf{texts: map[string]map[string]string{}, made: map[string][]CannedText{}}
	for name, texts := range area.Canned {
		s.texts[name] = maps.Clone(texts)
	}
	made, err := tx.CannedTexts(area.ID)
	if err != nil {
		return s, err
	}
	for _, c := range made {
		if s.texts[c.Name] == nil {
			s.texts[c.Name] = map[string]string{}
		}
		s.texts[c.Name][c.Language] = c.Text
		s.made[c.Name] = append(s.made[c.Name], c)
	}
	return s, nil
}

// text is one in a language, else in German, else in whatever it has.
func (s shelf) text(name, lang string) string {
	texts := s.texts[name]
	for _, l := range append([]string{lang}, Languages...) {
		if texts[l] != "" {
			return texts[l]
		}
	}
	return ""
}

func (s shelf) names() string { return strings.Join(slices.Sorted(maps.Keys(s.texts)), ", ") }

// cannedChange is what a clerk does to a text.
type cannedChange string

const (
	makeCanned   cannedChange = "new"
	changeCanned cannedChange = "change"
	dropCanned   cannedChange = "remove"
)

var cannedWords = map[string]cannedChange{
	"neu": makeCanned, "new": makeCanned, "ändern": changeCanned, "aendern": changeCanned, "change": changeCanned,
	"weg": dropCanned, "remove": dropCanned,
}

// mostCanned is the longest text that a clerk can keep, in characters.
const mostCanned = 2000

var (
	cannedName   = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
	placeholders = regexp.MustCompile(`\{[^{}]*\}`)
	fillable     = []string{"{name}", "{nummer}", "{bereich}", "{person}"}
)

// readCanned reads "neu|ändern NAME [fr:] text" and "weg NAME [fr]"; false when it is something else.
func readCanned(rest string) (how cannedChange, name, lang, text string, is bool, err error) {
	word, rest := firstWord(rest)
	how, is = cannedWords[word]
	if !is {
		return "", "", "", "", false, nil
	}
	name, text = firstWord(rest)
	if !cannedName.MatchString(name) || cannedWords[name] != "" {
		return how, "", "", "", true, wrong("canned_form")
	}
	for _, l := range Languages {
		if after, ok := strings.CutPrefix(text, l+":"); ok {
			lang, text = l, strings.TrimSpace(after)
		} else if how == dropCanned && strings.EqualFold(text, l) {
			lang, text = l, ""
		}
	}
	if how == dropCanned {
		if text != "" {
			err = wrong("canned_form")
		}
		return how, name, lang, "", true, err
	}
	if lang == "" {
		lang = Languages[0]
	}
	switch {
	case text == "":
		return how, name, lang, "", true, wrong("canned_form")
	case utf8.RuneCountInString(text) > mostCanned || checkText("text", text, mostCanned, true) != nil || begins(text, "", "!/"):
		return how, name, lang, "", true, wrong("canned_text")
	}
	for _, p := range placeholders.FindAllString(text, -1) {
		if !slices.Contains(fillable, p) {
			return how, name, lang, "", true, wrong("canned_placeholder", "Word", clip(p), "Known", strings.Join(fillable, " "))
		}
	}
	return how, name, lang, text, true, nil
}

// editCanned makes, changes or takes away a text of the area, and says so.
func (b *Bridge) editCanned(tx Tx, o order, s shelf, how cannedChange, name, lang, text string) (string, error) {
	_, known := s.texts[name]
	there := s.texts[name][lang] != ""
	data := map[string]string{"Name": name, "Language": o.words.say("language_"+lang, nil)}
	switch {
	case how == makeCanned && there:
		return "", wrong("canned_there", "Name", name)
	case how == changeCanned && !there || how == dropCanned && !known:
		return "", wrong("canned", "Name", name, "Names", s.names())
	case how != dropCanned:
		return o.words.say("canned_saved", data), tx.SaveCannedText(CannedText{o.area.ID, name, lang, text, o.by, b.now()})
	}
	dropped := false
	for _, c := range s.made[name] {
		if lang != "" && c.Language != lang {
			continue
		}
		dropped = true
		if err := tx.SaveCannedText(CannedText{o.area.ID, name, c.Language, "", o.by, b.now()}); err != nil {
			return "", err
		}
	}
	if !dropped {
		return "", wrong("canned_config", "Name", name)
	}
	if len(o.area.Canned[name]) > 0 {
		return o.words.say("canned_config_again", data), nil
	}
	return o.words.say("canned_gone", data), nil
}
