package homeservertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// FaultProxy stands before a homeserver at an address that stays the same while the homeserver dies
// and comes back. Without settings it passes everything on, long polls included. When the homeserver
// can't be reached, the client's connection is closed without an answer, as if it had died itself.
//
// Mutating requests (PUT, POST, DELETE) always act: once the proxy has read one, it goes to the
// homeserver even if its client gives up. Reads end with their client.
//
// All settings may be changed at any time, from any goroutine, and hold for requests that arrive
// later. "Every nth" counts from the moment of the call, over the requests that Subject chooses
// (mutating ones unless set); 1 means all of them, 0 none.
type FaultProxy struct {
	address string
	target  *url.URL
	base    *http.Transport
	ctx     context.Context // ends with the test
	handler http.Handler

	mu      sync.Mutex
	server  *http.Server // nil while cut
	subject func(*http.Request) bool
	lose    every
	delay   every
	hold    every
	gates   []*gate
	answer  func(*http.Request) (int, string, string, bool)
	gateway bool
	counts  Counts
}

// Counts is what a proxy has seen and done since it was made.
type Counts struct {
	Requests    map[string]int // by Endpoint, also those that were then lost or replaced
	Lost        int            // acted, never answered
	Delayed     int            // acted, answered late or to nobody
	Held        int            // reached the homeserver late
	Answered    int            // by the function given to Answer, which may mean: not at all
	Unreachable int            // the homeserver was down, or died before it had answered
}

// Statuses with which a function given to Answer says that there is none.
const (
	Close = 0  // the connection is closed without an answer
	Hang  = -1 // nothing ever comes, until the client gives up
)

// Mutating is the default Subject.
func Mutating(r *http.Request) bool {
	return r.Method == http.MethodPut || r.Method == http.MethodPost || r.Method == http.MethodDelete
}

// Everything is the Subject that includes reads. Go's own HTTP client silently repeats a read whose
// reused connection is closed.
func Everything(*http.Request) bool { return true }

// Proxy starts a proxy to target, a base URL; it ends with the test.
func Proxy(t testing.TB, target string) *FaultProxy {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &FaultProxy{
		address: fmt.Sprintf("127.0.0.1:%d", freePort(t)),
		target:  u,
		base:    &http.Transport{MaxIdleConnsPerHost: 100, IdleConnTimeout: 10 * time.Second, DisableCompression: true},
		ctx:     ctx,
		subject: Mutating,
		counts:  Counts{Requests: map[string]int{}},
	}
	p.handler = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(u) },
		Transport:     faults{p},
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler:  p.unanswered,
	}
	t.Cleanup(func() {
		cancel()
		p.Cut()
		p.base.CloseIdleConnections()
	})
	if err := p.Mend(); err != nil {
		t.Fatal(err)
	}
	return p
}

// URL is the proxy's base URL, without a slash at the end.
func (p *FaultProxy) URL() string { return "http://" + p.address }

// Cut closes all connections and refuses new ones. What has reached the proxy still acts.
func (p *FaultProxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server != nil {
		p.server.Close()
		p.server = nil
	}
}

// Mend accepts connections again, at the same address.
func (p *FaultProxy) Mend() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server != nil {
		return nil
	}
	listener, err := net.Listen("tcp", p.address)
	if err != nil {
		return fmt.Errorf("mend the proxy: %w", err)
	}
	server := &http.Server{Handler: p.handler, ErrorLog: log.New(io.Discard, "", 0)}
	p.server = server
	go server.Serve(listener) // returns when the server is closed
	return nil
}

// Subject chooses the requests that LoseEvery, DelayEvery and HoldEvery count and hit.
func (p *FaultProxy) Subject(match func(*http.Request) bool) { p.set(func() { p.subject = match }) }

// LoseEvery passes every nth request on, waits for the homeserver's whole answer, and closes the
// client's connection instead of delivering it.
func (p *FaultProxy) LoseEvery(n int) { p.set(func() { p.lose = every{n: n} }) }

// DelayEvery passes every nth request on at once and delivers its answer only after d.
func (p *FaultProxy) DelayEvery(n int, d time.Duration) {
	p.set(func() { p.delay = every{n: n, by: d} })
}

// HoldEvery passes every nth request on only after d, even if its client has given up by then.
func (p *FaultProxy) HoldEvery(n int, d time.Duration) { p.set(func() { p.hold = every{n: n, by: d} }) }

// Hold stops the requests that match before they reach the homeserver, until release is called.
// arrived tells of each one (of the first thousand, if nobody listens).
func (p *FaultProxy) Hold(match func(*http.Request) bool) (arrived <-chan struct{}, release func()) {
	g := &gate{match: match, arrived: make(chan struct{}, 1000), open: make(chan struct{})}
	p.set(func() { p.gates = append(slices.Clip(p.gates), g) })
	return g.arrived, sync.OnceFunc(func() {
		p.set(func() { p.gates = slices.DeleteFunc(slices.Clone(p.gates), func(o *gate) bool { return o == g }) })
		close(g.open)
	})
}

// Answer replaces the homeserver's answers: fn is asked about every request before it is passed on,
// and if ok, status, contentType and body are all the client gets (or nothing: Close, Hang), and
// the homeserver never sees the request. fn must be safe for concurrent use; nil takes it away.
func (p *FaultProxy) Answer(fn func(r *http.Request) (status int, contentType, body string, ok bool)) {
	p.set(func() { p.answer = fn })
}

// BadGateway makes the proxy answer 502 with a page of HTML when the homeserver can't be reached, as
// a city's own reverse proxy would, instead of closing the connection.
func (p *FaultProxy) BadGateway(yes bool) { p.set(func() { p.gateway = yes }) }

// Counts returns a copy of the counters.
func (p *FaultProxy) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.counts
	c.Requests = maps.Clone(c.Requests)
	return c
}

func (p *FaultProxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// unanswered ends a request for which there is no answer.
func (p *FaultProxy) unanswered(w http.ResponseWriter, _ *http.Request, err error) {
	if errors.Is(err, errUnreachable) {
		p.mu.Lock()
		gateway := p.gateway
		p.counts.Unreachable++
		p.mu.Unlock()
		if gateway {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusBadGateway)
			io.WriteString(w, "<html><body><h1>502 Bad Gateway</h1></body></html>\n")
			return
		}
	}
	panic(http.ErrAbortHandler) // closes the connection
}
