package openinghours

import (
	"sync"
	"time"
)

// calendars are the lists that come with the program. Other towns write their own
// list in the configuration (ParseHoliday); nothing here needs to change for them.
var calendars = map[string]func() *Calendar{
	"ch-ag-aarau": sync.OnceValue(aarau),
	"none":        sync.OnceValue(func() *Calendar { return must(NewCalendar("none")) }),
}

// CalendarByName gives a calendar that comes with the program: "ch-ag-aarau", or
// "none", which has no holidays at all. False if there is no such calendar.
func CalendarByName(name string) (*Calendar, bool) {
	if calendar, ok := calendars[name]; ok {
		return calendar(), true
	}
	return nil, false
}

// CalendarNames lists the names that CalendarByName knows.
func CalendarNames() []string { return []string{"ch-ag-aarau", "none"} }

// aarau is the Bezirk Aarau. In the canton of Aargau the public holidays differ by
// Bezirk, so lists for the whole canton are wrong here: in Aarau, Corpus Christi,
// 15 August, 1 November and 8 December are working days, and so is 1 May.
//
// Sources: Swiss Federal Constitution (SR 101), article 110 paragraph 3 (1 August is
// the national day, equal to a Sunday); Arbeitsgesetz (SR 822.11), article 20a (the
// cantons may put eight more days on a par with Sundays); canton of Aargau,
// Einführungsgesetz zum Arbeitsrecht, the public holidays of the Bezirk Aarau: 1 and
// 2 January, Good Friday, Easter Monday, Ascension, Whit Monday, 25 and 26 December.
//
// Maienzug (the first Friday of July) and bridge days are no public holidays; the
// town enters them as exceptions.
func aarau() *Calendar {
	day := func(h Holiday, fr, it, en string) Holiday {
		h.Names = map[string]string{"de": h.Name, "fr": fr, "it": it, "en": en}
		return h
	}
	return must(NewCalendar("ch-ag-aarau",
		day(Yearly(time.January, 1, "Neujahr"), "Nouvel An", "Capodanno", "New Year’s Day"),
		day(Yearly(time.January, 2, "Berchtoldstag"), "Saint-Berchtold", "San Bertoldo", "Berchtold’s Day"),
		day(FromEaster(-2, "Karfreitag"), "Vendredi saint", "Venerdì santo", "Good Friday"),
		day(FromEaster(1, "Ostermontag"), "Lundi de Pâques", "Lunedì di Pasqua", "Easter Monday"),
		day(FromEaster(39, "Auffahrt"), "Ascension", "Ascensione", "Ascension Day"),
		day(FromEaster(50, "Pfingstmontag"), "Lundi de Pentecôte", "Lunedì di Pentecoste", "Whit Monday"),
		day(Yearly(time.August, 1, "Bundesfeier"), "Fête nationale", "Festa nazionale", "Swiss National Day"),
		day(Yearly(time.December, 25, "Weihnachten"), "Noël", "Natale", "Christmas Day"),
		day(Yearly(time.December, 26, "Stephanstag"), "Saint-Étienne", "Santo Stefano", "St Stephen’s Day"),
	))
}

func must(c *Calendar, err error) *Calendar {
	if err != nil {
		panic(err) // a mistake in the lists of this file, met by its test
	}
	return c
}
