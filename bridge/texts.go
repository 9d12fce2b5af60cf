package bridge

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"schalter/bridge/openinghours"
)

//go:embed catalogue/*.json
var catalogues embed.FS

// texts are the words that clerks see in Matrix, in the desk's language.
type texts struct {
	lang      string
	localizer *i18n.Localizer
	zone      *time.Location
}

func newTexts(lang string, zone *time.Location) (*texts, error) {
	bundle := i18n.NewBundle(language.MustParse("de-CH"))
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	for _, name := range []string{"de-CH", "fr-CH", "it-CH", "en"} {
		if _, err := bundle.LoadMessageFileFS(catalogues, "catalogue/"+name+".json"); err != nil {
			return nil, fmt.Errorf("read catalogue %s: %w", name, err)
		}
	}
	return &texts{lang: lang, localizer: i18n.NewLocalizer(bundle, lang), zone: zone}, nil
}

// tagOf is a language as Switzerland writes it.
func tagOf(lang string) string {
	switch lang {
	case "en":
		return lang
	case PlainGerman: // the desk's sentences are not written in it
		return "de-CH"
	}
	return lang + "-CH"
}

// say never fails towards its caller: a missing key, which the tests of the catalogues exclude,
// shows as the key.
func (t *texts) say(key string, data map[string]string) string {
	s, err := t.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: data})
	if err != nil {
		return key
	}
	return s
}

// clock is a time of day as written in Switzerland: «8.04».
func (t *texts) clock(at time.Time) string {
	at = at.In(t.zone)
	return fmt.Sprintf("%d.%02d", at.Hour(), at.Minute())
}

// moment is a clock, with the date unless it is today's: «8.04», «7.7.2026, 8.04».
func (t *texts) moment(at, now time.Time) string {
	day := openinghours.DateOf(at.In(t.zone))
	if day == openinghours.DateOf(now.In(t.zone)) {
		return t.clock(at)
	}
	return dateText(day) + ", " + t.clock(at)
}

func (t *texts) citizenName(c Conversation) string {
	if c.Name != "" {
		return c.Name
	}
	return t.say("guest", map[string]string{"Number": strconv.FormatInt(c.Number, 10)})
}

// ghostName ends in « (Chat)», so that no citizen can pose as a colleague.
func (t *texts) ghostName(c Conversation) string {
	if c.Trainee != "" {
		return t.say("training_ghost_name", map[string]string{"Name": c.Name})
	}
	return t.say("ghost_name", map[string]string{"Name": t.citizenName(c)})
}

// roomName carries the state as its first character: Element makes the room's picture from it.
func (t *texts) roomName(c Conversation) string {
	sign := map[State]string{Waiting: "🟡", Active: "🟢", Closed: "⚪"}[c.State]
	if c.Trainee != "" {
		return t.say("training_room_name", map[string]string{"Sign": sign, "Name": c.Name})
	}
	return t.say("room_name", map[string]string{
		"Sign": sign, "Number": strconv.FormatInt(c.Number, 10), "Name": t.citizenName(c),
	})
}

func (t *texts) roomTopic(c Conversation, a ServiceArea) string {
	if c.Trainee != "" {
		return t.area("training_topic", a)
	}
	return t.say("room_topic", map[string]string{"Area": a.NameIn("de"), "Language": t.say("language_"+c.Language, nil)})
}

func (t *texts) area(key string, a ServiceArea) string {
	return t.say(key, map[string]string{"Area": a.NameIn("de")})
}

// ConversationAlias is the alias name of a conversation's room, without sigil and server.
func ConversationAlias(number int64) string { return "schalter_" + strconv.FormatInt(number, 10) }
