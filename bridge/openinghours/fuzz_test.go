package openinghours_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	oh "schalter/bridge/openinghours"
)

// FuzzParse: any string gives a value or a *SyntaxError with a place and a hint; a
// value reads back from its canonical text, and its hours answer without gaps.
//
//	go test ./bridge/openinghours -run XXX -fuzz FuzzParse -fuzztime 10m -fuzzminimizetime 1s -parallel 1
func FuzzParse(f *testing.F) {
	for _, spec := range writtenSpecs {
		f.Add(spec)
	}
	for _, d := range differences {
		f.Add(d.spec)
	}
	holidays, err := oh.NewCalendar("fuzz", oh.Yearly(time.August, 1, "Bundesfeier"), oh.FromEaster(39, "Auffahrt"),
		oh.Holiday{Name: "Ferien", School: true, Date: date("2026-07-04"), Until: date("2026-08-09")})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		s, err := oh.Parse(spec)
		if err != nil {
			var syntax *oh.SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(spec) || syntax.Message == "" || syntax.Hint == "" {
				t.Fatalf("%q is refused with %#v", spec, err)
			}
			return
		}
		again, err := oh.Parse(s.String())
		if len(s.String()) <= oh.MaxLength && (err != nil || !reflect.DeepEqual(s.Rules, again.Rules)) {
			t.Fatalf("%q is written as %q, which is read as %v, %v", spec, s, again, err)
		}
		h, err := oh.New(s, zurich, holidays)
		if err != nil {
			t.Fatalf("%q: %v", spec, err)
		}
		last, to := at("2026-03-27 00:00"), at("2026-04-08 12:34")
		for i := range h.Intervals(last, to) {
			if !i.From.Equal(last) || !i.To.After(i.From) || h.IsOpen(i.From) != (i.State == oh.Open) {
				t.Fatalf("%q: %+v follows %s", spec, i, last)
			}
			last = i.To
		}
		if !last.Equal(to) {
			t.Fatalf("%q: the intervals end at %s", spec, last)
		}
		for _, lang := range []string{"de", "fr", "it", "en"} {
			if s.Describe(lang) == "" {
				t.Fatalf("%q has no text in %s", spec, lang)
			}
		}
	})
}
