package openinghours

import (
	"errors"
	"fmt"
	"time"
)

// Date is a day of the calendar, without zone. The zero value is no date.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads "2026-07-03" (ISO 8601). The year is MinYear to MaxYear.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < MinYear {
		return Date{}, fmt.Errorf("date %q is not a day written as in 2026-07-03", s)
	}
	return DateOf(t), nil
}

// DateOf gives the date that t shows in its own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// String writes "2026-07-03".
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// MarshalText writes "2026-07-03".
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads "2026-07-03".
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}

// Compare is negative if d is before e, and 0 if they are the same day.
func (d Date) Compare(e Date) int { return int(d.number() - e.number()) }

// AddDays gives the date n days later.
func (d Date) AddDays(n int) Date { return dateOfNumber(d.number() + int32(n)) }

// Weekday of the date.
func (d Date) Weekday() time.Weekday { return weekday(d.number()) }

func (d Date) number() int32 { return dayNumber(d.Year, d.Month, d.Day) }

var errNoSuchDay = errors.New("there is no such day")

func (d Date) check() error {
	if d.Year < MinYear || d.Year > MaxYear || d.Month < 1 || d.Month > 12 || d.Day < 1 || d.Day > daysIn(d.Year, d.Month) {
		return errNoSuchDay
	}
	return nil
}

// dayNumber counts the days from 1 January 1970 in the Gregorian calendar. Days
// beyond the month run into the next one.
func dayNumber(year int, month time.Month, day int) int32 {
	// Years start in March, so that the leap day is the last of its year.
	y, m := year, int(month)-3
	if m < 0 {
		y, m = y-1, m+12
	}
	era := floorDiv(y, 400)
	yearOfEra := y - era*400
	dayOfYear := (153*m+2)/5 + day - 1
	return int32(era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468)
}

func dateOfNumber(n int32) Date {
	z := int(n) + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	m := (5*doy + 2) / 153
	d := Date{Year: yoe + era*400, Month: time.Month(m + 3), Day: doy - (153*m+2)/5 + 1}
	if d.Month > 12 {
		d.Month -= 12
		d.Year++
	}
	return d
}

func weekday(n int32) time.Weekday {
	w := (n + 4) % 7 // 1 January 1970 was a Thursday
	if w < 0 {
		w += 7
	}
	return time.Weekday(w)
}

// isoWeek gives the ISO 8601 week: the one whose Thursday lies in its year.
func isoWeek(n int32) int {
	thursday := n + 3 - (int32(weekday(n))+6)%7
	year := dateOfNumber(thursday).Year
	return int(thursday-dayNumber(year, time.January, 1))/7 + 1
}

// easter gives the day number of Easter Sunday (Gregorian computus, in the form of
// Meeus, Jones and Butcher).
func easter(year int) int32 {
	a, b, c := year%19, year/100, year%100
	h := (19*a + b - b/4 - (b-(b+8)/25+1)/3 + 15) % 30
	l := (32 + 2*(b%4) + 2*(c/4) - h - c%4) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return dayNumber(year, time.Month(n/31), n%31+1)
}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year int, month time.Month) int {
	if month == time.February {
		if leap(year) {
			return 29
		}
		return 28
	}
	return 30 + (int(month)+int(month)/8)%2
}

func floorDiv[T int | int32 | int64](a, b T) T {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
