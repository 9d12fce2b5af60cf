package webchat

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"schalter/bridge"
)

//go:embed catalogue/*.json
var catalogues embed.FS

// catalogueOf is the catalogue of each of bridge.Languages.
var catalogueOf = map[string]string{"de": "de-CH", "fr": "fr-CH", "it": "it-CH", "en": "en", bridge.PlainGerman: "de-CH-simple"}

// texts are the sentences that citizens read in problems.
type texts map[string]*i18n.Localizer

func newTexts() (texts, error) {
	t := texts{}
	for _, lang := range bridge.Languages {
		tag := catalogueOf[lang]
		// A bundle for each: to a matcher of languages, Leichte Sprache is German.
		bundle := i18n.NewBundle(language.MustParse(tag))
		bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
		if _, err := bundle.LoadMessageFileFS(catalogues, "catalogue/"+tag+".json"); err != nil {
			return nil, fmt.Errorf("read catalogue %s: %w", tag, err)
		}
		t[lang] = i18n.NewLocalizer(bundle, tag)
	}
	return t, nil
}

// say never fails towards its caller: a missing key, which a test excludes, shows as the key.
func (t texts) say(lang, key string, data map[string]string) string {
	text, err := t[lang].Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: data})
	if err != nil {
		return key
	}
	return text
}

func (t texts) title(lang string, k kind) string { return t.say(lang, "title_"+k.name, nil) }

func (t texts) detail(lang string, p problem) string {
	switch {
	case p.reason == "":
		return t.say(lang, "detail_"+p.kind.name, nil)
	case p.field == "":
		return t.say(lang, "reason_"+p.reason, nil)
	default:
		return t.say(lang, "detail_field", map[string]string{"Field": p.field, "Reason": t.say(lang, "reason_"+p.reason, nil)})
	}
}

// languageKey holds, in a request's context, the language that its body or conversation names.
const languageKey = "language"

// matcher knows what browsers can be set to, in the order of bridge.Languages.
var matcher = language.NewMatcher([]language.Tag{language.German, language.French, language.Italian, language.English})

// languageOf is the language of a request: its lang parameter, else what its body or conversation
// names, else what the browser accepts, else German.
func languageOf(c *gin.Context) string {
	for _, lang := range []string{c.Query("lang"), c.GetString(languageKey)} {
		if slices.Contains(bridge.Languages, lang) {
			return lang
		}
	}
	return acceptedLanguage(c)
}

func acceptedLanguage(c *gin.Context) string {
	tags, _, err := language.ParseAcceptLanguage(c.GetHeader("Accept-Language"))
	if err != nil || len(tags) == 0 {
		return bridge.Languages[0]
	}
	_, i, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return bridge.Languages[0]
	}
	return bridge.Languages[i]
}
