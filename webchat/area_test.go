package webchat_test

import (
	"testing"
	"time"

	"schalter/bridge"
	"schalter/webchat"
)

type areas struct {
	ServiceAreas []struct {
		ID, Name, Description, State string
		OpensAt                      *time.Time `json:"opens_at"`
		ClosesAt                     *time.Time `json:"closes_at"`
		Hours                        struct{ Text, Spec string }
		CounterHours                 *struct{ Text, Spec string } `json:"counter_hours"`
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
	opens := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	h := newHouse(t, func(o *webchat.Options) {
		o.AreaStatus = func(a bridge.ServiceArea, lang string) webchat.AreaStatus {
			if a.ID == "fundbuero" {
				return webchat.AreaStatus{State: bridge.AreaClosed, OpensAt: opens, Hours: "in " + lang}
			}
			return webchat.AreaStatus{State: bridge.AreaOpen, ClosesAt: opens}
		}
	})
	var got areas
	h.get("/api/v1/service-areas?lang=en").into(t, 200, &got)
	a := got.ServiceAreas[3]
	if a.State != "closed" || a.OpensAt == nil || !a.OpensAt.Equal(opens) || a.ClosesAt != nil || a.Hours.Text != "in en" {
		t.Errorf("closed area %+v", a)
	}
	if b := got.ServiceAreas[0]; b.ClosesAt == nil || b.OpensAt != nil {
		t.Errorf("open area %+v", b)
	}
}
