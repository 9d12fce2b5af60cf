package webchat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/rs/zerolog"

	"schalter/bridge"
	"schalter/webchat"
)

// house is a server over a core in memory. Every answer that comes through its methods has been
// held against the description.
type house struct {
	t      *testing.T
	core   *memory
	hub    *webchat.Hub
	server *webchat.Server
	http   *httptest.Server
	log    *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newHouse(t *testing.T, change ...func(*webchat.Options)) *house {
	t.Helper()
	hub := webchat.NewHub()
	h := &house{t: t, core: newMemory(hub), hub: hub, log: &lockedBuffer{}}
	o := webchat.Options{
		Core: h.core, Hub: hub, Log: zerolog.New(h.log), CityName: "Stadt Aarau",
		Notice: "Auskünfte im Chat sind unverbindlich. Notfall: 117, 118, 144.", PrivacyURL: "https://www.aarau.example/datenschutz",
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	if h.server, err = webchat.New(o); err != nil {
		t.Fatal(err)
	}
	h.http = httptest.NewServer(h.server.Handler())
	t.Cleanup(func() {
		h.http.CloseClientConnections() // streams would keep Close waiting
		h.http.Close()
	})
	return h
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// request sends a request; header comes in pairs.
func (h *house) request(method, path, body string, header ...string) answer {
	h.t.Helper()
	r, err := http.NewRequest(method, h.http.URL+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	a := answer{res.StatusCode, res.Header, data}
	h.describes(r, body, a)
	return a
}

func (h *house) get(path string, header ...string) answer {
	h.t.Helper()
	return h.request(http.MethodGet, path, "", header...)
}

func (h *house) post(path, body string, header ...string) answer {
	h.t.Helper()
	return h.request(http.MethodPost, path, body, header...)
}

// described is the API's own description.
var described = sync.OnceValues(func() (routers.Router, *openapi3.T) {
	s, err := webchat.New(webchat.Options{Core: newMemory(webchat.NewHub()), Hub: webchat.NewHub()})
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/openapi.json", nil))
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		panic(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		panic(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		panic(err)
	}
	return router, doc
})

// describes fails the test when an answer is not what the description says, or when it accepts a
// request that the description forbids.
func (h *house) describes(r *http.Request, body string, a answer) {
	h.t.Helper()
	if kind := a.header.Get("Content-Type"); strings.HasPrefix(kind, "text/") || strings.HasPrefix(kind, "image/") || strings.HasPrefix(r.URL.Path, "/plain/") || r.Method == http.MethodOptions {
		return // pages, streams and preflights are no part of it
	}
	r.Body = io.NopCloser(strings.NewReader(body))
	router, doc := described()
	route, params, err := router.FindRoute(r)
	if err != nil {
		// No such call: still a problem of the described form.
		if a.status != http.StatusNotFound && a.status != http.StatusMethodNotAllowed {
			h.t.Errorf("%s %s is answered with %d and not described", r.Method, r.URL.Path, a.status)
		}
		validate(h.t, doc, "Problem", a.body)
		return
	}
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if a.status < 300 {
		if err := openapi3filter.ValidateRequest(h.t.Context(), in); err != nil {
			h.t.Errorf("%s %s is accepted, but by the description: %v", r.Method, r.URL.Path, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: a.status, Header: a.header, Options: in.Options}
	out.SetBodyBytes(a.body)
	if err := openapi3filter.ValidateResponse(h.t.Context(), out); err != nil {
		h.t.Errorf("%s %s is answered with %d %s, but by the description: %v", r.Method, r.URL.Path, a.status, a.body, err)
	}
}

// validate holds JSON against a schema of the description.
func validate(t *testing.T, doc *openapi3.T, schema string, data []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Errorf("%s: %v in %s", schema, err, data)
		return
	}
	if err := doc.Components.Schemas[schema].Value.VisitJSON(v, openapi3.EnableJSONSchema2020()); err != nil {
		t.Errorf("%s: %v in %s", schema, err, data)
	}
}

// into decodes an answer that must have a status.
func (a answer) into(t *testing.T, status int, v any) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
}

// wantProblem checks status, kind and field of a problem.
func (a answer) wantProblem(t *testing.T, status int, kind, field string) map[string]any {
	t.Helper()
	var p map[string]any
	a.into(t, status, &p)
	if a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("content type %q", a.header.Get("Content-Type"))
	}
	got, _ := p["type"].(string)
	if !strings.HasSuffix(got, "/"+kind) || p["status"] != float64(status) {
		t.Errorf("got %s, want %d %s", a.body, status, kind)
	}
	if f, _ := p["field"].(string); f != field {
		t.Errorf("field %q, want %q in %s", f, field, a.body)
	}
	return p
}

type opened struct {
	ID          bridge.ConversationID     `json:"id"`
	Token       string                    `json:"token"`
	Number      int64                     `json:"number"`
	State       string                    `json:"state"`
	ServiceArea struct{ ID, Name string } `json:"service_area"`
	Message     *struct {
		ID, State string
		Seq       int64
		ClientID  string `json:"client_id"`
	}
}

func (o opened) path() string   { return "/api/v1/conversations/" + string(o.ID) }
func (o opened) bearer() string { return "Bearer " + o.Token }

func (h *house) open(body string, header ...string) opened {
	h.t.Helper()
	var o opened
	h.post("/api/v1/conversations", body, header...).into(h.t, http.StatusCreated, &o)
	return o
}

const plainOpening = `{"service_area":"fundbuero"}`

func TestNewWantsCoreAndHub(t *testing.T) {
	if _, err := webchat.New(webchat.Options{}); err == nil {
		t.Error("no error")
	}
	hub := webchat.NewHub()
	if _, err := webchat.New(webchat.Options{Core: newMemory(hub), Hub: hub, TrustedProxies: []string{"proxy"}}); err == nil {
		t.Error("a proxy that is no address must be refused")
	}
}

// When the context ends, requests in flight are answered, streams end, and then Serve returns.
func TestServeShutsDownGracefully(t *testing.T) {
	h := newHouse(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- h.server.Serve(ctx, l) }()
	h.http.Config.Handler = nil // all requests below go to l
	h.http.URL = "http://" + l.Addr().String()

	o := h.open(plainOpening)
	events := h.stream(o, "")
	events.next("conversation")

	gate := make(chan struct{})
	h.core.mu.Lock()
	h.core.hold["FromCitizen"] = gate
	h.core.mu.Unlock()
	posted := make(chan answer, 1)
	entered := make(chan struct{})
	go func() {
		r, _ := http.NewRequest(http.MethodPost, h.http.URL+o.path()+"/messages", strings.NewReader(`{"client_id":"a","text":"Grüezi"}`))
		r.Header.Set("Authorization", o.bearer())
		r.Header.Set("Content-Type", "application/json")
		close(entered)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			posted <- answer{body: []byte(err.Error())}
			return
		}
		defer res.Body.Close()
		posted <- answer{status: res.StatusCode}
	}()
	<-entered
	await(t, "the POST to be in the core", func() bool { return h.core.isHeld("FromCitizen") })
	cancel()
	events.untilEnd()
	select {
	case err := <-served:
		t.Fatalf("Serve returned (%v) before the POST was answered", err)
	default:
	}
	close(gate)
	if a := <-posted; a.status != http.StatusAccepted {
		t.Errorf("the POST in flight got %d %s", a.status, a.body)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("still listening")
	}
}

func TestServeSaysThatItCannot(t *testing.T) {
	h := newHouse(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if err := h.server.Serve(t.Context(), l); err == nil {
		t.Error("no error on a closed listener")
	}
}

// await polls for what has no event of its own to wait for.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}
