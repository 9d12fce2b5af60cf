package bridge

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Page is a web page that clerks show by a short name.
type Page struct {
	Key string
	URL string
	// Title by language; "de" is always set.
	Title map[string]string
}

// pageByOrder shows the citizen a web page: !seite KEY, or !seite URL [title]. Without either it lists
// the pages that the area has a short name for. The page itself is never fetched: what it is called is
// said by the config or by the clerk.
func (b *Bridge) pageByOrder(tx Tx, o order) (string, error) {
	switch {
	case !o.area.Staffs(o.by):
		return o.words.say("wrong_not_staffed", nil), nil
	case o.rest == "":
		return listPages(o), nil
	case o.c.State == Closed:
		return o.words.say("room_closed_already", nil), nil
	}
	card, err := b.pageCard(o)
	if err != nil {
		return "", err
	}
	return b.sendByOrder(tx, o, Message{Event: o.event, Text: card.Title + "\n" + card.URL, Card: &card})
}

func (b *Bridge) pageCard(o order) (Card, error) {
	i := slices.IndexFunc(o.area.Pages, func(p Page) bool { return strings.EqualFold(p.Key, o.rest) })
	if i >= 0 {
		p := o.area.Pages[i]
		address, err := pageURL(p.URL)
		if err != nil {
			return Card{}, err
		}
		return Card{Kind: PageCard, Title: inLanguage(p.Title, o.c.Language), URL: p.URL, Beside: b.isCitys(address)}, nil
	}
	word, title := o.rest, ""
	if n := strings.IndexFunc(word, unicode.IsSpace); n >= 0 {
		word, title = word[:n], strings.Join(strings.Fields(strings.Map(straight, word[n:])), " ")
	}
	if !strings.Contains(word, ":") {
		return Card{}, wrong("page_key", "Name", clip(word), "Names", pageKeys(o.area))
	}
	address, err := pageURL(word)
	if err != nil {
		return Card{}, err
	}
	if utf8.RuneCountInString(title) > MaxCardTitle {
		return Card{}, wrong("page_title")
	}
	if title == "" {
		title = address.Hostname()
	}
	return Card{Kind: PageCard, Title: title, URL: address.String(), Beside: b.isCitys(address)}, nil
}

// straight drops what turns the direction of writing, which could make a title look like another.
func straight(r rune) rune {
	if unicode.Is(unicode.Bidi_Control, r) {
		return -1
	}
	return r
}

// pageURL reads an address that citizens may be shown. The error is a *commandError.
func pageURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "" || len(u.String()) > MaxPageURL:
		return nil, wrong("page")
	case u.User != nil: // «https://www.aarau.ch@example.org» is not the city's
		return nil, wrong("page")
	case u.Scheme == "https", u.Scheme == "http" && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname()):
		return u, nil
	}
	return nil, wrong("page")
}

func (b *Bridge) isCitys(u *url.URL) bool {
	return slices.ContainsFunc(b.pageHosts, func(host string) bool { return strings.EqualFold(host, u.Host) })
}

func pageKeys(a ServiceArea) string {
	var keys []string
	for _, p := range a.Pages {
		keys = append(keys, p.Key)
	}
	if len(keys) == 0 {
		return "–"
	}
	return strings.Join(keys, ", ")
}

func listPages(o order) string {
	if len(o.area.Pages) == 0 {
		return o.words.say("pages_none", nil)
	}
	var out []string
	for _, p := range o.area.Pages {
		out = append(out, "!"+o.words.spell(showPage)+" "+p.Key+" – "+inLanguage(p.Title, o.c.Language)+" · "+p.URL)
	}
	return strings.Join(out, "\n")
}
