package openinghours

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// farAhead is from when on a date is written with its year.
const farAhead = 180 * 24 * time.Hour

// MomentText writes an instant as a citizen reads it at now, in the zone of the hours:
// «Heute, 14.00 Uhr» or «Montag, 23. November, 8.00 Uhr»; with the year if it is half
// a year away or more.
func (h *Hours) MomentText(lang string, now, at time.Time) string {
	text := h.moment(wordsIn(lang), now, at)
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// moment is the text within a sentence.
func (h *Hours) moment(w *words, now, at time.Time) string {
	at = at.In(h.zone)
	date := DateOf(at)
	day := w.today
	if date != DateOf(now.In(h.zone)) {
		day = w.dateText(date, at.Sub(now).Abs() >= farAhead)
	}
	return day + ", " + w.timeText(at.Hour()*60+at.Minute())
}

// NextOpeningText says when it opens next after now: «Wir sind wieder für Sie da:
// Montag, 23. November, 8.00 Uhr».
func (h *Hours) NextOpeningText(lang string, now time.Time) string {
	w := wordsIn(lang)
	at, ok := h.NextOpening(now)
	if !ok {
		return w.noOpening
	}
	return fmt.Sprintf(w.back, h.moment(w, now, at))
}

// OpenUntilText says how long it is open at now: «offen bis 11.30 Uhr». "" if it is not
// open.
func (h *Hours) OpenUntilText(lang string, now time.Time) string {
	w := wordsIn(lang)
	s := h.At(now)
	if s.State != Open {
		return ""
	}
	if s.Until.IsZero() {
		return w.openNow
	}
	today, until := DateOf(now.In(h.zone)), s.Until
	minute := until.Hour()*60 + until.Minute()
	switch date := DateOf(until); {
	case date == today:
	case date == today.AddDays(1) && minute == 0:
		minute = minutesPerDay // this evening
	default:
		return fmt.Sprintf(w.openUntil, strings.TrimPrefix(h.moment(w, now, until), w.before))
	}
	return fmt.Sprintf(w.openUntil, strings.TrimPrefix(w.timeText(minute), w.before))
}
