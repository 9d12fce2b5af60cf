package config

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"schalter/bridge/openinghours"
)

// Zone is the city's time zone.
func (c City) Zone() (*time.Location, error) { return time.LoadLocation(c.TimeZone) }

// Calendar returns the city's holidays; nil when none are named.
func (c City) Calendar() (*openinghours.Calendar, error) {
	if len(c.OwnHolidays) > 0 {
		holidays := make([]openinghours.Holiday, len(c.OwnHolidays))
		for i, line := range c.OwnHolidays {
			var err error
			if holidays[i], err = openinghours.ParseHoliday(line); err != nil {
				return nil, err
			}
		}
		return openinghours.NewCalendar("own", holidays...)
	}
	if c.Holidays == "" {
		return nil, nil
	}
	calendar, ok := openinghours.CalendarByName(c.Holidays)
	if !ok {
		return nil, errors.New("no such calendar")
	}
	return calendar, nil
}

// OpeningHours reads a line of hours as meant in this city. The error of a wrong line is an
// *openinghours.SyntaxError.
func (c City) OpeningHours(spec string) (*openinghours.Hours, error) {
	schedule, err := openinghours.Parse(spec)
	if err != nil {
		return nil, err
	}
	zone, err := c.Zone()
	if err != nil {
		return nil, err
	}
	calendar, err := c.Calendar()
	if err != nil {
		return nil, err
	}
	return openinghours.New(schedule, zone, calendar)
}

func (c *Config) checkHolidays(k *checker) {
	if c.City.Holidays != "" && len(c.City.OwnHolidays) > 0 {
		k.refuse("city.own_holidays", "and holidays are both given; keep one")
	}
	if _, ok := openinghours.CalendarByName(c.City.Holidays); c.City.Holidays != "" && !ok {
		k.refuse("city.holidays", "is no calendar; there are %s, and own_holidays", strings.Join(openinghours.CalendarNames(), ", "))
	}
	k.list("city.own_holidays", c.City.OwnHolidays, func(line string) string {
		if _, err := openinghours.ParseHoliday(line); err != nil {
			return err.Error()
		}
		return ""
	})
}

func (c *Config) checkHours(k *checker, key, spec string, required bool) {
	if spec == "" && !required || !k.required(key, spec) {
		return
	}
	_, err := c.City.OpeningHours(spec)
	var wrong *openinghours.SyntaxError
	// Anything else is the zone's or the calendar's fault and was refused there.
	if errors.As(err, &wrong) {
		k.refuse(key, "position %d: %s; %s", 1+utf8.RuneCountInString(spec[:wrong.Offset]), wrong.Message, wrong.Hint)
	}
}
