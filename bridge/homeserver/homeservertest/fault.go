package homeservertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

var (
	errLost        = errors.New("the answer is lost on purpose")
	errUnreachable = errors.New("the homeserver can't be reached")
)

// every picks each nth of the requests it is shown.
type every struct {
	n, seen int
	by      time.Duration
}

func (e *every) hit() bool {
	if e.n <= 0 {
		return false
	}
	e.seen++
	return e.seen%e.n == 0
}

type gate struct {
	match   func(*http.Request) bool
	arrived chan struct{}
	open    chan struct{}
}

// Endpoint names what a request asks for, by the client API's own words: "createRoom", "sync",
// "join"; inside a room "send", "state", "invite", "kick" and so on; "other" outside that API.
func Endpoint(r *http.Request) string {
	part := strings.Split(r.URL.EscapedPath(), "/") // "", "_matrix", "client", "v3", endpoint…
	if len(part) < 5 || part[1] != "_matrix" || part[2] != "client" && part[2] != "media" {
		return "other"
	}
	if part[4] == "rooms" && len(part) > 6 {
		return part[6]
	}
	return part[4]
}

// Endpoints matches mutating requests to any of the endpoints named.
func Endpoints(names ...string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		for _, name := range names {
			if Mutating(r) && Endpoint(r) == name {
				return true
			}
		}
		return false
	}
}

// faults is the way from the proxy to the homeserver, with everything that goes wrong on it.
type faults struct{ *FaultProxy }

// verdict is what happens to one request, decided when it arrives.
type verdict struct {
	lose        bool
	delay, hold time.Duration
	gates       []*gate
	answer      func(*http.Request) (int, string, string, bool)
}

func (p faults) judge(r *http.Request) (v verdict) {
	p.mu.Lock()
	subject, gates := p.subject, p.gates
	v.answer = p.answer
	p.counts.Requests[Endpoint(r)]++
	p.mu.Unlock()
	hit := subject(r) // these are the test's functions: never call them under the lock
	for _, g := range gates {
		if g.match(r) {
			v.gates = append(v.gates, g)
		}
	}
	if !hit {
		return v
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	v.lose = p.lose.hit()
	if p.delay.hit() && !v.lose {
		v.delay = p.delay.by
	}
	if p.hold.hit() {
		v.hold = p.hold.by
	}
	return v
}

// RoundTrip implements http.RoundTripper.
func (p faults) RoundTrip(r *http.Request) (*http.Response, error) {
	client := r.Context()
	v := p.judge(r)
	if Mutating(r) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, fmt.Errorf("read the client's request: %w", err)
		}
		acting, cancel := context.WithCancel(context.WithoutCancel(client))
		defer cancel()
		defer context.AfterFunc(p.ctx, cancel)()
		r = r.WithContext(acting)
		r.ContentLength = int64(len(body))
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		if v.answer != nil {
			if response, err := p.replace(client, r, v.answer); response != nil || err != nil {
				return response, err
			}
			r.Body = io.NopCloser(bytes.NewReader(body)) // it may have been read
		}
		if len(body) == 0 {
			r.Body = http.NoBody
		}
	} else if v.answer != nil {
		if response, err := p.replace(client, r, v.answer); response != nil || err != nil {
			return response, err
		}
	}
	if err := p.keepBack(r.Context(), v); err != nil {
		return nil, err
	}
	response, err := p.base.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreachable, err)
	}
	if !Mutating(r) && !v.lose && v.delay == 0 {
		return response, nil // streams
	}
	answer, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreachable, err)
	}
	response.Body = io.NopCloser(bytes.NewReader(answer))
	if v.lose {
		p.count(&p.counts.Lost)
		return nil, errLost
	}
	if v.delay > 0 {
		p.count(&p.counts.Delayed)
		if err := p.wait(client, v.delay); err != nil {
			return nil, err
		}
	}
	return response, nil
}

// keepBack holds a request as long as its verdict says.
func (p faults) keepBack(ctx context.Context, v verdict) error {
	if len(v.gates) > 0 || v.hold > 0 {
		p.count(&p.counts.Held)
	}
	for _, g := range v.gates {
		select {
		case g.arrived <- struct{}{}:
		default:
		}
		select {
		case <-g.open:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return p.wait(ctx, v.hold)
}

func (p faults) wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

// replace asks the test for an answer; both results are nil if it has none.
func (p faults) replace(client context.Context, r *http.Request, fn func(*http.Request) (int, string, string, bool)) (*http.Response, error) {
	status, contentType, body, ok := fn(r)
	if !ok {
		return nil, nil
	}
	p.count(&p.counts.Answered)
	switch status {
	case Close:
		return nil, errLost
	case Hang:
		select {
		case <-client.Done():
		case <-p.ctx.Done():
		}
		return nil, errLost
	}
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header:        http.Header{"Content-Type": {contentType}},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	}, nil
}

func (p faults) count(counter *int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*counter++
}
