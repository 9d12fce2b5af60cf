package openinghours

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Feed says what an iCalendar feed is about.
type Feed struct {
	ID       string    // of the service area, for the UIDs; no blanks
	Name     string    // of the service area, for people
	Lang     string    // of the texts; "de", "fr", "it" or "en"
	From, To time.Time // what to list, half-open
	Stamp    time.Time // when the hours last changed (DTSTAMP)
}

// WriteICalendar writes the open and unknown intervals, and the closed exceptions as
// days, as an iCalendar object (RFC 5545). Times are in UTC, so that it needs no
// VTIMEZONE. An interval keeps its UID as long as it starts at the same time.
func (h *Hours) WriteICalendar(w io.Writer, f Feed) error {
	words := wordsIn(f.Lang)
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Schalter//openinghours//DE\r\nCALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n")
	property(&b, "NAME", escape(f.Name))
	property(&b, "X-WR-CALNAME", escape(f.Name))
	for i := range h.Intervals(f.From, f.To) {
		if i.State == Closed {
			continue
		}
		comment := i.Comment
		if i.Exception != nil {
			comment = i.Exception.In(f.Lang)
		}
		status := "CONFIRMED"
		if i.State == Unknown {
			status = "TENTATIVE"
			if comment == "" {
				comment = words.unknown
			}
		}
		event(&b, f, i.From.UTC().Format(utcTime), comment, status,
			"DTSTART:"+i.From.UTC().Format(utcTime), "DTEND:"+i.To.UTC().Format(utcTime))
	}
	for _, e := range h.layer {
		x := &h.exceptions[e.exception]
		from, until := dateOfNumber(e.from), dateOfNumber(e.to).AddDays(1)
		if len(x.Times) > 0 || until.Compare(DateOf(f.From.In(h.zone))) <= 0 || from.Compare(DateOf(f.To.In(h.zone))) > 0 {
			continue
		}
		comment := words.closed
		if text := x.In(f.Lang); text != "" {
			comment += ": " + text
		}
		event(&b, f, from.String(), comment, "CONFIRMED",
			"DTSTART;VALUE=DATE:"+icalDate(from), "DTEND;VALUE=DATE:"+icalDate(until))
	}
	b.WriteString("END:VCALENDAR\r\n")
	_, err := io.WriteString(w, b.String())
	if err != nil {
		return fmt.Errorf("write iCalendar of %s: %w", f.ID, err)
	}
	return nil
}

const utcTime = "20060102T150405Z"

func icalDate(d Date) string { return strings.ReplaceAll(d.String(), "-", "") }

func event(b *strings.Builder, f Feed, id, comment, status, start, end string) {
	b.WriteString("BEGIN:VEVENT\r\n")
	property(b, "UID", escape(id+"-"+f.ID+"@schalter"))
	property(b, "DTSTAMP", f.Stamp.UTC().Format(utcTime))
	b.WriteString(start + "\r\n" + end + "\r\n")
	summary := f.Name
	if comment != "" {
		summary += " (" + comment + ")"
	}
	property(b, "SUMMARY", escape(summary))
	property(b, "STATUS", status)
	b.WriteString("TRANSP:TRANSPARENT\r\nEND:VEVENT\r\n")
}

// escape writes a TEXT value (section 3.3.11).
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(s)
}

// property writes a content line, folded before its 76th octet without cutting a
// character (section 3.1).
func property(b *strings.Builder, name, value string) {
	line := name + ":" + value
	room := 75
	for len(line) > room {
		cut := room
		for !utf8.RuneStart(line[cut]) {
			cut--
		}
		b.WriteString(line[:cut] + "\r\n ")
		line, room = line[cut:], 74
	}
	b.WriteString(line + "\r\n")
}
