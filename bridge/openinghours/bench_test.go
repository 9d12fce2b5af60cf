package openinghours_test

import (
	"testing"
	"time"

	oh "schalter/bridge/openinghours"
)

// What the issue asks of the machine: Parse below 50 µs, IsOpen below 1 µs without
// allocation, Next below 20 µs, memory flat over a year's scan. Nothing here fails on
// time; TestMemoryIsFlat holds the allocations.

const longHours = `Mo-Fr 08:00-11:30,14:00-17:00; We 08:00-11:30,14:00-18:30; Sa[1,3] 09:30-11:30; ` +
	`Jul 06-Aug 09 Mo-Fr 09:00-11:30; Dec 24,31 08:00-11:30; easter -3 days 08:00-11:30; ` +
	`2026 Dec 28-2027 Jan 03 off "Betriebsferien"; PH off; PH -1 day 08:00-11:30,14:00-16:00 || "nach Vereinbarung"`

var benchmarked = map[string]string{"chat": chatHours, "counter": counterHours, "long": longHours}

func BenchmarkParse(b *testing.B) {
	for name, spec := range benchmarked {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := oh.Parse(spec); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkIsOpen(b *testing.B) {
	for name, spec := range benchmarked {
		h := hoursIn(b, spec, zurich)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			t := at("2026-11-23 08:00")
			for b.Loop() {
				h.IsOpen(t)
				t = t.Add(53 * time.Minute)
			}
		})
	}
}

func BenchmarkNext(b *testing.B) {
	for name, spec := range benchmarked {
		h := hoursIn(b, spec, zurich)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			t := at("2026-11-23 08:00")
			for b.Loop() {
				h.Next(t)
				t = t.Add(53 * time.Minute)
			}
		})
	}
	// Over Christmas, the longest that the counter is closed.
	h := hoursIn(b, counterHours, zurich)
	b.Run("christmas", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.Next(at2026Christmas)
		}
	})
	h = hoursIn(b, "Dec 25 10:00-12:00", zurich)
	b.Run("a year ahead", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.Next(at2026Christmas)
		}
	})
	h = hoursIn(b, "2020-2025 Mo-Fr 10:00-12:00", zurich)
	b.Run("never again", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.Next(at2026Christmas)
		}
	})
}

var at2026Christmas = at("2026-12-25 12:00")

func BenchmarkAt(b *testing.B) {
	h := hoursIn(b, counterHours, zurich)
	b.ReportAllocs()
	t := at("2026-11-23 08:00")
	for b.Loop() {
		h.At(t)
		t = t.Add(53 * time.Minute)
	}
}

func BenchmarkYear(b *testing.B) {
	h := hoursIn(b, counterHours, zurich)
	b.ReportAllocs()
	for b.Loop() {
		for range h.Intervals(at("2026-01-01 00:00"), at("2027-01-01 00:00")) {
		}
	}
}

// IsOpen allocates nothing, and a scan of ten years no more than one of a month.
func TestMemoryIsFlat(t *testing.T) {
	h := hoursIn(t, longHours, zurich)
	now := at("2026-11-23 08:00")
	if n := testing.AllocsPerRun(100, func() { h.IsOpen(now); now = now.Add(time.Hour) }); n != 0 {
		t.Errorf("IsOpen makes %v allocations", n)
	}
	scan := func(to time.Time) float64 {
		return testing.AllocsPerRun(3, func() {
			for range h.Intervals(at("2026-01-01 00:00"), to) {
			}
		})
	}
	month, decade := scan(at("2026-02-01 00:00")), scan(at("2036-01-01 00:00"))
	if decade > month+8 { // the buffers may grow once or twice more
		t.Errorf("a month takes %v allocations, ten years %v", month, decade)
	}
}
