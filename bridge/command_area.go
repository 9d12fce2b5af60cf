package bridge

import (
	"regexp"
	"slices"
	"strings"

	"schalter/bridge/openinghours"
)

// areaOrder is what «!bereich …» asks for; none lists the areas.
type areaOrder string

const (
	newArea    areaOrder = "new"
	nameArea   areaOrder = "name"
	tellArea   areaOrder = "text"
	removeArea areaOrder = "remove"
)

var (
	newWords    = []string{"neu", "new"}
	nameWords   = []string{"name"}
	textWords   = []string{"text", "beschreibung", "description"}
	removeWords = []string{"weg", "remove"}
	// areaForm is a service area's ID; see ServiceAreaID.
	areaForm    = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
	hoursWord   = regexp.MustCompile(`(?i)(?:^|\s)(?:zeiten|hours)\s+`)
	counterWord = regexp.MustCompile(`(?i)\s(?:schalter|counter)\s+`)
	// noIDs are words that mean something else in commands.
	noIDs = []string{"neu", "new", "alle", "all", "in", "for", "config", "name", "text", "beschreibung", "description", "weg", "remove"}
)

// mostName is the longest name of an area, mostDescription the longest sentence about it, in characters.
const mostName, mostDescription = 60, 200

// readArea reads "", "AREA", `neu ID "Name" [fr:"Nom"] [@clerk…] zeiten HOURS [schalter HOURS]`,
// `AREA name [fr:]"Name"…`, `AREA text [fr:]"Description"…` and "AREA weg".
func (c *command) readArea(rest string, areas []ServiceArea, mentioned []UserID) error {
	word, after := firstWord(rest)
	if word == "" {
		return nil
	}
	if slices.Contains(newWords, word) {
		c.areaOrder = newArea
		return c.readNewArea(after, mentioned)
	}
	area, ok := findArea(word, areas)
	if !ok {
		return wrong("area", "Word", clip(word), "Areas", areaList(areas))
	}
	c.area = area
	verb, after := firstWord(after)
	switch {
	case verb == "":
		return nil
	case slices.Contains(removeWords, verb) && after == "":
		c.areaOrder = removeArea
		return nil
	case slices.Contains(nameWords, verb), slices.Contains(textWords, verb):
		most, key := mostName, "area_name"
		if c.areaOrder = nameArea; slices.Contains(textWords, verb) {
			c.areaOrder, most, key = tellArea, mostDescription, "area_text"
		}
		rest, err := c.readNames(fields(after), most, key)
		if err == nil && (len(rest) > 0 || len(c.names) == 0) {
			err = wrong("area_form")
		}
		return err
	}
	return wrong("area_form")
}

func (c *command) readNewArea(rest string, mentioned []UserID) error {
	at := hoursWord.FindStringIndex(rest)
	if at == nil {
		return wrong("area_form")
	}
	head := fields(rest[:at[0]])
	c.spec = strings.TrimSpace(rest[at[1]:])
	if at := counterWord.FindStringIndex(c.spec); at != nil {
		c.spec, c.counterSpec = strings.TrimSpace(c.spec[:at[0]]), strings.TrimSpace(c.spec[at[1]:])
	}
	for _, spec := range []string{c.spec, c.counterSpec} {
		if _, err := openinghours.Parse(spec); spec != "" && err != nil {
			return wrongSpec(spec, err)
		}
	}
	if len(head) == 0 || c.spec == "" || !areaForm.MatchString(head[0].text) || head[0].quoted || slices.Contains(noIDs, head[0].text) {
		return wrong("area_form")
	}
	c.area = ServiceAreaID(head[0].text)
	people, err := c.readNames(head[1:], mostName, "area_name")
	if err != nil || c.names["de"] == "" {
		return wrong("area_form")
	}
	// Clients write a mention as the person's display name.
	c.users = slices.Clone(mentioned)
	for _, w := range people {
		user := UserID(strings.TrimRight(w.text, ","))
		if userForm.MatchString(string(user)) && len(user) <= 255 {
			if !slices.Contains(c.users, user) {
				c.users = append(c.users, user)
			}
		} else if len(mentioned) == 0 {
			return wrong("area_form")
		}
	}
	return nil
}

// readNames takes the texts in quotes off the beginning of words, and returns the rest. One that is empty or
// longer than most is answered by key.
func (c *command) readNames(words []word, most int, key string) ([]word, error) {
	c.names = map[string]string{}
	for len(words) > 0 && words[0].quoted {
		if words[0].text == "" || checkText("name", words[0].text, most, false) != nil {
			return nil, wrong(key)
		}
		c.names[words[0].language] = words[0].text
		words = words[1:]
	}
	return words, nil
}
