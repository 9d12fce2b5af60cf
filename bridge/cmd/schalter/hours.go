package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"schalter/bridge/openinghours"
	"schalter/config"
)

type hoursCommand struct {
	Spec     string `help:"Opening hours, as OpenStreetMap opening_hours." required:""`
	From     string `help:"First day, or a moment in RFC 3339." required:""`
	To       string `help:"Last day (it counts whole), or a moment in RFC 3339 (it does not)." required:""`
	TZ       string `name:"tz" help:"Time zone." default:"Europe/Zurich"`
	Holidays string `help:"Calendar of public holidays that PH means." default:"ch-ag-aarau"`
	JSON     bool   `name:"json" help:"Print open and unknown intervals as JSON."`
}

// Run prints what the hours mean.
func (h *hoursCommand) Run() error { return h.write(os.Stdout) }

func (h *hoursCommand) write(w io.Writer) error {
	city := config.City{TimeZone: h.TZ, Holidays: h.Holidays}
	zone, err := city.Zone()
	if err != nil || h.TZ == "Local" {
		return fmt.Errorf("--tz %s is not a known time zone like Europe/Zurich", h.TZ)
	}
	if _, err := city.Calendar(); err != nil {
		return fmt.Errorf("--holidays %s: %w; there are %s", h.Holidays, err, strings.Join(openinghours.CalendarNames(), ", "))
	}
	hours, err := city.OpeningHours(h.Spec)
	if err != nil {
		return explain(h.Spec, err)
	}
	from, err := moment(h.From, zone, 0)
	if err != nil {
		return fmt.Errorf("--from %w", err)
	}
	to, err := moment(h.To, zone, 1)
	if err != nil {
		return fmt.Errorf("--to %w", err)
	}
	if !from.Before(to) {
		return errors.New("--to lies before --from")
	}
	if h.JSON {
		return writeIntervals(w, hours, from, to)
	}
	return writeCalendar(w, hours, from, to)
}

// explain shows where a line of hours is wrong.
func explain(spec string, err error) error {
	var wrong *openinghours.SyntaxError
	if !errors.As(err, &wrong) {
		return err
	}
	before := utf8.RuneCountInString(spec[:wrong.Offset])
	return fmt.Errorf("--spec, position %d: %s; %s\n  %s\n  %s^", before+1, wrong.Message, wrong.Hint, spec, strings.Repeat(" ", before))
}

// moment reads a moment, or the midnight that begins a day, addDays later.
func moment(s string, zone *time.Location, addDays int) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.In(zone), nil
	}
	d, err := openinghours.ParseDate(s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a day like 2026-07-03 nor a moment like 2026-07-03T08:00:00+02:00", s)
	}
	return time.Date(d.Year, d.Month, d.Day+addDays, 0, 0, 0, 0, zone), nil
}

type intervalJSON struct {
	From    string             `json:"from"`
	To      string             `json:"to"`
	State   openinghours.State `json:"state"`
	Comment string             `json:"comment"`
	Rule    string             `json:"rule"`
}

// writeIntervals leaves closed intervals out.
func writeIntervals(w io.Writer, hours *openinghours.Hours, from, to time.Time) error {
	out := []intervalJSON{}
	for i := range hours.Intervals(from, to) {
		if i.State != openinghours.Closed {
			out = append(out, intervalJSON{i.From.Format(time.RFC3339), i.To.Format(time.RFC3339), i.State, i.Comment, i.RuleText})
		}
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}

var shortDays = [7]string{"So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"}

// writeCalendar prints one line for each day, in the city's language.
func writeCalendar(w io.Writer, hours *openinghours.Hours, from, to time.Time) error {
	if _, err := fmt.Fprintf(w, "%s\n%s, Feiertage %s\n", hours.Describe("de"), hours.Zone(), hours.Calendar().Name()); err != nil {
		return err
	}
	month := time.Month(0)
	for day := from; day.Before(to); {
		next := time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, day.Location())
		if day.Month() != month {
			month = day.Month()
			fmt.Fprintf(w, "\n%04d-%02d\n", day.Year(), int(month))
		}
		line := dayLine(hours, day, earlier(next, to))
		if name := hours.Calendar().Holiday(openinghours.DateOf(day), "de"); name != "" {
			line += "  · " + name
		}
		if _, err := fmt.Fprintf(w, "  %s %s  %s\n", shortDays[day.Weekday()], day.Format("02.01."), line); err != nil {
			return err
		}
		day = next
	}
	return nil
}

func dayLine(hours *openinghours.Hours, from, to time.Time) string {
	var spans []string
	for i := range hours.Intervals(from, to) {
		if i.State == openinghours.Closed && i.Comment == "" {
			continue
		}
		until := i.To.Format("15.04")
		if until == "00.00" {
			until = "24.00"
		}
		text := i.From.Format("15.04") + "–" + until
		if i.State == openinghours.Closed {
			text += " geschlossen"
		} else if i.State == openinghours.Unknown {
			text += " auf Anfrage"
		}
		if i.Comment != "" {
			text += " (" + i.Comment + ")"
		}
		spans = append(spans, text)
	}
	if len(spans) == 0 {
		return "geschlossen"
	}
	return strings.Join(spans, ", ")
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
