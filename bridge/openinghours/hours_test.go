package openinghours_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	oh "schalter/bridge/openinghours"
)

const (
	chatHours    = "Mo-Fr 08:00-11:30,14:00-17:00; PH off"
	counterHours = "Mo-Fr 08:00-11:30,14:00-17:00; Sa[1,3] 09:30-11:30; PH off"
	// The Saturdays after the holidays: they win over them.
	saturdaysLast = "Mo-Fr 08:00-11:30,14:00-17:00; PH off; Sa[1,3] 09:30-11:30"
)

// seeds are read minute by minute in every run.
var seeds = []string{chatHours, counterHours, saturdaysLast}

// at reads a local time of Zurich.
func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", s+":00"[:3*boolInt(len(s) == 16)], zurich)
	if err != nil {
		panic(err)
	}
	return t
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func date(s string) oh.Date {
	d, err := oh.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// openOn lists the open spans of one day, as a person would write them.
func openOn(h *oh.Hours, day string) string {
	from := at(day + " 00:00")
	var spans []string
	for i := range h.Intervals(from, from.AddDate(0, 0, 1)) {
		if i.State != oh.Closed {
			spans = append(spans, i.From.Format("15:04")+"-"+i.To.Format("15:04")+strings.Repeat("?", boolInt(i.State == oh.Unknown)))
		}
	}
	return strings.Join(spans, ",")
}

// usual is a working day of the counter.
const usual = "08:00-11:30,14:00-17:00"

func TestDaysOfAarau(t *testing.T) {
	withBridge := func(h *oh.Hours) *oh.Hours {
		h, err := h.WithExceptions(oh.Exception{From: date("2026-05-15"), Comment: map[string]string{"de": "Brücke nach Auffahrt"}})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	chat, counter := hoursIn(t, chatHours, zurich), hoursIn(t, counterHours, zurich)
	for _, c := range []struct {
		what  string
		hours *oh.Hours
		day   string
		want  string
	}{
		{"a working day", chat, "2026-11-23", usual},
		{"Saturday", chat, "2026-11-21", ""},
		{"first Saturday", counter, "2026-11-07", "09:30-11:30"},
		{"second Saturday", counter, "2026-11-14", ""},
		{"third Saturday", counter, "2026-11-21", "09:30-11:30"},
		{"fifth Saturday", counter, "2026-10-31", ""},
		{"1 August, a first Saturday and a holiday", counter, "2026-08-01", ""},
		{"the same where the Saturdays come after the holidays", hoursIn(t, saturdaysLast, zurich), "2026-08-01", "09:30-11:30"},
		{"2 January 2027, a first Saturday and a holiday", counter, "2027-01-02", ""},
		{"4 January 2027", counter, "2027-01-04", usual},
		{"Good Friday", chat, "2026-04-03", ""},
		{"Easter Monday", chat, "2026-04-06", ""},
		{"Ascension", chat, "2026-05-14", ""},
		{"the Friday after Ascension", chat, "2026-05-15", usual},
		{"the same as a bridge day", withBridge(chat), "2026-05-15", ""},
		{"the Monday after that", withBridge(chat), "2026-05-18", usual},
		{"Whit Monday", chat, "2026-05-25", ""},
		{"Corpus Christi is none in Aarau", chat, "2026-06-04", usual},
		{"1 May is none in Aarau", chat, "2026-05-01", usual},
		{"Assumption is none in Aarau", chat, "2025-08-15", usual},
		{"All Saints is none in Aarau", chat, "2027-11-01", usual},
		{"8 December is none in Aarau", chat, "2026-12-08", usual},
		{"Maienzug is none without an exception", chat, "2026-07-03", usual},
		{"Christmas", chat, "2026-12-25", ""},
		{"29 February", chat, "2028-02-29", usual},
		{"PH Mo-Fr", hoursIn(t, "24/7; PH Mo-Fr 10:00-11:00", zurich), "2026-05-14", "10:00-11:00"},
		{"PH Mo-Fr on a Saturday", hoursIn(t, "24/7; PH Mo-Fr 10:00-11:00", zurich), "2026-08-01", "00:00-00:00"},
		{"the day before a holiday", hoursIn(t, chatHours+"; PH -1 day 08:00-11:30", zurich), "2026-05-13", "08:00-11:30"},
		{"an added rule", hoursIn(t, "Mo-Fr 08:00-11:30, Mo 14:00-18:00", zurich), "2026-11-23", "08:00-11:30,14:00-18:00"},
		{"a replacing rule", hoursIn(t, "Mo-Fr 08:00-11:30; Mo 14:00-18:00", zurich), "2026-11-23", "14:00-18:00"},
		{"a closing span", hoursIn(t, "Mo-Fr 08:00-17:00; Mo 11:30-14:00 off", zurich), "2026-11-23", usual},
		{"a fallback", hoursIn(t, `Mo 08:00-11:30 || Mo 08:00-12:00 "nach Vereinbarung"`, zurich), "2026-11-23", "08:00-11:30,11:30-12:00?"},
		{"after a night", hoursIn(t, "Su 20:00-02:00", zurich), "2026-11-23", "00:00-02:00"},
		{"after a night, replaced", hoursIn(t, "Su 20:00-02:00; Mo 10:00-11:00", zurich), "2026-11-23", "10:00-11:00"},
		{"after a night, added", hoursIn(t, "Su 20:00-02:00, Mo 10:00-11:00", zurich), "2026-11-23", "00:00-02:00,10:00-11:00"},
		{"week 53", hoursIn(t, "week 53 10:00-11:00", zurich), "2027-01-03", "10:00-11:00"},
		{"week 1", hoursIn(t, "week 1 10:00-11:00", zurich), "2027-01-04", "10:00-11:00"},
		{"over New Year", hoursIn(t, "Dec 24-Jan 02 10:00-11:00", zurich), "2027-01-02", "10:00-11:00"},
		{"the last day of Easter's range", hoursIn(t, "easter -2 days-easter +1 day 10:00-11:00", zurich), "2026-04-06", "10:00-11:00"},
		// Both clock changes of 2026, at night when nothing opens, and where it does.
		{"clocks go forward", hoursIn(t, "24/7", zurich), "2026-03-29", "00:00-00:00"},
		{"a span from the missing hour", hoursIn(t, "02:30-10:00", zurich), "2026-03-29", "03:00-10:00"},
		{"a span within the missing hour", hoursIn(t, "02:10-02:50", zurich), "2026-03-29", ""},
		{"a span over the missing hour", hoursIn(t, "01:30-03:30", zurich), "2026-03-29", "01:30-03:30"},
		{"a span over the repeated hour", hoursIn(t, "01:30-03:30", zurich), "2026-10-25", "01:30-03:30"},
		{"a span to within the repeated hour", hoursIn(t, "01:30-02:30", zurich), "2026-10-25", "01:30-02:30,02:00-02:30"},
	} {
		if got := openOn(c.hours, c.day); got != c.want {
			t.Errorf("%s, %s: open %q, want %q", c.what, c.day, got, c.want)
		}
	}
}

// The clock change makes an interval an hour shorter and an hour longer.
func TestLengthOverClockChange(t *testing.T) {
	h := hoursIn(t, "Sa 22:00-06:00", zurich)
	for day, want := range map[string]time.Duration{"2026-03-28": 7, "2026-10-24": 9, "2026-11-21": 8} {
		s := h.At(at(day + " 23:00"))
		if got := s.Until.Sub(s.Since); got != want*time.Hour {
			t.Errorf("the night after %s is %s long, want %d hours", day, got, want)
		}
	}
}

func TestAt(t *testing.T) {
	h := hoursIn(t, chatHours, zurich)
	for _, c := range []struct {
		at           string
		state        oh.State
		rule         string
		since, until string
	}{
		{"2026-11-23 07:59:59", oh.Closed, "", "2026-11-20 17:00", "2026-11-23 08:00"},
		{"2026-11-23 08:00:00", oh.Open, "Mo-Fr 08:00-11:30,14:00-17:00", "2026-11-23 08:00", "2026-11-23 11:30"},
		{"2026-11-23 11:29:59", oh.Open, "Mo-Fr 08:00-11:30,14:00-17:00", "2026-11-23 08:00", "2026-11-23 11:30"},
		{"2026-11-23 11:30:00", oh.Closed, "", "2026-11-23 11:30", "2026-11-23 14:00"},
		{"2026-05-14 10:00:00", oh.Closed, "PH off", "2026-05-13 17:00", "2026-05-15 08:00"},
		{"2026-12-25 00:00:00", oh.Closed, "PH off", "2026-12-24 17:00", "2026-12-28 08:00"},
	} {
		s := h.At(at(c.at))
		if s.State != c.state || s.RuleText != c.rule || !s.Since.Equal(at(c.since)) || !s.Until.Equal(at(c.until)) {
			t.Errorf("at %s: %+v, want %+v", c.at, s, c)
		}
		if h.IsOpen(at(c.at)) != (c.state == oh.Open) {
			t.Errorf("at %s: IsOpen says the contrary", c.at)
		}
	}
}

func TestNextAndNextOpening(t *testing.T) {
	chat := hoursIn(t, chatHours, zurich)
	for _, c := range []struct {
		hours             *oh.Hours
		at, next, opening string // "" for none
	}{
		{chat, "2026-11-22 15:00", "2026-11-23 08:00", "2026-11-23 08:00"},
		{chat, "2026-11-23 08:00", "2026-11-23 11:30", "2026-11-23 14:00"},
		{chat, "2026-11-23 12:00", "2026-11-23 14:00", "2026-11-23 14:00"},
		{chat, "2026-12-24 17:00", "2026-12-28 08:00", "2026-12-28 08:00"},
		{chat, "2026-12-31 17:00", "2027-01-04 08:00", "2027-01-04 08:00"},
		{hoursIn(t, "24/7", zurich), "2026-11-22 15:00", "", ""},
		{hoursIn(t, "off", zurich), "2026-11-22 15:00", "", ""},
		{hoursIn(t, "2020 10:00-12:00", zurich), "2026-11-22 15:00", "", ""},
		{hoursIn(t, "2020-2025 off; 2026+ open", zurich), "2026-11-22 15:00", "", ""},
		{hoursIn(t, `Mo-Fr 00:00-24:00 open "Schalter"; Sa-Su 00:00-24:00`, zurich), "2026-11-22 15:00", "2026-11-23 00:00", ""},
		{hoursIn(t, "Dec 25 10:00-12:00", zurich), "2026-12-25 12:00", "2027-12-25 10:00", "2027-12-25 10:00"},
		{hoursIn(t, "Feb 29 Mo 10:00-12:00", zurich), "2026-12-25 12:00", "", ""}, // 2044
		{hoursIn(t, "Feb 29 Tu 10:00-12:00", zurich), "2026-12-25 12:00", "2028-02-29 10:00", "2028-02-29 10:00"},
	} {
		next, ok := c.hours.Next(at(c.at))
		if ok != (c.next != "") || ok && !next.Equal(at(c.next)) {
			t.Errorf("%s at %s: Next %s %v, want %s", c.hours.Schedule(), c.at, next, ok, c.next)
		}
		opening, ok := c.hours.NextOpening(at(c.at))
		if ok != (c.opening != "") || ok && !opening.Equal(at(c.opening)) {
			t.Errorf("%s at %s: NextOpening %s %v, want %s", c.hours.Schedule(), c.at, opening, ok, c.opening)
		}
	}
}

func TestExceptions(t *testing.T) {
	times := func(s string) []oh.TimeSpan {
		spans, err := oh.ParseTimes(s)
		if err != nil {
			t.Fatal(err)
		}
		return spans
	}
	base := hoursIn(t, chatHours+"; Sa 20:00-02:00", zurich)
	maienzug := oh.Exception{ID: "1", From: date("2026-07-03"), Comment: map[string]string{"de": "Maienzug", "fr": "Fête de la jeunesse"}}
	h, err := base.WithExceptions(
		maienzug,
		oh.Exception{ID: "2", From: date("2026-12-21"), To: date("2027-01-03"), Comment: map[string]string{"de": "Umzug"}},
		oh.Exception{ID: "3", From: date("2026-12-24"), Times: times("09:00-10:00,22:00-01:00")},
		oh.Exception{ID: "4", From: date("2026-11-22")},
		oh.Exception{ID: "5", From: date("2026-11-28")},
	)
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string]string{
		"2026-07-02": usual, "2026-07-03": "", "2026-07-06": usual,
		"2026-12-18": usual, "2026-12-21": "", "2026-12-23": "",
		"2026-12-24": "09:00-10:00,22:00-00:00", "2026-12-25": "00:00-01:00", "2026-12-26": "",
		"2026-12-31": "", "2027-01-04": usual,
		"2026-11-21": "20:00-00:00", "2026-11-22": "", // nothing comes over midnight
		"2026-11-28": "", "2026-11-29": "", // and nothing is sent
		"2026-12-05": "20:00-00:00", "2026-12-06": "00:00-02:00",
	} {
		if got := openOn(h, day); got != want {
			t.Errorf("%s: open %q, want %q", day, got, want)
		}
	}
	s := h.At(at("2026-07-03 10:00"))
	if s.Exception == nil || s.Exception.ID != "1" || s.Comment != "Maienzug" || s.Rule != -1 || s.RuleText != "" {
		t.Errorf("on Maienzug: %+v", s)
	}
	if fr, en := s.Exception.In("fr-CH"), s.Exception.In("en"); fr != "Fête de la jeunesse" || en != "Maienzug" {
		t.Errorf("the comment is %q in French and %q in English", fr, en)
	}
	if next, _ := h.Next(at("2026-07-02 17:00")); !next.Equal(at("2026-07-03 00:00")) {
		t.Errorf("the next change after the eve of Maienzug is at %s", next)
	}
	if next, _ := h.NextOpening(at("2026-12-18 17:00")); !next.Equal(at("2026-12-19 20:00")) {
		t.Errorf("the next opening is at %s", next)
	}
	if openOn(base, "2026-07-03") != usual {
		t.Error("the hours without exceptions have changed")
	}
	if again, _ := h.WithExceptions(); openOn(again, "2026-07-03") != usual {
		t.Error("the exceptions stay when they are taken away")
	}
	always, _ := hoursIn(t, "24/7", zurich).WithExceptions(maienzug)
	if next, ok := always.Next(at("2026-07-01 00:00")); !ok || !next.Equal(at("2026-07-03 00:00")) {
		t.Errorf("around the clock but for Maienzug: next change at %s, %v", next, ok)
	}
	for _, wrong := range []oh.Exception{
		{},
		{From: oh.Date{Year: 2026, Month: 2, Day: 30}},
		{From: date("2026-07-03"), To: date("2026-07-02")},
		{From: date("2026-07-03"), Times: []oh.TimeSpan{{From: 600, To: 600}}},
		{From: date("2026-07-03"), Times: []oh.TimeSpan{{From: 1440, To: 1500}}},
	} {
		if _, err := base.WithExceptions(wrong); err == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
}

func TestIntervals(t *testing.T) {
	h := hoursIn(t, chatHours, zurich)
	all := slices.Collect(h.Intervals(at("2026-05-13 16:00"), at("2026-05-15 09:00")))
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"from":"2026-05-13T16:00:00+02:00","to":"2026-05-13T17:00:00+02:00","state":"open","comment":"","rule":"Mo-Fr 08:00-11:30,14:00-17:00"},` +
		`{"from":"2026-05-13T17:00:00+02:00","to":"2026-05-15T08:00:00+02:00","state":"closed","comment":"","rule":"PH off"},` +
		`{"from":"2026-05-15T08:00:00+02:00","to":"2026-05-15T09:00:00+02:00","state":"open","comment":"","rule":"Mo-Fr 08:00-11:30,14:00-17:00"}]`
	if string(text) != want {
		t.Errorf("got %s\nwant %s", text, want)
	}
	for range h.Intervals(at("2026-05-13 16:00"), at("2026-05-13 16:00")) {
		t.Error("an empty range has an interval")
	}
	for range h.Intervals(at("2026-05-13 16:00"), at("2030-05-13 16:00")) {
		break // leaving early is allowed
	}
}

func TestNewRefuses(t *testing.T) {
	for spec, offset := range map[string]int{"Mo 08:00-12:00; PH off": 16, "SH off": 0} {
		_, err := oh.New(parse(t, spec), zurich, nil)
		var syntax *oh.SyntaxError
		if !errors.As(err, &syntax) || syntax.Offset != offset {
			t.Errorf("%q without a calendar: %v", spec, err)
		}
	}
	if _, err := oh.New(parse(t, "SH off"), zurich, calendar("ch-ag-aarau")); err == nil {
		t.Error("SH is taken without school holidays")
	}
	if _, err := oh.New(nil, zurich, nil); err == nil {
		t.Error("no schedule is taken")
	}
	if _, err := oh.New(&oh.Schedule{Rules: make([]oh.Rule, 1)}, zurich, nil); err == nil {
		t.Error("a schedule that Parse has not made is taken")
	}
	if _, err := oh.New(parse(t, "24/7"), nil, nil); err == nil {
		t.Error("no zone is taken")
	}
}

// A scan over decades comes to its end: the rules for the future of a zone have traps.
func TestDecades(t *testing.T) {
	for _, name := range []string{"Europe/Zurich", "America/New_York", "Australia/Sydney", "Africa/Casablanca", "UTC"} {
		h := hoursIn(t, chatHours, zone(name))
		last, to := time.Date(1980, 1, 1, 0, 0, 0, 0, h.Zone()), time.Date(2100, 1, 1, 0, 0, 0, 0, h.Zone())
		n := 0
		for i := range h.Intervals(last, to) {
			if !i.From.Equal(last) || !i.To.After(i.From) {
				t.Fatalf("%s: %s to %s follows %s", name, i.From, i.To, last)
			}
			if s := h.At(i.From.Add(-time.Second)); n > 0 && n%499 == 0 && !s.Until.Equal(i.From) {
				t.Errorf("%s: a second before %s it says until %s", name, i.From, s.Until)
			}
			last = i.To
			n++
		}
		if !last.Equal(to) || n < 100_000 {
			t.Errorf("%s: %d intervals to %s", name, n, last)
		}
	}
}
