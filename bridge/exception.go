package bridge

import (
	"strconv"
	"strings"
	"time"

	"schalter/bridge/openinghours"
)

// makeException stores an exception, which counts at once, and says how to take it back.
func (b *Bridge) makeException(tx Tx, w *texts, c command, admin UserID, now time.Time) (string, error) {
	number, err := tx.NextChange()
	if err != nil {
		return "", err
	}
	change := HoursChange{
		Number: number, Kind: ExceptionalDays, Area: c.area, Exception: c.exception, State: Counts,
		MadeBy: admin, MadeAt: now, DecidedBy: admin, DecidedAt: now,
	}
	if err := tx.InsertChange(change); err != nil {
		return "", err
	}
	return w.say("exception_made", map[string]string{
		"Number": strconv.FormatInt(number, 10), "Exception": w.exceptionText(change),
	}), nil
}

// exceptionText is an exception on one line: days, times, comment, areas.
func (w *texts) exceptionText(c HoursChange) string {
	x := c.Exception
	parts := []string{dateText(x.From)}
	if x.To != x.From {
		parts[0] += "–" + dateText(x.To)
	}
	times := make([]string, len(x.Times))
	for i, t := range x.Times {
		times[i] = clockOf(t.From) + "–" + clockOf(t.To)
	}
	if len(times) == 0 {
		times = []string{w.say("closed", nil)}
	}
	parts = append(parts, strings.Join(times, ", "))
	for _, lang := range Languages {
		if text := x.Comment[lang]; text != "" && lang == "de" {
			parts = append(parts, "«"+text+"»")
		} else if text != "" {
			parts = append(parts, lang+": «"+text+"»")
		}
	}
	if c.Area == "" {
		return strings.Join(append(parts, w.say("all_areas", nil)), " · ")
	}
	return strings.Join(append(parts, string(c.Area)), " · ")
}

// clockOf writes minutes after midnight; a span over midnight ends in the hours of the next day.
func clockOf(minutes int) string {
	if minutes > 24*60 {
		minutes -= 24 * 60
	}
	text := strconv.Itoa(minutes%60 + 100)[1:]
	return strconv.Itoa(minutes/60) + "." + text
}

// listExceptions lists those that are not over.
func (b *Bridge) listExceptions(tx Tx, w *texts, now time.Time) (string, error) {
	changes, err := tx.HoursChanges()
	if err != nil {
		return "", err
	}
	today := openinghours.DateOf(now)
	var out []string
	for _, c := range changes {
		if c.Kind != ExceptionalDays || c.Exception.To.Compare(today) < 0 {
			continue
		}
		who, err := b.who(tx, w, "set_by", c)
		if err != nil {
			return "", err
		}
		out = append(out, w.exceptionText(c)+" · "+who)
	}
	if len(out) == 0 {
		return w.say("no_exceptions", nil), nil
	}
	return strings.Join(out, "\n"), nil
}
