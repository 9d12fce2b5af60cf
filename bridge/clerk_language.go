package bridge

import (
	"slices"
	"strings"
)

// ClerkTx is what Tx keeps about how a clerk likes to be answered.
type ClerkTx interface {
	// ClerkLanguage returns "" for whoever has chosen none.
	ClerkLanguage(UserID) (string, error)
	// SetClerkLanguage keeps one of Languages, or forgets for "".
	SetClerkLanguage(UserID, string) error
}

// wordsFor are the words in which a command is answered: those of the language that its writer has
// chosen, else English for an English word, else the desk's. Matrix tells nobody's language.
func (b *Bridge) wordsFor(tx Tx, who UserID, text string) (*texts, error) {
	chosen, err := tx.ClerkLanguage(who)
	if err != nil {
		return nil, err
	}
	if words, known := b.citizens[chosen]; known {
		return words, nil
	}
	if saidInEnglish(text) {
		return b.citizens["en"], nil
	}
	return b.texts, nil
}

// chooseLanguage has a clerk, or an admin, be answered in a language: !sprache fr. What is said to all
// stays in the desk's.
func (b *Bridge) chooseLanguage(tx Tx, words *texts, who UserID, rest string) (string, error) {
	lang, offered := strings.ToLower(rest), slices.DeleteFunc(slices.Clone(Languages), func(l string) bool { return l == PlainGerman })
	switch {
	case lang == "aus" || lang == "off":
		return words.say("language_off", nil), tx.SetClerkLanguage(who, "")
	case !slices.Contains(offered, lang):
		return "", wrong("language", "Languages", strings.Join(offered, ", "))
	}
	return b.citizens[lang].say("language_set", nil), tx.SetClerkLanguage(who, lang)
}

func (b *Bridge) languageByOrder(tx Tx, o order) (string, error) {
	return b.chooseLanguage(tx, o.words, o.by, o.rest)
}
