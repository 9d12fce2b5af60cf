package openinghours

import "strconv"

// words are one language's pieces of the texts for citizens. Swiss spelling: ss for
// the sharp s, 8.00 Uhr, 8 h 00.
type words struct {
	clock    string // separates hours and minutes
	before   string // stands before a time in a sentence
	after    string // stands after a time in a sentence
	oclock   string // stands after the last time of a list
	days     [7]string
	weekdays [7]string // in full
	months   [13]string
	dayAfter string // stands after a day of the month: "1." or "1"
	first    string // the first of a month, if it is written in another way
	comma    string // stands between weekday and date

	and          string
	closed       string
	unknown      string
	always       string
	allDay       string
	otherwise    string
	holidays     string
	school       string
	aHoliday     string // the same after "after" and "before"
	aSchool      string
	both         string // "%s, if %s": weekdays that are holidays
	week         string
	every        string // every n-th, of weeks and years
	since        string // years from %d on
	easter       string
	anEaster     string // the same after "after" and "before"
	shiftedAfter string // "%s after %s"
	shiftedBack  string
	oneDay       string
	manyDays     string
	nth          map[int]string
	ofMonth      string

	today     string
	openUntil string // "open until %s"
	openNow   string
	back      string // the sentence that gives the next opening
	noOpening string
}

var languages = map[string]*words{
	"de": {
		clock: ".", after: " Uhr", oclock: " Uhr",
		days:         [7]string{"So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"},
		weekdays:     [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
		months:       [13]string{"", "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
		dayAfter:     ".",
		comma:        ", ",
		and:          " und ",
		closed:       "geschlossen",
		unknown:      "auf Anfrage",
		always:       "rund um die Uhr",
		allDay:       "ganztags",
		otherwise:    "sonst ",
		holidays:     "Feiertage",
		school:       "Schulferien",
		aHoliday:     "Feiertagen",
		aSchool:      "Schulferientagen",
		both:         "%s am %s",
		week:         "Kalenderwoche ",
		every:        " (jede %d.)",
		since:        "ab %d",
		easter:       "Ostersonntag",
		anEaster:     "Ostersonntag",
		shiftedAfter: "%s nach %s",
		shiftedBack:  "%s vor %s",
		oneDay:       "1 Tag",
		manyDays:     "%d Tage",
		nth:          map[int]string{1: "1.", 2: "2.", 3: "3.", 4: "4.", 5: "5.", -1: "letzter", -2: "zweitletzter", -3: "drittletzter", -4: "viertletzter", -5: "fünftletzter"},
		ofMonth:      "%s %s im Monat",
		today:        "heute",
		openUntil:    "offen bis %s",
		openNow:      "rund um die Uhr offen",
		back:         "Wir sind wieder für Sie da: %s",
		noOpening:    "Zurzeit ist kein Termin für die nächste Öffnung bekannt.",
	},
	"fr": {
		clock:        "\u00a0h\u00a0",
		first:        "1er",
		comma:        " ",
		days:         [7]string{"di", "lu", "ma", "me", "je", "ve", "sa"},
		weekdays:     [7]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"},
		months:       [13]string{"", "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
		and:          " et ",
		closed:       "fermé",
		unknown:      "sur demande",
		always:       "24 heures sur 24",
		allDay:       "toute la journée",
		otherwise:    "sinon ",
		holidays:     "jours fériés",
		school:       "vacances scolaires",
		aHoliday:     "un jour férié",
		aSchool:      "un jour de vacances scolaires",
		both:         "%s tombant sur %s",
		week:         "semaine ",
		every:        " (toutes les %d)",
		since:        "dès %d",
		easter:       "dimanche de Pâques",
		anEaster:     "le dimanche de Pâques",
		shiftedAfter: "%s après %s",
		shiftedBack:  "%s avant %s",
		oneDay:       "1 jour",
		manyDays:     "%d jours",
		nth:          map[int]string{1: "1er", 2: "2e", 3: "3e", 4: "4e", 5: "5e", -1: "dernier", -2: "avant-dernier", -3: "3e dernier", -4: "4e dernier", -5: "5e dernier"},
		ofMonth:      "%s %s du mois",
		today:        "aujourd’hui",
		openUntil:    "ouvert jusqu’à %s",
		openNow:      "ouvert 24 heures sur 24",
		back:         "Nous sommes de nouveau là pour vous: %s",
		noOpening:    "La date de la prochaine ouverture n’est pas encore connue.",
	},
	"it": {
		clock: ".", before: "ore ",
		first:        "1º",
		comma:        " ",
		days:         [7]string{"do", "lu", "ma", "me", "gi", "ve", "sa"},
		weekdays:     [7]string{"domenica", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato"},
		months:       [13]string{"", "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"},
		and:          " e ",
		closed:       "chiuso",
		unknown:      "su richiesta",
		always:       "24 ore su 24",
		allDay:       "tutto il giorno",
		otherwise:    "altrimenti ",
		holidays:     "giorni festivi",
		school:       "vacanze scolastiche",
		aHoliday:     "un giorno festivo",
		aSchool:      "un giorno di vacanze scolastiche",
		both:         "%s che cadono di %s",
		week:         "settimana ",
		every:        " (ogni %d)",
		since:        "dal %d",
		easter:       "domenica di Pasqua",
		anEaster:     "la domenica di Pasqua",
		shiftedAfter: "%s dopo %s",
		shiftedBack:  "%s prima di %s",
		oneDay:       "1 giorno",
		manyDays:     "%d giorni",
		nth:          map[int]string{1: "1º", 2: "2º", 3: "3º", 4: "4º", 5: "5º", -1: "ultimo", -2: "penultimo", -3: "terzultimo", -4: "quartultimo", -5: "quintultimo"},
		ofMonth:      "%s %s del mese",
		today:        "oggi",
		openUntil:    "aperto fino alle %s",
		openNow:      "aperto 24 ore su 24",
		back:         "Siamo di nuovo a vostra disposizione: %s",
		noOpening:    "La data della prossima apertura non è ancora nota.",
	},
	"en": {
		clock:        ":",
		comma:        ", ",
		days:         [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
		weekdays:     [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		months:       [13]string{"", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		and:          " and ",
		closed:       "closed",
		unknown:      "on request",
		always:       "around the clock",
		allDay:       "all day",
		otherwise:    "otherwise ",
		holidays:     "public holidays",
		school:       "school holidays",
		aHoliday:     "a public holiday",
		aSchool:      "a school holiday",
		both:         "%s on %s",
		week:         "week ",
		every:        " (every %d)",
		since:        "from %d on",
		easter:       "Easter Sunday",
		anEaster:     "Easter Sunday",
		shiftedAfter: "%s after %s",
		shiftedBack:  "%s before %s",
		oneDay:       "1 day",
		manyDays:     "%d days",
		nth:          map[int]string{1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 5: "5th", -1: "last", -2: "second last", -3: "third last", -4: "fourth last", -5: "fifth last"},
		ofMonth:      "%s %s of the month",
		today:        "today",
		openUntil:    "open until %s",
		openNow:      "open around the clock",
		back:         "We will be back for you: %s",
		noOpening:    "The next opening is not known yet.",
	},
}

func wordsIn(lang string) *words { return languages[language(lang)] }

// clockText writes a minute of the day: "8.00", "8 h 00", "8:00"; 1440 is 24.00.
func (w *words) clockText(minute int) string {
	if minute > minutesPerDay {
		minute -= minutesPerDay
	}
	return strconv.Itoa(minute/60) + w.clock + pad(minute%60)
}

// timeText writes a time within a sentence: "8.00 Uhr", "ore 8.00".
func (w *words) timeText(minute int) string { return w.before + w.clockText(minute) + w.after }

// dateText writes "Montag, 23. November", with the year if asked for.
func (w *words) dateText(d Date, year bool) string {
	s := w.weekdays[d.Weekday()] + w.comma + w.dayText(d.Day) + " " + w.months[d.Month]
	if year {
		s += " " + strconv.Itoa(d.Year)
	}
	return s
}

// dayText writes a day of the month.
func (w *words) dayText(day int) string {
	if day == 1 && w.first != "" {
		return w.first
	}
	return strconv.Itoa(day) + w.dayAfter
}
