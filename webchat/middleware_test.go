package webchat_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"schalter/webchat"
)

// Whatever a citizen or a stranger sends, in whichever part of a request, is in no log line.
func TestLogKnowsNobody(t *testing.T) {
	const marker = "marker-e5a1"
	h := newHouse(t, func(o *webchat.Options) { o.TrustedProxies = []string{"127.0.0.1"} })
	o := h.open(`{"service_area":"fundbuero","name":"`+marker+`","page_url":"https://a.test/`+marker+`","message":{"client_id":"`+marker+`","text":"`+marker+`"}}`,
		"Idempotency-Key", marker+marker, "User-Agent", marker, "Referer", marker, "Accept-Language", marker, "X-Forwarded-For", "203.0.113.77")
	bearer := o.bearer()
	h.post(o.path()+"/messages", `{"client_id":"a","text":"`+marker+`"}`, "Authorization", bearer)
	h.post(o.path()+"/messages", `{"`+marker+`":1}`, "Authorization", bearer)
	h.post(o.path()+"/messages?token="+marker, `{`, "Authorization", "Bearer "+marker)
	h.get(o.path()+"/messages?after="+marker, "Authorization", bearer)
	h.get("/" + marker + "?" + marker)
	h.get(conversations + "/" + marker)
	h.get("/page/" + marker)
	h.request(strings.ToUpper(marker[:6]), "/", "", "Origin", "https://"+marker+".test")
	h.core.setFail("FromCitizen", errPanic)
	h.post(o.path()+"/messages", `{"client_id":"b","text":"x"}`, "Authorization", bearer).wantProblem(t, 500, "internal", "")

	log := h.log.String()
	for _, never := range []string{marker, "MARKER", "203.0.113.77", "127.0.0.1", o.Token, "Bearer", "fundbuero?"} {
		if strings.Contains(log, never) {
			t.Errorf("%q stands in the log", never)
		}
	}
	if !strings.Contains(log, "panic in a request") || !strings.Contains(log, "core_test.go") {
		t.Error("the log does not say where the panic was")
	}
	lines := 0
	for scan := bufio.NewScanner(strings.NewReader(log)); scan.Scan(); lines++ {
		var line struct {
			Message, Method, Route, Conversation string
			Status                               int
			MS                                   *int64
		}
		if err := json.Unmarshal(scan.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Message == "request" && (line.Method == "" || line.Status == 0 || line.MS == nil) {
			t.Errorf("incomplete: %s", scan.Bytes())
		}
		if strings.Contains(line.Route, ":id/messages") && line.Message == "request" && line.Conversation != string(o.ID) {
			t.Errorf("without its conversation: %s", scan.Bytes())
		}
	}
	if lines < 10 {
		t.Errorf("%d lines for ten requests", lines)
	}
}

func TestPanicIsAProblem(t *testing.T) {
	h := newHouse(t)
	h.core.setFail("Open", errPanic)
	a := h.post(conversations, plainOpening)
	a.wantProblem(t, 500, "internal", "")
	if strings.Contains(string(a.body), "marker-panic-text") {
		t.Errorf("the panic's text reaches the citizen: %s", a.body)
	}
}

func TestCrossOrigin(t *testing.T) {
	const city = "https://www.aarau.test"
	h := newHouse(t, func(o *webchat.Options) { o.AllowedOrigins = []string{city} })
	for _, tc := range []struct {
		origin  string
		allowed bool
	}{
		{city, true},
		{"", false},
		{"null", false},
		{"http://www.aarau.test", false},
		{"https://www.aarau.test.evil.test", false},
		{"https://www.aarau.test:8443", false},
		{"https://WWW.aarau.test", false},
	} {
		want := ""
		if tc.allowed {
			want = city
		}
		a := h.get("/api/v1/service-areas", "Origin", tc.origin)
		if got := a.header.Get("Access-Control-Allow-Origin"); got != want || a.status != 200 {
			t.Errorf("%s: %d %q, want %q", tc.origin, a.status, got, want)
		}
		if a.header.Get("Vary") != "Origin" || a.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", tc.origin, a.header)
		}
		pre := h.request(http.MethodOptions, conversations, "", "Origin", tc.origin, "Access-Control-Request-Method", "POST")
		if tc.allowed && (pre.status != 204 || pre.header.Get("Access-Control-Allow-Origin") != city ||
			!strings.Contains(pre.header.Get("Access-Control-Allow-Headers"), "Idempotency-Key") ||
			!strings.Contains(pre.header.Get("Access-Control-Allow-Methods"), "POST")) {
			t.Errorf("preflight: %d %v", pre.status, pre.header)
		}
		if !tc.allowed {
			pre.wantProblem(t, 403, "origin-not-allowed", "")
			if pre.header.Get("Access-Control-Allow-Methods") != "" {
				t.Errorf("%s: preflight allows %v", tc.origin, pre.header)
			}
		}
	}
	// Errors too must be readable for an allowed page, otherwise it sees only that something failed.
	a := h.get(conversations+"/x", "Origin", city)
	a.wantProblem(t, 401, "unauthorized", "")
	if a.header.Get("Access-Control-Allow-Origin") != city {
		t.Error("a problem that the page may not read")
	}
}

func TestSecurityHeaders(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/", "/page/page.js", "/api/v1/service-areas", "/healthz", "/nothing", conversations + "/x"} {
		a := h.get(path)
		for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
			if got := a.header.Get(header); got != want {
				t.Errorf("%s: %s %q", path, header, got)
			}
		}
		policy := a.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if strings.HasPrefix(path, "/api/") && a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", path, a.header.Get("Cache-Control"))
		}
	}
}

func TestNoSuchCall(t *testing.T) {
	h := newHouse(t)
	h.get("/nothing").wantProblem(t, 404, "not-found", "")
	h.get("/page/../server.go").wantProblem(t, 404, "not-found", "")
	h.get(conversations+"/").wantProblem(t, 404, "not-found", "")
	a := h.request(http.MethodDelete, conversations, "")
	a.wantProblem(t, 405, "method-not-allowed", "")
	if a.header.Get("Allow") != "POST" {
		t.Errorf("Allow %q", a.header.Get("Allow"))
	}
}
