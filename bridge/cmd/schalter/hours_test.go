package main

import (
	"encoding/json"
	"strings"
	"testing"
)

const cityHours = "Mo-Fr 08:00-11:30,14:00-17:00; PH off; Sa[1,3] 09:30-11:30"

func TestHoursAsJSON(t *testing.T) {
	var b strings.Builder
	h := hoursCommand{Spec: cityHours, From: "2026-07-31", To: "2026-08-03", TZ: "Europe/Zurich", Holidays: "ch-ag-aarau", JSON: true}
	if err := h.write(&b); err != nil {
		t.Fatal(err)
	}
	var got []map[string]string
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	// 1 August 2026 is the first Saturday: the rule behind PH opens it again.
	want := []string{"2026-07-31T08:00:00+02:00", "2026-07-31T14:00:00+02:00", "2026-08-01T09:30:00+02:00", "2026-08-03T08:00:00+02:00", "2026-08-03T14:00:00+02:00"}
	if len(got) != len(want) {
		t.Fatalf("%d intervals, want %d: %s", len(got), len(want), b.String())
	}
	for i, w := range want {
		if got[i]["from"] != w || got[i]["state"] != "open" || got[i]["rule"] == "" {
			t.Errorf("interval %d is %v, want from %s", i, got[i], w)
		}
		if _, ok := got[i]["comment"]; !ok {
			t.Errorf("interval %d has no comment", i)
		}
	}
}

func TestHoursAsCalendar(t *testing.T) {
	var b strings.Builder
	h := hoursCommand{Spec: "Mo-Fr 08:00-11:30,14:00-17:00; PH off", From: "2026-01-01", To: "2026-12-31", TZ: "Europe/Zurich", Holidays: "ch-ag-aarau"}
	if err := h.write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Mo–Fr 8.00–11.30, 14.00–17.00 Uhr; Feiertage geschlossen", "2026-12\n", "Mo 23.11.  08.00–11.30, 14.00–17.00\n", "Do 14.05.  geschlossen  · Auffahrt", "Do 31.12."} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the calendar lacks %q", want)
		}
	}
	if n := strings.Count(b.String(), "\n"); n < 365+24 || n > 365+26 {
		t.Errorf("%d lines for a year", n)
	}
}

func TestHoursRefusals(t *testing.T) {
	good := hoursCommand{Spec: "24/7", From: "2026-01-01", To: "2026-01-02", TZ: "Europe/Zurich", Holidays: "none"}
	for _, tc := range []struct {
		change func(*hoursCommand)
		want   string
	}{
		{func(h *hoursCommand) { h.Spec = "Mo-Fr 08:00-11:30; Di off" }, "position 20: "},
		{func(h *hoursCommand) { h.TZ = "Europe/Aarau" }, "time zone"},
		{func(h *hoursCommand) { h.Holidays = "ch-ag" }, "there are ch-ag-aarau"},
		{func(h *hoursCommand) { h.From = "1.1.2026" }, "--from"},
		{func(h *hoursCommand) { h.To = "2025-01-01" }, "before"},
	} {
		h := good
		tc.change(&h)
		if err := h.write(&strings.Builder{}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("got %v, want %q", err, tc.want)
		}
	}
	if err := good.write(&strings.Builder{}); err != nil {
		t.Error(err)
	}
}
