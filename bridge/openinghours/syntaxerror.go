package openinghours

import (
	"fmt"
	"strings"
)

// SyntaxError says where and why a value cannot be used, and what to write instead.
type SyntaxError struct {
	Offset  int    // byte at which the trouble starts, 0 to the length of the value
	Message string // one English sentence part, no full stop
	Hint    string // what to write instead; never empty
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("opening_hours, byte %d: %s; %s", e.Offset, e.Message, e.Hint)
}

// Hints for what the specification knows and this package refuses.
const (
	hintVariableTime = "write a clock time, as in 08:00-18:00"
	hintOpenEnd      = "write when it closes, as in 18:00-22:00"
	hintPointInTime  = "write a span with a start and an end, as in 10:00-12:00"
	hintTime         = "write hours and minutes, as in 08:00-11:30"
	hintOrder        = "the order in a rule is: years, dates, week, holidays and weekdays, times, state, comment"
	hintComment      = "put the comment in double quotes at the end of the rule, after times and state"
)

// wordHint guesses what a word that is no token was meant to be. The key is lower
// case, without a full stop at its end.
func wordHint(word string) string {
	w := strings.ToLower(word)
	if code, ok := foreignWords[w]; ok {
		return "write " + code
	}
	if len(w) >= 3 {
		for _, code := range append(weekdayCodes[:], monthCodes[1:]...) {
			if full, ok := fullNames[code]; ok && strings.HasPrefix(full, w) {
				return "write " + code
			}
		}
	}
	return "weekdays are Mo, Tu, We, Th, Fr, Sa, Su; months Jan to Dec; holidays PH; states open, off, unknown"
}

var fullNames = map[string]string{
	"Mo": "monday", "Tu": "tuesday", "We": "wednesday", "Th": "thursday",
	"Fr": "friday", "Sa": "saturday", "Su": "sunday",
	"Jan": "january", "Feb": "february", "Mar": "march", "Apr": "april", "May": "may",
	"Jun": "june", "Jul": "july", "Aug": "august", "Sep": "september",
	"Oct": "october", "Nov": "november", "Dec": "december",
}

var foreignWords = map[string]string{
	"di": "Tu", "mi": "We", "do": "Th", "so": "Su",
	"montag": "Mo", "dienstag": "Tu", "mittwoch": "We", "donnerstag": "Th",
	"freitag": "Fr", "samstag": "Sa", "sonntag": "Su",
	"lu": "Mo", "ma": "Tu", "me": "We", "je": "Th", "ve": "Fr", "sam": "Sa", "dim": "Su",
	"gi": "Th", "mar": "Mar", "mär": "Mar", "märz": "Mar", "mai": "May", "okt": "Oct", "dez": "Dec",
	"ostern": "easter", "feiertag": "PH", "feiertage": "PH", "ferien": "SH", "schulferien": "SH",
	"kw": "week", "woche": "week", "weeks": "week",
	"geschlossen": "off", "zu": "off", "close": "off", "offen": "open", "auf": "open",
	"immer": "24/7", "und": "a comma between days, as in Mo,We", "bis": "- between days or times, as in Mo-Fr",
	"and": "a comma between days, as in Mo,We", "to": "- between days or times, as in Mo-Fr",
	"uhr": "nothing here: times are 08:00-11:30",
}
