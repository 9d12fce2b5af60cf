package openinghours_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	oh "schalter/bridge/openinghours"
)

func TestSpecification(t *testing.T) {
	h, err := hoursIn(t, counterHours, zurich).WithExceptions(oh.Exception{From: date("2026-12-24"),
		Times: []oh.TimeSpan{{From: 8 * 60, To: 10 * 60}}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(h.Specification(date("2026-11-23"), 35))
	if err != nil {
		t.Fatal(err)
	}
	week := `"dayOfWeek":["https://schema.org/Monday","https://schema.org/Tuesday","https://schema.org/Wednesday","https://schema.org/Thursday","https://schema.org/Friday"]`
	want := `[{"@type":"OpeningHoursSpecification",` + week + `,"opens":"08:00","closes":"11:30"},` +
		`{"@type":"OpeningHoursSpecification",` + week + `,"opens":"14:00","closes":"17:00"},` +
		`{"@type":"OpeningHoursSpecification","opens":"09:30","closes":"11:30","validFrom":"2026-12-05","validThrough":"2026-12-05"},` +
		`{"@type":"OpeningHoursSpecification","opens":"09:30","closes":"11:30","validFrom":"2026-12-19","validThrough":"2026-12-19"},` +
		`{"@type":"OpeningHoursSpecification","opens":"08:00","closes":"10:00","validFrom":"2026-12-24","validThrough":"2026-12-24"},` +
		`{"@type":"OpeningHoursSpecification","opens":"00:00","closes":"00:00","validFrom":"2026-12-25","validThrough":"2026-12-25"}]`
	if string(text) != want {
		t.Errorf("got %s\nwant %s", text, want)
	}
	for spec, want := range map[string]string{
		"24/7":           "00:00 23:59",
		"Mo 20:00-02:00": "20:00 02:00",
		"Mo 20:00-24:00": "20:00 23:59",
	} {
		got := hoursIn(t, spec, zurich).Specification(date("2026-11-23"), 14)
		if len(got) != 1 || got[0].Opens+" "+got[0].Closes != want {
			t.Errorf("%q: %+v, want %s", spec, got, want)
		}
	}
	if text, _ := json.Marshal(hoursIn(t, "off", zurich).Specification(date("2026-11-23"), 14)); string(text) != "[]" {
		t.Errorf("closed for ever: %s", text)
	}
}

func TestICalendar(t *testing.T) {
	h, err := hoursIn(t, chatHours, zurich).WithExceptions(oh.Exception{From: date("2026-07-03"),
		Comment: map[string]string{"de": "Maienzug; die Stadt feiert, alle Schalter bleiben geschlossen — fröhliches Fest!"}})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	err = h.WriteICalendar(&b, oh.Feed{ID: "einwohnerkontrolle", Name: "Einwohnerkontrolle, Stadt Aarau", Lang: "de",
		From: at("2026-07-02 00:00"), To: at("2026-07-07 00:00"), Stamp: at("2026-01-05 09:00")})
	if err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if !utf8.ValidString(text) || !strings.HasSuffix(text, "END:VCALENDAR\r\n") {
		t.Error("the feed is cut in the wrong place")
	}
	for _, l := range strings.Split(text, "\r\n") {
		if len(l) > 75 || strings.ContainsAny(l, "\r\n") {
			t.Errorf("the line %q is %d octets long", l, len(l))
		}
	}
	unfolded := strings.ReplaceAll(text, "\r\n ", "")
	if n := strings.Count(unfolded, "BEGIN:VEVENT\r\n"); n != 5 {
		t.Errorf("%d events, want two for each of two days and one exception", n)
	}
	for _, want := range []string{
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:",
		"UID:20260702T060000Z-einwohnerkontrolle@schalter\r\nDTSTAMP:20260105T080000Z\r\nDTSTART:20260702T060000Z\r\nDTEND:20260702T093000Z\r\nSUMMARY:Einwohnerkontrolle\\, Stadt Aarau\r\n",
		"DTSTART;VALUE=DATE:20260703\r\nDTEND;VALUE=DATE:20260704\r\nSUMMARY:Einwohnerkontrolle\\, Stadt Aarau (geschlossen: Maienzug\\; die Stadt feiert\\, alle Schalter bleiben geschlossen — fröhliches Fest!)\r\n",
	} {
		if !strings.Contains(unfolded, want) {
			t.Errorf("the feed has no %q:\n%s", want, unfolded)
		}
	}
}
