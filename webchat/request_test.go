package webchat_test

import (
	"slices"
	"strings"
	"testing"

	"schalter/bridge"
)

func TestLeaveRequest(t *testing.T) {
	h := newHouse(t)
	var got struct {
		Number     int64
		Token      string
		AnsweredBy string `json:"answered_by"`
		Text       string
	}
	for _, tc := range []struct{ body, by, text string }{
		{`{"service_area":"fundbuero","language":"de","name":" Anna ","email":"anna@aarau.test","text":"Schirm?"}`, "email", "Wir antworten Ihnen per E-Mail."},
		{`{"service_area":"fundbuero","language":"de","phone":"+41 62 836 05 10","text":"Schirm?"}`, "phone", "Wir rufen Sie zurück."},
		{`{"service_area":"fundbuero","language":"fr","name":null,"email":null,"text":"Parapluie?"}`, "number", "n° 4711"},
	} {
		h.post("/api/v1/requests", tc.body, "Idempotency-Key", "0123456789abcdef").into(t, 201, &got)
		if got.Number != 4711 || got.AnsweredBy != tc.by || !strings.Contains(got.Text, tc.text) {
			t.Errorf("%s: %+v", tc.body, got)
		}
	}
	if in := h.core.left[0]; in.Name != "Anna" || in.Email != "anna@aarau.test" || in.Key != "0123456789abcdef" {
		t.Errorf("%+v", in)
	}
	h.post("/api/v1/requests", `{"text":"x"}`).wantProblem(t, 422, "invalid", "service_area")
	h.post("/api/v1/requests", `{"service_area":"nirgends","text":"x"}`).wantProblem(t, 404, "unknown-area", "service_area")
	h.post("/api/v1/requests", `{"service_area":"fundbuero","text":"x","consent":true}`).wantProblem(t, 400, "bad-request", "consent")
	h.post("/api/v1/requests", `{"service_area":"fundbuero","text":"x"}`, "Idempotency-Key", "short").wantProblem(t, 400, "bad-request", "Idempotency-Key")
	h.core.setFail("LeaveRequest", bridge.ErrUnavailable)
	h.post("/api/v1/requests", `{"service_area":"fundbuero","text":"x"}`).wantProblem(t, 503, "unavailable", "")
}

func TestCounterOffersRequests(t *testing.T) {
	h := newHouse(t)
	var got struct {
		Requests struct {
			AnsweredBy []string `json:"answered_by"`
			Notice     string
		}
	}
	h.get("/api/v1/counter").into(t, 200, &got)
	if !slices.Equal(got.Requests.AnsweredBy, []string{"phone", "number"}) || got.Requests.Notice == "" {
		t.Errorf("without a mail server: %+v", got.Requests)
	}
	h.core.set(func() { h.core.mail = true })
	h.get("/api/v1/counter").into(t, 200, &got)
	if !slices.Equal(got.Requests.AnsweredBy, []string{"email", "phone", "number"}) {
		t.Errorf("with one: %+v", got.Requests)
	}
}
