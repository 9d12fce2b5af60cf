package webchat_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"schalter/bridge"
	"schalter/bridge/openinghours"
)

type areas struct {
	ServiceAreas []struct {
		ID, Name, Description, State string
		Status, Comment              string
		OpensAt                      *time.Time `json:"opens_at"`
		ClosesAt                     *time.Time `json:"closes_at"`
		Hours                        struct{ Text, Spec string }
		CounterHours                 *struct {
			Text, Spec string
			Open       bool
			ChangesAt  *time.Time `json:"changes_at"`
		} `json:"counter_hours"`
	} `json:"service_areas"`
}

func TestServiceAreas(t *testing.T) {
	h := newHouse(t)
	var got areas
	h.get("/api/v1/service-areas").into(t, 200, &got)
	if len(got.ServiceAreas) != 5 {
		t.Fatalf("%d areas", len(got.ServiceAreas))
	}
	first := got.ServiceAreas[0]
	if first.ID != "einwohnerkontrolle" || first.Name != "Einwohnerkontrolle" || first.State != "open" ||
		first.Hours.Spec != "Mo-Fr 08:00-11:30,14:00-17:00; PH off" || first.CounterHours == nil || first.OpensAt != nil {
		t.Errorf("first area %+v", first)
	}
	if got.ServiceAreas[1].CounterHours != nil {
		t.Error("counter hours of an area without")
	}
	for _, tc := range []struct{ query, accept, want string }{
		{"?lang=fr", "", "Contrôle des habitants"},
		{"", "fr-CH,de;q=0.5", "Contrôle des habitants"},
		{"?lang=de", "fr-CH", "Einwohnerkontrolle"},
		{"?lang=xx", "fr", "Contrôle des habitants"},
		{"", "rm", "Einwohnerkontrolle"},
		{"?lang=it", "", "Einwohnerkontrolle"}, // no Italian name: German
	} {
		a := h.get("/api/v1/service-areas"+tc.query, "Accept-Language", tc.accept)
		a.into(t, 200, &got)
		if got.ServiceAreas[0].Name != tc.want {
			t.Errorf("%s %s: %q", tc.query, tc.accept, got.ServiceAreas[0].Name)
		}
	}
}

func TestServiceAreasTellHours(t *testing.T) {
	h := newHouse(t)
	for _, tc := range []struct {
		now, lang, state, status, opens, closes string
		counter                                 bool
	}{
		{"2026-11-23T09:00:00+01:00", "de", "open", "offen bis 11.30 Uhr", "", "2026-11-23T11:30:00+01:00", false},
		{"2026-11-23T11:29:59+01:00", "de", "open", "offen bis 11.30 Uhr", "", "2026-11-23T11:30:00+01:00", false},
		{"2026-11-23T11:30:00+01:00", "de", "closed", "Wir sind wieder für Sie da: heute, 14.00 Uhr", "2026-11-23T14:00:00+01:00", "", false},
		{"2026-11-21T10:00:00+01:00", "de", "closed", "Wir sind wieder für Sie da: Montag, 23. November, 8.00 Uhr", "2026-11-23T08:00:00+01:00", "", true},
		{"2026-11-21T10:00:00+01:00", "en", "closed", "We will be back for you: ", "2026-11-23T08:00:00+01:00", "", true},
	} {
		h.core.set(func() { h.core.now = at(tc.now) })
		var got areas
		h.get("/api/v1/service-areas?lang="+tc.lang).into(t, 200, &got)
		a := got.ServiceAreas[0]
		if a.State != tc.state || !strings.HasPrefix(a.Status, tc.status) || a.CounterHours.Open != tc.counter {
			t.Errorf("%s: %+v", tc.now, a)
		}
		for want, is := range map[string]*time.Time{tc.opens: a.OpensAt, tc.closes: a.ClosesAt} {
			if want == "" && is != nil && tc.opens != "" && is == a.ClosesAt || want != "" && (is == nil || !is.Equal(at(want))) {
				t.Errorf("%s: %v, want %s", tc.now, is, want)
			}
		}
	}
	closed, err := h.core.areas[0].Hours.WithExceptions(openinghours.Exception{
		From: openinghours.DateOf(at("2026-11-23T00:00:00+01:00")), Comment: map[string]string{"de": "Betriebsanlass", "fr": "Sortie"},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.core.set(func() { h.core.areas[0].Hours, h.core.now = closed, at("2026-11-23T09:00:00+01:00") })
	for lang, want := range map[string]string{"de": "Betriebsanlass", "fr": "Sortie", "it": "Betriebsanlass"} {
		var got areas
		h.get("/api/v1/service-areas?lang="+lang).into(t, 200, &got)
		if a := got.ServiceAreas[0]; a.State != "closed" || a.Comment != want || got.ServiceAreas[1].Comment != "" {
			t.Errorf("an exception in %s: %+v", lang, a)
		}
	}
	h.core.set(func() { h.core.areas[3].Clerks = nil })
	var got areas
	h.get("/api/v1/service-areas").into(t, 200, &got)
	if a := got.ServiceAreas[3]; a.State != "unstaffed" || a.Status == "" || a.ClosesAt != nil {
		t.Errorf("an area without clerks: %+v", a)
	}
}

// Edges are pushed: a page learns of an opening without asking.
func TestAreaStream(t *testing.T) {
	h := newHouse(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.http.URL+"/api/v1/service-areas/stream?lang=fr", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	e := &events{t: t, res: res, scan: bufio.NewScanner(res.Body)}
	e.scan.Buffer(nil, 1<<20)
	next := func() string {
		t.Helper()
		ev := e.next("areas")
		var got areas
		if err := json.Unmarshal([]byte(ev.data), &got); err != nil {
			t.Fatal(err)
		}
		return got.ServiceAreas[0].State + " " + got.ServiceAreas[0].Name
	}
	if got := next(); got != "open Contrôle des habitants" {
		t.Error(got)
	}
	h.core.set(func() {}) // nothing has changed: nothing is sent
	h.core.set(func() { h.core.now = at("2026-11-23T11:30:00+01:00") })
	if got := next(); got != "closed Contrôle des habitants" {
		t.Error(got)
	}
	h.core.set(func() { h.core.now = at("2026-11-23T14:00:00+01:00") })
	if got := next(); got != "open Contrôle des habitants" {
		t.Error(got)
	}
}

func TestHoursFeeds(t *testing.T) {
	h := newHouse(t)
	a := h.get("/api/v1/service-areas/einwohnerkontrolle/hours.ics?lang=fr")
	if a.status != 200 || a.header.Get("Content-Type") != "text/calendar; charset=utf-8" {
		t.Fatalf("%d %s", a.status, a.header.Get("Content-Type"))
	}
	calendar, err := ics.ParseCalendar(bytes.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	first, err := calendar.Events()[0].GetStartAt()
	if err != nil || !first.Equal(at("2026-11-16T08:00:00+01:00")) || len(calendar.Events()) < 450 {
		t.Errorf("first event %v (%v) of %d", first, err, len(calendar.Events()))
	}
	var schema struct {
		Type  string `json:"@type"`
		Name  string
		Specs []struct {
			DayOfWeek     []string
			Opens, Closes string
		} `json:"openingHoursSpecification"`
	}
	h.get("/api/v1/service-areas/einwohnerkontrolle/hours.jsonld").into(t, 200, &schema)
	if schema.Type != "GovernmentOffice" || schema.Name != "Einwohnerkontrolle" || len(schema.Specs) < 2 ||
		len(schema.Specs[0].DayOfWeek) != 5 || schema.Specs[0].Opens != "08:00" || schema.Specs[0].Closes != "11:30" {
		t.Errorf("%+v", schema)
	}
	for _, path := range []string{"hours.ics", "hours.jsonld"} {
		h.get("/api/v1/service-areas/nirgends/"+path).wantProblem(t, 404, "unknown-area", "service_area")
		if a := h.get("/api/v1/service-areas/fundbuero/" + path); a.status != 200 {
			t.Errorf("%s of an area that is always open: %d", path, a.status)
		}
	}
}

// The end of the opening is told with the conversation, in its language, and the chat can go on
// afterwards.
func TestClosingIsTold(t *testing.T) {
	h := newHouse(t)
	o := h.open(`{"service_area":"einwohnerkontrolle","language":"de"}`)
	var c struct {
		State   string
		Closing *struct{ Stage, Text string }
	}
	h.get(o.path(), "Authorization", o.bearer()).into(t, 200, &c)
	if c.Closing != nil {
		t.Error("told too early")
	}
	notice := bridge.HoursNotice{ClosesAt: at("2026-11-23T11:30:00+01:00"), EndsAt: at("2026-11-23T11:45:00+01:00"), OpensAt: at("2026-11-23T14:00:00+01:00")}
	for _, tc := range []struct {
		stage            bridge.ClosingStage
		lang, name, text string
	}{
		{bridge.ClosingSoon, "de", "soon", "Der Chat schliesst um 11.30 Uhr. Dieses Gespräch kann bis 11.45 Uhr weitergehen."},
		{bridge.ClosingNow, "de", "grace", "Der Chat ist jetzt geschlossen. Dieses Gespräch kann noch bis 11.45 Uhr weitergehen."},
		{bridge.ClosedByHours, "de", "closed", "Das Gespräch wurde beendet, weil der Chat geschlossen ist. Sie können eine Anfrage hinterlassen oder weiterfahren, sobald wieder offen ist. Wir sind wieder für Sie da: heute, 14.00 Uhr."},
		{bridge.ClosingSoon, "fr", "soon", "Le chat ferme à 11 h 30. Cette conversation peut continuer jusqu'à 11 h 45."},
	} {
		notice.Stage = tc.stage
		n := notice
		h.core.set(func() { h.core.notice = &n })
		h.get(o.path()+"?lang="+tc.lang, "Authorization", o.bearer()).into(t, 200, &c)
		if c.Closing == nil || c.Closing.Stage != tc.name || c.Closing.Text != tc.text {
			t.Errorf("stage %d: %+v", tc.stage, c.Closing)
		}
	}
	h.core.change(o.ID, func(c *bridge.Conversation) { c.State = bridge.Closed })
	h.core.setFail("Reopen", &bridge.ClosedError{Area: "einwohnerkontrolle", OpensAt: notice.OpensAt})
	p := h.post(o.path()+"/reopen", "", "Authorization", o.bearer()).wantProblem(t, 409, "closed", "")
	if p["opens_at"] != "2026-11-23T14:00:00+01:00" {
		t.Errorf("opens_at %v", p["opens_at"])
	}
	h.core.setFail("Reopen", bridge.ErrUnstaffed)
	h.post(o.path()+"/reopen", "", "Authorization", o.bearer()).wantProblem(t, 409, "unstaffed", "")
	h.core.setFail("Reopen", nil)
	c.Closing = nil
	h.post(o.path()+"/reopen", "", "Authorization", o.bearer()).into(t, 200, &c)
	if c.State != "waiting" || c.Closing != nil {
		t.Errorf("reopened: %+v", c)
	}
}
