package openinghours_test

import (
	"errors"
	"strings"
	"testing"

	oh "schalter/bridge/openinghours"
)

func TestParseAccepts(t *testing.T) {
	for spec, canonical := range map[string]string{
		"24/7":                        "24/7",
		"24/7 off":                    "24/7 off",
		"off":                         "off",
		"closed":                      "off",
		"open":                        "open",
		"unknown":                     "unknown",
		`"nach Vereinbarung"`:         `"nach Vereinbarung"`,
		`unknown "nach Vereinbarung"`: `"nach Vereinbarung"`,
		"mo-fr 8:00-11:30":            "Mo-Fr 08:00-11:30",
		"Mo-Fr 08:00-11:30 , 14:00-17:00 ;PH off": "Mo-Fr 08:00-11:30,14:00-17:00; PH off",
		"Mo-Fr,PH 10:00-12:00":                    "PH,Mo-Fr 10:00-12:00",
		"PH Mo-Fr 10:00-12:00":                    "PH Mo-Fr 10:00-12:00",
		"PH +1 day,SH -2 days off":                "PH +1 day,SH -2 days off",
		"Sa[1,3],Su[-1] 09:30-11:30":              "Sa[1,3],Su[-1] 09:30-11:30",
		"Sa[1-3] +2 days 09:30-11:30":             "Sa[1-3] +2 days 09:30-11:30",
		"Fr-Mo 20:00-02:00":                       "Fr-Mo 20:00-02:00",
		"20:00-26:00":                             "20:00-02:00",
		"10:00-35:00":                             "10:00-35:00",
		"10:00-10:00":                             "10:00-10:00",
		"00:00-48:00":                             "00:00-48:00",
		"Jan 1":                                   "Jan 01",
		"Jan 1-8":                                 "Jan 01-Jan 08",
		"Dec 24,26,28-31 off":                     "Dec 24,Dec 26,Dec 28-Dec 31 off",
		"Dec 24-Jan 2: Mo-Fr 10:00-12:00":         "Dec 24-Jan 02 Mo-Fr 10:00-12:00",
		"2026 Dec 24-2027 Jan 2 off":              "2026 Dec 24-2027 Jan 02 off",
		"2026 Jan 1,Feb 2 off":                    "2026 Jan 01,Feb 02 off",
		"2026 Jan,Mar 10:00-12:00":                "2026 Jan,Mar 10:00-12:00",
		"2026-2028,2030+ Jan-Mar off":             "2026-2028,2030+ Jan-Mar off",
		"2020-2040/2 week 1-53/2,7 Mo off":        "2020-2040/2 week 01-53/2,07 Mo off",
		"week 1, week 5 Mo off":                   "week 01,05 Mo off",
		"easter -2 days,easter +39 days off":      "easter -2 days,easter +39 days off",
		"easter-Dec 24 off":                       "easter-Dec 24 off",
		"Mo 10:00-12:00, Tu 11:00-13:00":          "Mo 10:00-12:00, Tu 11:00-13:00",
		"Mo 10:00-12:00 open, 13:00-14:00":        "Mo 10:00-12:00 open, 13:00-14:00",
		"Mo open, Tu 10:00-12:00":                 "Mo open, Tu 10:00-12:00",
		`Mo 10:00-12:00||"nach Vereinbarung"`:     `Mo 10:00-12:00 || "nach Vereinbarung"`,
		`Mo off "Ruhetag; geschlossen, ja"`:       `Mo off "Ruhetag; geschlossen, ja"`,
		"Feb 29 off":                              "Feb 29 off",
		"2028 Feb 29 off":                         "2028 Feb 29 off",
	} {
		s, err := oh.Parse(spec)
		if err != nil {
			t.Errorf("%q: %v", spec, err)
			continue
		}
		if s.String() != canonical {
			t.Errorf("%q is written as %q, want %q", spec, s, canonical)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		spec   string
		offset int
		hint   string // a part of it
	}{
		{"", 0, "Mo-Fr 08:00-11:30"},
		{"  ", 2, "Mo-Fr 08:00-11:30"},
		{"Mo-Fr sunrise-sunset", 6, "clock time"},
		{"Mo-Fr 08:00-sunset", 12, "clock time"},
		{"(sunset-01:00)-23:00", 0, "clock time"},
		{"Mo 18:00+", 8, "when it closes"},
		{"Mo 18:00-20:00+", 14, "leave the + away"},
		{"Mo 18:00", 3, "a span with a start and an end"},
		{"Mo 10:00-16:00/01:30", 14, "leave the / and"},
		{"Mo-Fr 8-12", 6, "08:00-11:30"},
		{"Mo-Fr 8.00-11.30", 6, "08:00-11:30"},
		{"Mo-Fr 08:00 Uhr", 6, "a span"},
		{"Mo–Fr 08:00-11:30", 2, "write -"},
		{"Mo-Fr 08:00-11:30;", 17, "remove it"},
		{"; Mo", 0, "remove it"},
		{"Mo 08:00-11:30,, Tu", 15, "remove it"},
		{"Mo 24:00-26:00", 3, "following day"},
		{"Mo 25:00-26:00", 3, "following day"},
		{"Mo 10:00-48:30", 9, "two rules"},
		{"Mo 10:00-49:00", 9, "hours are"},
		{"Mo 10:60-11:00", 6, "08:00-11:30"},
		{"Mo 10:0-11:00", 6, "08:00-11:30"},
		{"Mo[6] off", 3, "1 to 5"},
		{"Mo[0] off", 3, "1 to 5"},
		{"Mo[-6] off", 4, "1 to 5"},
		{"Mo[3-1] off", 5, "1 to 5"},
		{"Mo[1", 4, "1 to 5"},
		{"Mo-Fr[1] off", 5, "single weekdays"},
		{"Mo[1]-Fr off", 5, "single weekdays"},
		{"Montag 08:00-11:30", 0, "write Mo"},
		{"Di 08:00-11:30", 0, "write Tu"},
		{"Monday 08:00-11:30", 0, "write Mo"},
		{"Feiertage off", 0, "write PH"},
		{"Mo geschlossen", 3, "write off"},
		{"Mo-Fr PH 10:00-12:00", 6, "Mo-Fr,PH"},
		{"PH-Mo off", 2, "PH,Mo-Fr"},
		{"PH +400 days off", 4, "300"},
		{"PH +1 week off", 4, "+1 day"},
		{"10:00-12:00 Mo-Fr", 12, "the order"},
		{"Mo-Fr Jan 10:00-12:00", 6, "the order"},
		{"off Mo", 4, "the order"},
		{"Mo 24/7", 3, "00:00-24:00"},
		{"Jan 1, Mo 10:00-12:00", 5, "before the comma"},
		{"Mo,easter off", 3, "second rule"},
		{"Mo: 10:00-12:00", 2, "blank"},
		{`"Anfrage": Mo 10:00-12:00`, 9, "colon"},
		{`Mo "a" open`, 7, "the order"},
		{`Mo off "`, 7, "close it"},
		{`Mo off ""`, 7, "comment between"},
		{"Mo off \"a\nb\"", 9, "one line"},
		{"Mo off „Fest“", 7, "double quotes"},
		{"Feb 30 off", 0, "Feb 29"},
		{"2026 Feb 29 off", 0, "Feb 28"},
		{"Apr 20-31 off", 7, "Apr 30"},
		{"Dec 28-3 off", 7, "Dec 28-Jan 03"},
		{"Dec 25 +1 day off", 7, "the date itself"},
		{"Jan 10-20/5 off", 9, "Jan 10,15,20"},
		{"2026 Dec 20-Jan 5 off", 12, "year on both sides"},
		{"Dec 20-2027 Jan 5 off", 7, "year on both sides"},
		{"2027 Jan 5-2026 Dec 20 off", 0, "earlier date first"},
		{"2026 Nov-2027 Jan off", 9, "days on both sides"},
		{"Jan-Feb 10 off", 8, "both sides"},
		{"Jan 5-Feb off", 6, "Dec 24"},
		{"2028-2026 off", 0, "earlier year first"},
		{"1800 off", 0, "another year"},
		{"9999+ Dec 01 off", 0, "another year"},
		{"2000-2000 Dec 01 off", 0, "only once"},
		{"2026-2030/0 off", 10, "2026-2040/2"},
		{"week 54 off", 5, "week 1-20"},
		{"week 0 off", 5, "week 1-20"},
		{"week 50-2 off", 5, "50-53,01-02"},
		{"week 1-53/0 off", 10, "1-53/2"},
		{"Mo | Tu", 3, "||"},
		{"Mo & Tu", 3, "comma"},
		{"Mo\u00a0off", 2, "plain space"},
		{"Mo \xff off", 3, "remove it"},
		{"Mo # off", 3, "remove it"},
		{strings.Repeat("Mo off; ", 600), oh.MaxLength, "exceptions"},
	} {
		_, err := oh.Parse(c.spec)
		var syntax *oh.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: %v, want a *SyntaxError", c.spec, err)
			continue
		}
		if syntax.Offset != c.offset || !strings.Contains(syntax.Hint, c.hint) {
			t.Errorf("%q: at %d: %s; %s. Want offset %d and hint %q", c.spec, syntax.Offset, syntax.Message, syntax.Hint, c.offset, c.hint)
		}
	}
}
