package openinghours_test

import (
	"strings"
	"testing"

	oh "schalter/bridge/openinghours"
)

// plain makes no-break spaces visible as blanks, so that the tables can be read.
func plain(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }

func TestDescribe(t *testing.T) {
	for _, c := range []struct{ spec, lang, want string }{
		{"Mo-Fr 08:00-11:30,14:00-17:00", "de-CH", "Mo–Fr 8.00–11.30, 14.00–17.00 Uhr"},
		{"Mo-Fr 08:00-11:30,14:00-17:00", "fr-CH", "lu–ve 8 h 00–11 h 30, 14 h 00–17 h 00"},
		{"Mo-Fr 08:00-11:30,14:00-17:00", "it-CH", "lu–ve 8.00–11.30, 14.00–17.00"},
		{"Mo-Fr 08:00-11:30,14:00-17:00", "en", "Mon–Fri 8:00–11:30, 14:00–17:00"},
		{"Mo-Fr 08:00-11:30,14:00-17:00", "rm", "Mo–Fr 8.00–11.30, 14.00–17.00 Uhr"},
		{counterHours, "de", "Mo–Fr 8.00–11.30, 14.00–17.00 Uhr; 1. und 3. Sa im Monat 9.30–11.30 Uhr; Feiertage geschlossen"},
		{counterHours, "fr", "lu–ve 8 h 00–11 h 30, 14 h 00–17 h 00; 1er et 3e sa du mois 9 h 30–11 h 30; jours fériés fermé"},
		{counterHours, "it", "lu–ve 8.00–11.30, 14.00–17.00; 1º e 3º sa del mese 9.30–11.30; giorni festivi chiuso"},
		{counterHours, "en", "Mon–Fri 8:00–11:30, 14:00–17:00; 1st and 3rd Sat of the month 9:30–11:30; public holidays closed"},
		{"24/7", "de", "rund um die Uhr"},
		{"off", "de", "geschlossen"},
		{"Sa,PH 10:00-12:00", "de", "Sa, Feiertage 10.00–12.00 Uhr"},
		{"PH Mo-Fr 10:00-12:00", "de", "Feiertage am Mo–Fr 10.00–12.00 Uhr"},
		{"PH -1 day 08:00-11:00", "de", "1 Tag vor Feiertagen 8.00–11.00 Uhr"},
		{"easter -2 days off", "de", "2 Tage vor Ostersonntag geschlossen"},
		{"Mo-Su 00:00-24:00; Fr[-1] off", "de", "Mo–So ganztags; letzter Fr im Monat geschlossen"},
		{"Fr 20:00-02:00", "de", "Fr 20.00–2.00 Uhr"},
		{"Fr 20:00-24:00", "de", "Fr 20.00–24.00 Uhr"},
		{"Dec 24-Jan 02 off", "de", "24. Dezember – 2. Januar geschlossen"},
		{"2026 Dec 24-26 off", "de", "24.–26. Dezember 2026 geschlossen"},
		{"Aug 01 off", "fr", "1er août fermé"},
		{"Nov-Feb Mo 10:00-12:00", "de", "November–Februar, Mo 10.00–12.00 Uhr"},
		{"2026+ week 01-53/2 Mo 10:00-12:00", "de", "ab 2026, Kalenderwoche 1–53 (jede 2.), Mo 10.00–12.00 Uhr"},
		{`Mo 10:00-12:00 || "nach Vereinbarung"`, "de", "Mo 10.00–12.00 Uhr; sonst nach Vereinbarung"},
		{`Mo 10:00-12:00 || Tu unknown`, "de", "Mo 10.00–12.00 Uhr; sonst Di auf Anfrage"},
		{`Mo 10:00-12:00 open "Eingang West"`, "de", "Mo 10.00–12.00 Uhr (Eingang West)"},
	} {
		if got := plain(parse(t, c.spec).Describe(c.lang)); got != c.want {
			t.Errorf("%q in %s: %q, want %q", c.spec, c.lang, got, c.want)
		}
	}
}

func TestMoments(t *testing.T) {
	chat := hoursIn(t, chatHours, zurich)
	for _, c := range []struct{ lang, now, want string }{
		{"de", "2026-11-22 15:00", "Wir sind wieder für Sie da: Montag, 23. November, 8.00 Uhr"},
		{"fr", "2026-11-22 15:00", "Nous sommes de nouveau là pour vous: lundi 23 novembre, 8 h 00"},
		{"it", "2026-11-22 15:00", "Siamo di nuovo a vostra disposizione: lunedì 23 novembre, ore 8.00"},
		{"en", "2026-11-22 15:00", "We will be back for you: Monday, 23 November, 8:00"},
		{"de", "2026-11-23 12:00", "Wir sind wieder für Sie da: heute, 14.00 Uhr"},
		{"de", "2026-12-31 17:00", "Wir sind wieder für Sie da: Montag, 4. Januar, 8.00 Uhr"},
	} {
		if got := plain(chat.NextOpeningText(c.lang, at(c.now))); got != c.want {
			t.Errorf("in %s at %s: %q, want %q", c.lang, c.now, got, c.want)
		}
	}
	if got := hoursIn(t, "off", zurich).NextOpeningText("de", at("2026-11-22 15:00")); !strings.Contains(got, "nächste Öffnung") {
		t.Errorf("closed for ever: %q", got)
	}
	for _, c := range []struct{ lang, spec, now, want string }{
		{"de", chatHours, "2026-11-23 08:00", "offen bis 11.30 Uhr"},
		{"fr", chatHours, "2026-11-23 08:00", "ouvert jusqu’à 11 h 30"},
		{"it", chatHours, "2026-11-23 08:00", "aperto fino alle 11.30"},
		{"en", chatHours, "2026-11-23 08:00", "open until 11:30"},
		{"de", chatHours, "2026-11-23 11:30", ""},
		{"de", "24/7", "2026-11-23 11:30", "rund um die Uhr offen"},
		{"de", "Mo 20:00-24:00", "2026-11-23 21:00", "offen bis 24.00 Uhr"},
		{"de", "Mo 20:00-02:00", "2026-11-23 21:00", "offen bis Dienstag, 24. November, 2.00 Uhr"},
		{"de", "Mo 20:00-02:00", "2026-11-24 01:00", "offen bis 2.00 Uhr"},
	} {
		if got := plain(hoursIn(t, c.spec, zurich).OpenUntilText(c.lang, at(c.now))); got != c.want {
			t.Errorf("%q in %s at %s: %q, want %q", c.spec, c.lang, c.now, got, c.want)
		}
	}
	for now, want := range map[string]string{
		"2026-11-23 12:00": "Heute, 14.00 Uhr",
		"2026-11-20 18:00": "Montag, 23. November, 14.00 Uhr",
		"2026-01-20 18:00": "Montag, 23. November 2026, 14.00 Uhr",
	} {
		if got := chat.MomentText("de-CH", at(now), at("2026-11-23 14:00")); got != want {
			t.Errorf("at %s: %q, want %q", now, got, want)
		}
	}
}

// Swiss texts have no sharp s, whatever the rule.
func TestSwissSpelling(t *testing.T) {
	for _, spec := range append(oracleSpecs(t), writtenSpecs...) {
		for _, lang := range []string{"de", "fr", "it", "en"} {
			text := parse(t, spec).Describe(lang)
			if strings.ContainsRune(text, '\u00df') || strings.Contains(text, "%!") || strings.Contains(text, "  ") {
				t.Errorf("%q in %s: %q", spec, lang, text)
			}
		}
	}
}

func TestCalendarOfAarau(t *testing.T) {
	c := calendar("ch-ag-aarau")
	var got []string
	for _, d := range c.Year(2026) {
		got = append(got, d.String()[5:]+" "+c.Holiday(d, "de"))
	}
	const want = "01-01 Neujahr, 01-02 Berchtoldstag, 04-03 Karfreitag, 04-06 Ostermontag, 05-14 Auffahrt, " +
		"05-25 Pfingstmontag, 08-01 Bundesfeier, 12-25 Weihnachten, 12-26 Stephanstag"
	if strings.Join(got, ", ") != want {
		t.Errorf("2026: %s\nwant %s", strings.Join(got, ", "), want)
	}
	if fr := c.Holiday(date("2026-05-14"), "fr-CH"); fr != "Ascension" {
		t.Errorf("Auffahrt in French: %q", fr)
	}
	for _, name := range oh.CalendarNames() {
		if c, ok := oh.CalendarByName(name); !ok || c.Name() != name {
			t.Errorf("no calendar %s", name)
		}
	}
	if _, ok := oh.CalendarByName("atlantis"); ok {
		t.Error("there is a calendar of Atlantis")
	}
}

func TestOwnCalendar(t *testing.T) {
	var list []oh.Holiday
	for _, line := range []string{
		"08-01 Bundesfeier", "easter+60 Fronleichnam", "easter-2 Karfreitag", "easter Ostern",
		"2026-07-03 Maienzug", "SH 2026-07-04..2026-08-09 Sommerferien",
	} {
		h, err := oh.ParseHoliday(line)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, h)
	}
	c, err := oh.NewCalendar("own", list...)
	if err != nil {
		t.Fatal(err)
	}
	h, err := oh.New(parse(t, "10:00-12:00; SH 10:00-11:00; PH off"), zurich, c)
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string]string{
		"2026-06-04": "", "2026-07-03": "", "2027-07-02": "10:00-12:00", "2026-07-04": "10:00-11:00",
		"2026-08-01": "", "2026-08-09": "10:00-11:00", "2026-08-10": "10:00-12:00",
	} {
		if got := openOn(h, day); got != want {
			t.Errorf("%s: %q, want %q", day, got, want)
		}
	}
	for _, line := range []string{"", "08-01", "08-32 X", "13-01 X", "easter39 X", "easter+x X", "easter+400 X",
		"2026-02-30 X", "2026-08-09..2026-07-04 X", "SH 08-01 X", "morgen X"} {
		if h, err := oh.ParseHoliday(line); err == nil {
			t.Errorf("%q is read as %+v", line, h)
		}
	}
}
