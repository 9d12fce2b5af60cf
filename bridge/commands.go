package bridge

import (
	"slices"
	"strings"
	"unicode"
)

// verb is what a command asks for. Its texts in the catalogues are brief_… and detail_….
type verb string

// The verbs.
const (
	askHelp verb = "help"

	// In a conversation's room.
	takeChat   verb = "take"
	passChat   verb = "pass"
	addToChat  verb = "add"
	writeNote  verb = "note"
	cannedText verb = "canned"
	showPage   verb = "page"
	askForFile verb = "document"
	sendForm   verb = "form"
	askWhere   verb = "location"
	fileChat   verb = "protocol"
	closeChat  verb = "close"
	reopenChat verb = "reopen"
	blockChat  verb = "block"

	// In a lobby, and in a conversation's room.
	pauseClerk  verb = "pause"
	clerkBack   verb = "back"
	whoIsThere  verb = "who"
	showQueue   verb = "queue"
	deskHours   verb = "desk_hours"
	setLanguage verb = "language"
	doneRequest verb = "done"  // in a lobby only
	startTrain  verb = "train" // in a lobby only

	// In the admin room.
	showHours      verb = "hours"
	addException   verb = "exception"
	listExceptions verb = "exceptions"
	confirmChange  verb = "confirm"
	undoChange     verb = "undo"
	manageTeam     verb = "team"
	manageArea     verb = "area"

	// In the admin room, and in a lobby.
	manageBlocks verb = "blocks"
)

// place is where a command is given.
type place string

// The places.
const (
	inRoom  place = "room"
	inLobby place = "lobby"
	inAdmin place = "admin"
)

// spelling is a command as people write it, behind a «!»: in German, with an English twin, and what
// else is meant by it, such as what German keyboards write without umlauts.
type spelling struct {
	verb verb
	de   string
	en   string
	also []string
	in   []place
}

// spellings are all commands, in the order of the help. README has the same list, with who may use
// what and what the citizen sees; a test holds the two together.
var spellings = []spelling{
	{takeChat, "nehmen", "take", nil, []place{inRoom}},
	{passChat, "weiter", "pass", nil, []place{inRoom}},
	{addToChat, "dazu", "add", nil, []place{inRoom}},
	{writeNote, "notiz", "note", nil, []place{inRoom}},
	{cannedText, "baustein", "canned", []string{"bausteine"}, []place{inRoom, inLobby}},
	{showPage, "seite", "page", []string{"seiten", "pages"}, []place{inRoom}},
	{askForFile, "dokument", "document", []string{"dokumente", "documents"}, []place{inRoom}},
	{sendForm, "formular", "form", []string{"formulare", "forms"}, []place{inRoom}},
	{askWhere, "wo", "where", nil, []place{inRoom}},
	{fileChat, "protokoll", "protocol", nil, []place{inRoom}},
	{closeChat, "zu", "close", nil, []place{inRoom}},
	{reopenChat, "auf", "reopen", nil, []place{inRoom}},
	{blockChat, "sperren", "block", []string{"sperre"}, []place{inRoom}},
	{doneRequest, "erledigt", "done", nil, []place{inLobby}},
	{startTrain, "übung", "training", []string{"uebung", "ueben", "üben", "train"}, []place{inLobby}},
	{pauseClerk, "pause", "break", nil, []place{inLobby, inRoom}},
	{clerkBack, "da", "back", nil, []place{inLobby, inRoom}},
	{whoIsThere, "wer", "who", nil, []place{inLobby, inRoom}},
	{showQueue, "warteschlange", "queue", nil, []place{inLobby, inRoom}},
	{deskHours, "stunden", "hours", nil, []place{inLobby, inRoom}},
	{setLanguage, "sprache", "language", nil, []place{inLobby, inRoom, inAdmin}},

	{showHours, "stunden", "hours", nil, []place{inAdmin}},
	{addException, "ausnahme", "exception", nil, []place{inAdmin}},
	{listExceptions, "ausnahmen", "exceptions", nil, []place{inAdmin}},
	{confirmChange, "ja", "yes", []string{"bestätigen", "bestaetigen", "confirm"}, []place{inAdmin}},
	{undoChange, "zurück", "undo", []string{"zurueck"}, []place{inAdmin}},
	{manageTeam, "team", "staff", nil, []place{inAdmin}},
	{manageArea, "bereich", "area", []string{"bereiche", "areas"}, []place{inAdmin}},
	{manageBlocks, "sperren", "block", []string{"sperre"}, []place{inLobby, inAdmin}},

	{askHelp, "hilfe", "help", nil, []place{inRoom, inLobby, inAdmin}},
}

// vocabulary is the commands of one place, by every word for them.
type vocabulary map[string]spelling

var vocabularies = func() map[place]vocabulary {
	all := map[place]vocabulary{inRoom: {}, inLobby: {}, inAdmin: {}}
	for _, s := range spellings {
		for _, p := range s.in {
			for _, word := range s.words() {
				all[p][word] = s
			}
		}
	}
	return all
}()

func (s spelling) words() []string { return append([]string{s.de, s.en}, s.also...) }

// in is the command's word in a language: German, or English for all others.
func (s spelling) word(lang string) string {
	if strings.HasPrefix(lang, "de") {
		return s.de
	}
	return s.en
}

// spell is the word of a command in the language of the words.
func (w *texts) spell(v verb) string {
	i := slices.IndexFunc(spellings, func(s spelling) bool { return s.verb == v })
	return spellings[i].word(w.lang)
}

// read splits a text that begins with "!" into its verb and the rest. The error is a *commandError.
func (v vocabulary) read(text string) (verb, string, error) {
	word, rest := firstWord(text)
	s, known := v[word]
	if !known {
		return "", "", wrong("verb", "Verb", clip(word))
	}
	return s.verb, rest, nil
}

// firstWord is the word of a command, without «!» and in lower case, and what stands behind it.
func firstWord(text string) (word, rest string) {
	word = strings.TrimPrefix(strings.TrimSpace(strings.TrimLeftFunc(text, unseen)), "!")
	if i := strings.IndexFunc(word, unicode.IsSpace); i >= 0 {
		word, rest = word[:i], strings.TrimSpace(word[i:])
	}
	return strings.ToLower(word), rest
}

// saidInEnglish reports whether a text begins with the English word of a command.
func saidInEnglish(text string) bool {
	word, _ := firstWord(text)
	return slices.ContainsFunc(spellings, func(s spelling) bool { return s.en == word })
}

// line is a command, or two, with what it does.
type line struct{ Word, Brief string }

// briefs are what can be done in a place.
func (w *texts) briefs(p place) []line {
	var out []line
	for _, s := range spellings {
		if !slices.Contains(s.in, p) || s.verb == askHelp || s.verb == clerkBack {
			continue
		}
		word := "!" + s.word(w.lang)
		if s.verb == pauseClerk { // one line for the two
			word += " / !" + w.spell(clerkBack)
		}
		out = append(out, line{word, w.say("brief_"+string(s.verb), nil)})
	}
	return out
}

// help is what can be done in a place, a short line each; about one command, named in rest, it says
// everything. data is what the texts name beside.
func (w *texts) help(p place, rest string, data map[string]string) (string, error) {
	if word, _ := firstWord(rest); word != "" {
		s, known := vocabularies[p][word]
		if !known {
			return "", wrong("verb", "Verb", clip(word))
		}
		return w.say("detail_"+string(s.verb), data), nil
	}
	var out []string
	if p == inLobby {
		out = append(out, w.say("brief_button", nil))
	}
	for _, l := range w.briefs(p) {
		out = append(out, l.Word+" – "+l.Brief)
	}
	return strings.Join(append(out, w.say("help_more_"+string(p), data)), "\n"), nil
}
