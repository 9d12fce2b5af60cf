package openinghours_test

import (
	"slices"
	"time"

	oh "schalter/bridge/openinghours"
)

// oracleSpecs are the values that are compared: written ones, and generated ones from
// fixed seeds, less those that leftOut names.
func oracleSpecs(t tester) []string {
	specs := slices.Clone(writtenSpecs)
	generator := values()
	for seed := 1; len(specs) < 400; seed++ {
		spec := generator.Example(seed)
		if len(spec) < 400 && !slices.Contains(specs, spec) && leftOut(parse(t, spec)) == "" {
			specs = append(specs, spec)
		}
	}
	return specs
}

// leftOut names the rule by which a value is not compared; "" if it is.
func leftOut(s *oh.Schedule) string {
	fallback := false
	for i := range s.Rules {
		r := &s.Rules[i]
		if r.Join != oh.Add {
			fallback = r.Join == oh.Fallback // an added rule goes on in the manner of the one before
		}
		if fallback && slices.ContainsFunc(r.Times, func(t oh.TimeSpan) bool { return t.To > 1440 }) {
			return "a fallback past midnight: see differences"
		}
		if r.Always && i+1 < len(s.Rules) && s.Rules[i+1].Join == oh.Add {
			return "24/7 before an additional rule: the oracle refuses it"
		}
		for j, d := range r.Dates {
			if d.From != d.To && (d.From.Month == 0 || d.To.Month == 0) {
				return "a range from or to Easter: see differences"
			}
			if d.From != d.To && !d.Whole && (d.From.Month == 2 && d.From.Day == 29 || d.To.Month == 2 && d.To.Day == 29) {
				return "a range from or to 29 February: see differences"
			}
			if j > 0 && r.Dates[j-1].Whole && (d.From.Month == 0 || d.From.Year != 0) {
				return "a month before Easter or a date with a year in one list: the oracle refuses it"
			}
			isDay := func(d oh.DateRange) bool { return !d.Whole }
			if j > 0 && r.Dates[j-1].Whole && isDay(d) && slices.ContainsFunc(r.Dates[:j], isDay) {
				return "a month between dates in one list: see differences"
			}
		}
		for _, w := range r.Days.Weekdays {
			if len(r.Dates) > 1 && r.Dates[len(r.Dates)-1].Whole && len(w.Nth) > 0 {
				return "a month, after other dates, before a counted weekday: the oracle takes both together for one date"
			}
			for _, n := range w.Nth {
				if w.Offset != 0 && (n.From < 2 || n.To > 3) {
					return "a counted weekday moved perhaps into another month: see differences"
				}
			}
		}
		if len(r.Days.Holidays) > 0 && len(r.Years)+len(r.Dates) > 0 {
			return "holidays and dates in one rule: the holidays cannot be written as dates beside the dates"
		}
		if len(r.Days.Holidays) > 0 && len(r.Days.Weekdays) > 0 && !r.Days.Both {
			if days := countDays(r.Days); days > 120 {
				return "holidays or weekdays on more than 120 days: as dates they keep the oracle busy for minutes"
			}
		}
	}
	return ""
}

// withDates writes the holidays of a value as dates: the oracle knows only the holidays
// of whole cantons, which are wrong for Aarau.
func withDates(t tester, spec string) string {
	s := parse(t, spec)
	for i := range s.Rules {
		r := &s.Rules[i]
		if len(r.Days.Holidays) == 0 {
			continue
		}
		days := r.Days
		r.Days, r.Dates = oh.Days{}, nil
		second := reading{holiday: aarauHolidays}
		for date := oracleFrom.AddDate(0, 0, -2); date.Before(oracleTo.AddDate(0, 0, 3)); date = date.AddDate(0, 0, 1) {
			if second.inDays(days, date) {
				e := oh.DateEnd{Year: date.Year(), Month: date.Month(), Day: date.Day()}
				r.Dates = append(r.Dates, oh.DateRange{From: e, To: e})
			}
		}
		if len(r.Dates) == 0 {
			e := oh.DateEnd{Year: 2099, Month: time.January, Day: 1}
			r.Dates = append(r.Dates, oh.DateRange{From: e, To: e})
		}
	}
	return s.String()
}

// differences are the values on which this package and opening_hours.js 3.15.0 differ,
// and the sentence of the specification (version 0.7.2) that decides.
var differences = []struct{ spec, why string }{
	{"Mar 01-easter 10:00-12:00",
		"monthday_range: a date_to belongs to its range; the oracle stops the day before Easter"},
	{"Apr 10:00-12:00; easter -2 days-easter +1 day off",
		"monthday_range: a date_to belongs to its range; the oracle stops the day before Easter Monday"},
	{"Feb 20-Feb 29 10:00-12:00",
		"daynum 29 in February names no day of 2026; the oracle takes it for 1 March"},
	{"20:00-22:00 || 21:00-02:00 unknown; Mo 01:00-03:00, Tu 00:00-24:00 || 23:00-01:00 unknown",
		"fallback_rule_separator: a fallback speaks only where the rules before it do not; the oracle lets its part after midnight speak always"},
	{"May 13,Oct,Jan 14 10:00-12:00",
		"monthday_selector: a list selects what any of its entries selects; the oracle asks for October and one of the dates together"},
	{"Mo[1] -1 day 10:00-12:00",
		"day_offset: the day before the first Monday may lie in the month before; the oracle does not find it there"},
	{"We[5] +3 days 10:00-12:00",
		"day_offset: the third day after the fifth Wednesday may lie in the month after; the oracle does not find it there"},
}

// countDays counts the days of the comparison that are selected.
func countDays(days oh.Days) int {
	n := 0
	for date := oracleFrom; date.Before(oracleTo); date = date.AddDate(0, 0, 1) {
		if (reading{holiday: aarauHolidays}).inDays(days, date) {
			n++
		}
	}
	return n
}

// writtenSpecs are values such as people write, and corners of the syntax.
var writtenSpecs = []string{
	chatHours,
	counterHours,
	saturdaysLast,
	"24/7",
	"24/7; PH off",
	"24/7; Mo 12:00-13:00 off",
	"off",
	"open",
	`"nach Vereinbarung"`,
	"08:00-18:00",
	"Mo-Fr 08:00-18:00; Sa 09:00-16:00; PH off",
	"Mo-We,Fr 08:00-12:00,13:30-17:00; Th 08:00-12:00,13:30-18:30; PH off",
	"Mo-Fr 08:00-12:00, Th 13:30-18:30; PH,Su off",
	"Mo-Fr 10:00-12:00; 14:00-15:00",
	"10:00-12:00; Mo off; 14:00-15:00",
	"10:00-12:00; 14:00-15:00 unknown",
	"Mo-Fr 10:00-12:00; unknown",
	"Mo-Fr 10:00-12:00; open",
	"Mo-Fr 10:00-12:00; off",
	`Mo-Fr 08:00-12:00 || "auf Anfrage"`,
	`Mo-Fr 08:00-12:00 || Sa 09:00-10:00 || "auf Anfrage"`,
	`Mo 10:00-12:00 || Mo 08:00-14:00 off "zu" || Mo 13:00-15:00`,
	`Mo 10:00-12:00 || Tu 09:00-10:00, We 10:00-11:00`,
	`Mo-Fr 08:00-17:00 "nur Abholung"; We 12:00-13:00 off "Mittag"`,
	`Mo-Fr 08:00-17:00 open "Haupteingang", Sa 08:00-12:00 open "Seiteneingang"`,
	"Fr-Mo 10:00-12:00",
	"Su-Tu 10:00-12:00; Mo off",
	"Mo[1] 10:00-12:00",
	"Mo[-1],We[2,4] 10:00-12:00",
	"Sa[1-3,5] 10:00-12:00",
	"Th[2] +2 days 10:00-12:00",
	"Jul Sa[1] 10:00-16:00",
	"PH 10:00-12:00",
	"PH Mo-Fr 10:00-12:00; Sa 09:00-11:00",
	"Mo-Fr 08:00-12:00; PH -1 day 08:00-11:00; PH off",
	"Mo-Fr 08:00-12:00; PH +1 day 10:00-12:00",
	"Sa,PH 10:00-12:00",
	"Fr 20:00-02:00",
	"Fr 20:00-02:00; Sa 10:00-12:00",
	"Fr 20:00-02:00, Sa 10:00-12:00",
	"Fr 20:00-02:00; Sa off",
	"Mo-Su 18:00-03:00; PH off",
	"Mo 22:00-48:00",
	"Mo 10:00-35:00; Tu 08:00-09:00 off",
	"Mo 10:00-10:00",
	"00:00-24:00; Su off",
	"Mo 10:00-12:00,11:00-13:00",
	"2026 Mo 10:00-12:00",
	"2025-2026 Dec 31 10:00-12:00",
	"2026+ Mo 10:00-12:00",
	"2020-2030/2 Mo 10:00-12:00",
	"2027 off; Mo-Fr 10:00-12:00; 2026 Dec off",
	"Jan-Mar Mo 10:00-12:00",
	"Nov-Feb 10:00-12:00",
	"Apr-Oct Mo-Fr 08:00-18:00; Nov-Mar Mo-Fr 09:00-17:00; PH off",
	"Jan,Mar,Dec 10:00-12:00",
	"Dec 24,26,31 10:00-12:00",
	"Dec 24-26,31 10:00-12:00",
	"Dec 24-Jan 06 off; Mo-Fr 10:00-12:00",
	"Mo-Fr 10:00-12:00; Dec 24-Jan 06 off",
	"Mo-Fr 10:00-12:00; 2026 Dec 24-2027 Jan 02 off",
	"Mo-Fr 10:00-12:00; 2026 Jul 03 off; 2026 May 15 off",
	"2026 Jan 01,Feb 02 10:00-12:00",
	"Jan 05,Mar 10:00-12:00",
	"Feb 29 10:00-12:00",
	"Mo-Fr 10:00-12:00; easter off; easter -2 days off; easter +1 day off; easter +39 days off; easter +50 days off",
	"easter -3 days,easter +38 days 08:00-11:00",
	"2026 easter 10:00-12:00",
	"week 53 10:00-12:00",
	"week 01-53/2 Mo-Fr 10:00-12:00; week 02-52/2 Mo-Fr 14:00-16:00",
	"week 05,10-12 Tu 10:00-12:00",
	"Jun week 23-26 Tu 10:00-12:00",
	"2026 week 01-10 Fr 10:00-12:00",
}
