package webchat_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
)

const conversations = "/api/v1/conversations"

func TestOpen(t *testing.T) {
	h := newHouse(t)
	o := h.open(`{"service_area":"fundbuero","language":"fr","name":" Anna Muster ","page_url":"https://u:p@www.aarau.ch/fund?q=geheim#x",
		"message":{"client_id":"c-1","text":"Bonjour\n«Grüezi» 🟡"}}`)
	if o.Number != 4711 || o.State != "waiting" || o.ServiceArea.ID != "fundbuero" || o.ServiceArea.Name != "Objets trouvés" {
		t.Errorf("opened %+v", o)
	}
	if o.Message == nil || o.Message.Seq != 1 || o.Message.State != "stored" || o.Message.ClientID != "c-1" {
		t.Errorf("message %+v", o.Message)
	}
	got := h.core.opened
	if got.Name != "Anna Muster" || got.PageURL != "https://www.aarau.ch/fund" || got.Message.Text != "Bonjour\n«Grüezi» 🟡" || got.Key != "" {
		t.Errorf("the core was given %+v", got)
	}
	if bare := h.open(plainOpening); bare.Message != nil {
		t.Errorf("a message that nobody sent: %+v", bare.Message)
	}
	h.open(`{"service_area":"fundbuero","name":null,"language":null,"page_url":null,"message":null}`)
}

func TestOpenChoosesLanguage(t *testing.T) {
	h := newHouse(t)
	for _, tc := range []struct{ body, accept, want string }{
		{plainOpening, "", "de"},
		{plainOpening, "it-CH, fr;q=0.3", "it"},
		{plainOpening, "zz", "de"},
		{plainOpening, "%%", "de"},
		{`{"service_area":"fundbuero","language":"en"}`, "fr", "en"},
	} {
		h.open(tc.body, "Accept-Language", tc.accept)
		if h.core.opened.Language != tc.want {
			t.Errorf("%s %s: %q, want %q", tc.body, tc.accept, h.core.opened.Language, tc.want)
		}
	}
}

func TestOpenIsIdempotent(t *testing.T) {
	h := newHouse(t)
	const body = `{"service_area":"fundbuero","message":{"client_id":"a","text":"Grüezi"}}`
	key := `"0123456789abcdef-0123"`
	one := h.open(body, "Idempotency-Key", key)
	two := h.open(body, "Idempotency-Key", strings.Trim(key, `"`)) // unquoted is the same key
	if one.ID != two.ID || one.Message.ID != two.Message.ID {
		t.Errorf("two conversations for one key: %s %s", one.ID, two.ID)
	}
	if one.Token == two.Token {
		t.Error("the same token twice: it must have been stored")
	}
	for _, o := range []opened{one, two} {
		if a := h.get(o.path(), "Authorization", o.bearer()); a.status != 200 {
			t.Errorf("a token that opens nothing: %s", a.body)
		}
	}
	h.post(conversations, `{"service_area":"allgemein"}`, "Idempotency-Key", key).
		wantProblem(t, 422, "idempotency-key-reused", "Idempotency-Key")
	for _, bad := range []string{"short", strings.Repeat("x", 129), "0123456789abcdef 0", "0123456789abcdefé"} {
		h.post(conversations, body, "Idempotency-Key", bad).wantProblem(t, 400, "bad-request", "Idempotency-Key")
	}
}

func TestOpenRefuses(t *testing.T) {
	h := newHouse(t)
	for _, tc := range []struct {
		body   string
		status int
		kind   string
		field  string
	}{
		{``, 415, "unsupported-media-type", ""},
		{`{`, 400, "bad-request", ""},
		{`{"service_area":"fundbuero"} {}`, 400, "bad-request", ""},
		{`[]`, 400, "bad-request", ""},
		{`null`, 400, "bad-request", ""},
		{`{"service_area":"fundbuero","colour":"red"}`, 400, "bad-request", "colour"},
		{`{"Service_Area":"fundbuero"}`, 400, "bad-request", "Service_Area"},
		{`{"service_area":"fundbuero","service_area":"allgemein"}`, 400, "bad-request", "service_area"},
		{`{"service_area":7}`, 400, "bad-request", "service_area"},
		{`{"service_area":null}`, 400, "bad-request", "service_area"},
		{`{"service_area":"fundbuero","name":["a"]}`, 400, "bad-request", "name"},
		{`{"service_area":"fundbuero","message":"Grüezi"}`, 400, "bad-request", "message"},
		{`{"service_area":"fundbuero","message":{"client_id":"a","text":null}}`, 400, "bad-request", "message.text"},
		{`{"service_area":"fundbuero","message":{"client_id":"a","text":"b","c":1}}`, 400, "bad-request", "message.c"},
		{"{\"service_area\":\"fundbuero\",\"name\":\"\xff\"}", 400, "bad-request", ""},
		{`{"service_area":"fundbuero","name":"\ud800"}`, 400, "bad-request", ""},
		{`{}`, 422, "invalid", "service_area"},
		{`{"service_area":""}`, 422, "invalid", "service_area"},
		{`{"service_area":"steueramt"}`, 404, "unknown-area", "service_area"},
		{`{"service_area":"fundbuero","language":"rm"}`, 422, "invalid", "language"},
		{`{"service_area":"fundbuero","page_url":"javascript:alert(1)"}`, 422, "invalid", "page_url"},
		{`{"service_area":"fundbuero","message":{"client_id":"a","text":""}}`, 422, "invalid", "message.text"},
		{`{"service_area":"fundbuero","message":{"text":"a"}}`, 422, "invalid", "message.client_id"},
	} {
		h.post(conversations, tc.body).wantProblem(t, tc.status, tc.kind, tc.field)
	}
	h.post(conversations, plainOpening, "Content-Type", "text/plain").wantProblem(t, 415, "unsupported-media-type", "")
	h.post(conversations, `{"service_area":"`+strings.Repeat("x", 70_000)+`"}`).wantProblem(t, 413, "too-large", "")
	if len(h.core.conversations) != 0 {
		t.Error("a refused opening has left a conversation")
	}
}

func TestOpenOutsideHours(t *testing.T) {
	h := newHouse(t)
	zurich := time.FixedZone("", 3600)
	h.core.setFail("Open", &bridge.ClosedError{Area: "fundbuero", OpensAt: time.Date(2026, 11, 23, 14, 0, 0, 0, zurich)})
	p := h.post(conversations, plainOpening).wantProblem(t, 409, "closed", "")
	if p["opens_at"] != "2026-11-23T14:00:00+01:00" || p["detail"] != "Der Chat ist zurzeit geschlossen." {
		t.Errorf("got %v", p)
	}
	h.core.setFail("Open", &bridge.ClosedError{Area: "fundbuero"})
	p = h.post(conversations, plainOpening).wantProblem(t, 409, "closed", "")
	if at, ok := p["opens_at"]; !ok || at != nil {
		t.Errorf("unknown opening: %v", p)
	}
}

func TestOpenWithoutStore(t *testing.T) {
	h := newHouse(t)
	h.core.setFail("Open", bridge.ErrUnavailable)
	if a := h.post(conversations, plainOpening); a.header.Get("Retry-After") != "5" {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	} else {
		a.wantProblem(t, 503, "unavailable", "")
	}
	h.core.setFail("Open", errors.New("secret-of-the-database"))
	if a := h.post(conversations, plainOpening); strings.Contains(string(a.body), "secret") {
		t.Errorf("the answer tells what only the log may: %s", a.body)
	} else {
		a.wantProblem(t, 500, "internal", "")
	}
	if !strings.Contains(h.log.String(), "secret-of-the-database") {
		t.Error("the log does not tell what the answer must not")
	}
}
