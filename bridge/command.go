package bridge

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"schalter/bridge/openinghours"
)

// command is one line of the admin room, understood.
type command struct {
	verb verb
	// area is empty for all areas.
	area ServiceAreaID
	// counter: the hours of the counter are meant, not those of the chat.
	counter bool
	// spec is the new hours; reset asks for those of the config again.
	spec      string
	reset     bool
	exception openinghours.Exception
	// number of a change; 0 when none was given.
	number int64
	// team is what shall happen to users in the area; "" shows the team.
	team     teamChange
	users    []UserID
	capacity int
	// areaOrder is what shall happen to the area; "" lists. names are by language, or its
	// descriptions; counterSpec is the hours of a new area's counter.
	areaOrder   areaOrder
	names       map[string]string
	counterSpec string
	// rest is the command that help is asked for, or a language, or what is said of blocks; may be empty.
	rest string
}

// commandError is a line that was not understood: key of the answer, and what it names.
type commandError struct {
	key  string
	data map[string]string
}

func (e *commandError) Error() string { return e.key }

func wrong(key string, data ...string) error {
	e := &commandError{key: "wrong_" + key, data: map[string]string{}}
	for i := 0; i+1 < len(data); i += 2 {
		e.data[data[i]] = data[i+1]
	}
	return e
}

// parseCommand understands a line that begins with "!". today is the city's date; areas are those
// of the config; mentioned are the people whom the message mentions. The error is a *commandError.
func parseCommand(line string, today openinghours.Date, areas []ServiceArea, mentioned ...UserID) (command, error) {
	is, rest, err := vocabularies[inAdmin].read(line)
	c := command{verb: is}
	if err != nil {
		return c, err
	}
	switch c.verb {
	case askHelp, setLanguage, manageBlocks:
		c.rest = rest
	case showHours:
		return c, c.readHours(rest, areas)
	case manageArea:
		return c, c.readArea(rest, areas, mentioned)
	case manageTeam:
		return c, c.readTeam(rest, areas, mentioned)
	case addException:
		return c, c.readException(rest, today, areas)
	case confirmChange, undoChange:
		if rest == "" && c.verb == undoChange {
			return c, nil
		}
		n, err := strconv.ParseInt(strings.TrimPrefix(rest, "#"), 10, 64)
		if err != nil || n < 1 {
			return c, wrong("number")
		}
		c.number = n
	}
	return c, nil
}

// readHours reads "[area] [schalter] [spec|config]". The hours are the rest of the line as it is:
// quotes belong to them.
func (c *command) readHours(rest string, areas []ServiceArea) error {
	if rest == "" {
		return nil
	}
	word, rest, _ := strings.Cut(rest, " ")
	area, ok := findArea(word, areas)
	if !ok {
		return wrong("area", "Word", clip(word), "Areas", areaList(areas))
	}
	c.area, c.spec = area, strings.TrimSpace(rest)
	first, after, _ := strings.Cut(c.spec, " ")
	if w := strings.ToLower(first); w == "schalter" || w == "counter" {
		c.counter, c.spec = true, strings.TrimSpace(after)
	}
	if strings.EqualFold(c.spec, "config") {
		c.reset, c.spec = true, ""
	}
	if _, err := openinghours.Parse(c.spec); c.spec != "" && err != nil {
		return wrongSpec(c.spec, err)
	}
	return nil
}

func wrongSpec(spec string, err error) error {
	var syntax *openinghours.SyntaxError
	if !errors.As(err, &syntax) {
		return wrong("spec", "Position", "1", "Message", err.Error(), "Hint", "", "Rest", clip(spec))
	}
	return wrong("spec", "Position", strconv.Itoa(1+utf8.RuneCountInString(spec[:syntax.Offset])),
		"Message", syntax.Message, "Hint", syntax.Hint, "Rest", clip(spec[syntax.Offset:]))
}

// readException reads "date[..date] zu|times [comment] [fr:comment] [area]".
func (c *command) readException(rest string, today openinghours.Date, areas []ServiceArea) error {
	words := fields(rest)
	if len(words) == 0 {
		return wrong("exception")
	}
	x := &c.exception
	words, ok := readDates(words, today, x)
	if !ok {
		return wrong("date", "Word", clip(words[0].text))
	}
	var err error
	if x.To.Compare(x.From) < 0 || x.To.Compare(today) < 0 || x.To.Compare(x.From) > 400 {
		return wrong("range", "From", dateText(x.From), "To", dateText(x.To))
	}
	if len(words) == 0 {
		return wrong("exception")
	}
	if closedWords[strings.ToLower(words[0].text)] && !words[0].quoted {
		words = words[1:]
	} else {
		var times []string
		for len(words) > 0 && !words[0].quoted && timesForm.MatchString(words[0].text) {
			times = append(times, strings.Trim(words[0].text, ","))
			words = words[1:]
		}
		text := clockForm.ReplaceAllStringFunc(strings.ReplaceAll(strings.Join(times, ","), "–", "-"), fullClock)
		if x.Times, err = openinghours.ParseTimes(text); err != nil || len(times) == 0 {
			return wrong("times")
		}
	}
	for _, w := range words {
		if err := c.readRest(w, areas); err != nil {
			return err
		}
	}
	return nil
}

func (c *command) readRest(w word, areas []ServiceArea) error {
	if w.quoted {
		if err := checkText("comment", w.text, 200, false); err != nil {
			return wrong("comment")
		}
		if c.exception.Comment == nil {
			c.exception.Comment = map[string]string{}
		}
		c.exception.Comment[w.language] = w.text
		return nil
	}
	if area, ok := findArea(w.text, areas); ok && c.area == "" {
		c.area = area
		return nil
	}
	switch strings.ToLower(w.text) {
	case "alle", "all", "in", "für", "for":
		return nil
	}
	return wrong("word", "Word", clip(w.text), "Areas", areaList(areas))
}

var (
	closedWords = map[string]bool{"zu": true, "geschlossen": true, "closed": true, "off": true}
	timesForm   = regexp.MustCompile(`^[0-9]{1,2}([:.][0-9]{2})?[-–][0-9]{1,2}([:.][0-9]{2})?(,.*)?$`)
	clockForm   = regexp.MustCompile(`[0-9]{1,2}([:.][0-9]{2})?`)
	swissDate   = regexp.MustCompile(`^([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})$`)
	rangeForm   = regexp.MustCompile(`^(.+?)(?:\.\.|–)(.+)$`)
)

// fullClock makes "8", "8.30" and "08:30" a time as the notation wants it.
func fullClock(s string) string {
	hour, minute, ok := strings.Cut(strings.ReplaceAll(s, ".", ":"), ":")
	if !ok {
		minute = "00"
	}
	if len(hour) == 1 {
		hour = "0" + hour
	}
	return hour + ":" + minute
}

// word is a word of a line, or what stood in quotes, with the language before them.
type word struct {
	text     string
	quoted   bool
	language string
}

// quotes are pairs: what keyboards and clients make of them.
var quotes = map[rune]string{'"': `"”“`, '„': `“”"`, '“': `”“"`, '”': `”"`, '«': `»`, '»': `«`}

// fields splits a line at blanks outside quotes.
func fields(s string) []word {
	var out []word
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		lang := "de"
		for _, l := range Languages {
			if after, ok := strings.CutPrefix(s, l+":"); ok && after != "" {
				if r, _ := utf8.DecodeRuneInString(after); quotes[r] != "" {
					lang, s = l, after
				}
				break
			}
		}
		first, size := utf8.DecodeRuneInString(s)
		if closing := quotes[first]; closing != "" {
			inside := s[size:]
			end := strings.IndexAny(inside, closing)
			if end < 0 {
				end = len(inside)
			}
			out = append(out, word{strings.TrimSpace(inside[:end]), true, lang})
			_, size = utf8.DecodeRuneInString(inside[end:])
			s = inside[end+size:]
			continue
		}
		end := strings.IndexFunc(s, unicode.IsSpace)
		if end < 0 {
			end = len(s)
		}
		out = append(out, word{text: s[:end]})
		s = s[end:]
	}
	return out
}

func clip(s string) string { return clipTo(s, 40) }

// clipTo shortens a text to so many characters.
func clipTo(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func findArea(word string, areas []ServiceArea) (ServiceAreaID, bool) {
	for _, a := range areas {
		if strings.EqualFold(word, string(a.ID)) || strings.EqualFold(word, a.NameIn("de")) {
			return a.ID, true
		}
	}
	return "", false
}

func areaList(areas []ServiceArea) string {
	ids := make([]string, len(areas))
	for i, a := range areas {
		ids[i] = string(a.ID)
	}
	return strings.Join(ids, ", ")
}

func dateText(d openinghours.Date) string {
	return fmt.Sprintf("%d.%d.%d", d.Day, int(d.Month), d.Year)
}

// readDate reads a date as people write it.
func readDate(s string, today openinghours.Date) (openinghours.Date, bool) {
	switch strings.ToLower(s) {
	case "heute", "today":
		return today, true
	case "morgen", "tomorrow":
		return today.AddDays(1), true
	}
	if m := swissDate.FindStringSubmatch(s); m != nil {
		t, err := time.Parse("2.1.2006", s)
		return openinghours.DateOf(t), err == nil
	}
	d, err := openinghours.ParseDate(s)
	return d, err == nil
}

// readDates reads one date or a range, and returns the words behind; false with the word that is
// no date in front.
func readDates(words []word, today openinghours.Date, into *openinghours.Exception) ([]word, bool) {
	from, to := words[0].text, ""
	words = words[1:]
	if m := rangeForm.FindStringSubmatch(from); m != nil {
		from, to = m[1], m[2]
	} else if len(words) > 1 {
		switch strings.ToLower(words[0].text) {
		case "bis", "to", "-", "–":
			to, words = words[1].text, words[2:]
		}
	}
	var ok bool
	if into.From, ok = readDate(from, today); !ok {
		return []word{{text: from}}, false
	}
	into.To = into.From
	if to == "" {
		return words, true
	}
	if into.To, ok = readDate(to, today); !ok {
		return []word{{text: to}}, false
	}
	return words, true
}
