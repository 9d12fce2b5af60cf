// Package matrix is the bridge's side of the homeserver: sync.go is the way in, send.go the way
// out; room.go, space.go and ghost.go keep rooms and users in shape; format.go reads events.
//
// Everything is done with the appservice's token, as the bot or as a ghost, through the
// client-server API. The homeserver needs no way to reach us.
package matrix

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"schalter/bridge"
)

// Options of an Adapter.
type Options struct {
	// URL of the homeserver's client-server API, for instance "http://127.0.0.1:8008".
	URL string
	// ServerName is the part of Matrix IDs behind the colon.
	ServerName string
	// Token is the registration's as_token.
	Token string
	// BotName is the bot's display name; "" means "Schalter".
	BotName string
	// Timeout bounds one call; 0 means 20 s. It must stay below bridge.ClaimFor / 2.
	Timeout time.Duration
	Log     zerolog.Logger
	// Observe may be nil.
	Observe Observe
}

// Adapter speaks to one homeserver. Safe for concurrent use.
type Adapter struct {
	base    *url.URL
	server  string
	token   string
	botName string
	timeout time.Duration
	http    *http.Client
	log     zerolog.Logger
	keep    time.Duration // keepFor, but in tests

	// registered holds the users (id.UserID) that are known to exist with the name they have.
	registered sync.Map
	limbo      *limbo
}

var _ bridge.Rooms = (*Adapter)(nil)

// BotLocalpart is the bot's localpart. It lies in the registration's namespace and is not the
// sender_localpart: Synapse answers 500 to the /sync of that one.
const BotLocalpart = "schalter_bot"

// New checks the options; nothing is sent yet.
func New(o Options) (*Adapter, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, errors.New("homeserver URL must be an absolute http or https URL")
	}
	if o.ServerName == "" || o.Token == "" {
		return nil, errors.New("homeserver's server name and the appservice's token are required")
	}
	if o.BotName == "" {
		o.BotName = "Schalter"
	}
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 64, 64
	limbo := newLimbo()
	var through http.RoundTripper = shaking{transport, limbo}
	if o.Observe != nil {
		through = observed{through, o.Observe}
	}
	return &Adapter{
		base: base, server: o.ServerName, token: o.Token, botName: o.BotName, timeout: o.Timeout,
		http: &http.Client{Transport: through}, log: o.Log, keep: keepFor, limbo: limbo,
	}, nil
}

// BotID is the bridge's own user.
func (a *Adapter) BotID() bridge.UserID { return a.user(BotLocalpart) }

// GhostID is the user that speaks for a conversation.
func (a *Adapter) GhostID(localpart string) bridge.UserID { return a.user(localpart) }

// AliasFor is the alias of a name: "#name:server".
func (a *Adapter) AliasFor(name string) string { return "#" + name + ":" + a.server }

func (a *Adapter) user(localpart string) bridge.UserID {
	return bridge.UserID("@" + localpart + ":" + a.server)
}

// isGhost and isOurs tell our own users by their names, which the registration reserves.
func (a *Adapter) isGhost(u string) bool {
	return strings.HasPrefix(u, "@citizen_") && strings.HasSuffix(u, ":"+a.server)
}

func (a *Adapter) isOurs(u string) bool { return u == string(a.BotID()) || a.isGhost(u) }

// as returns a client that speaks as one of our users, or for "" as the registration's sender. It
// never retries by itself: whether a call may be repeated is for the outbox to decide.
func (a *Adapter) as(user bridge.UserID) *mautrix.Client {
	return &mautrix.Client{
		HomeserverURL: a.base, UserID: id.UserID(user), AccessToken: a.token, Client: a.http,
		SetAppServiceUserID: user != "", UserAgent: "Schalter", Log: zerolog.Nop(),
		ResponseSizeLimit: 256 << 20,
	}
}

// deadline bounds one call to the homeserver.
func (a *Adapter) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(mautrix.WithMaxRetries(ctx, 0), a.timeout)
}

// call does one request as user and reads the answer into answer, which may be nil.
func (a *Adapter) call(ctx context.Context, user bridge.UserID, method string, body, answer any, path ...any) error {
	ctx, cancel := a.deadline(ctx)
	defer cancel()
	c := a.as(user)
	_, err := c.MakeRequest(ctx, method, c.BuildURL(mautrix.ClientURLPath(append([]any{"v3"}, path...))), body, answer)
	return classify(err)
}

// callError is a failed call in our own words: mautrix's error shows the URL.
type callError struct {
	kind       error
	code       string
	status     int
	retryAfter time.Duration
}

func (e *callError) Error() string {
	switch {
	case e.status == 0:
		return fmt.Sprintf("%s (%s)", e.kind, e.code)
	case e.code == "":
		return fmt.Sprintf("%s (HTTP %d, not a Matrix answer)", e.kind, e.status)
	}
	return fmt.Sprintf("%s (%s, HTTP %d)", e.kind, e.code, e.status)
}

func (e *callError) Unwrap() error { return e.kind }

// RetryAfter is how long the homeserver asked to be left alone; 0 when it did not.
func (e *callError) RetryAfter() time.Duration { return e.retryAfter }

// code returns the Matrix error code of a failed call, "" when there is none.
func code(err error) string {
	var c *callError
	if errors.As(err, &c) && c.status != 0 {
		return c.code
	}
	return ""
}

// connectionBroke is the code of a call whose connection ended before there was an answer.
const connectionBroke = "connection broke"

// lateEcho is how much later than what came after it an event can come in /sync. A Dendrite that is
// killed before its /sync has taken an event in hands that over again 30 s later (JetStream's
// acknowledgement time, seen with 0.15.2), behind any barrier that was sent meanwhile.
const lateEcho = 35 * time.Second

// EchoWithin is how long the echo of a call that may have acted must be waited for, before its absence
// says anything; 0 for as long as usual. See bridge.Rooms.
func (e *callError) EchoWithin() time.Duration {
	if e.code == connectionBroke {
		return lateEcho
	}
	return 0
}

// classify says what a failed call came to; see the errors in package bridge. When in doubt, the
// homeserver may have acted.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var h mautrix.HTTPError
	if !errors.As(err, &h) || h.Response == nil {
		var dial *net.OpError
		if errors.As(err, &dial) && dial.Op == "dial" {
			return &callError{kind: bridge.ErrNotSent, code: "no connection"}
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return &callError{kind: bridge.ErrUnanswered, code: "deadline"}
		}
		return &callError{kind: bridge.ErrUnanswered, code: connectionBroke}
	}
	e := &callError{kind: bridge.ErrUnanswered, status: h.Response.StatusCode}
	if h.RespError == nil || h.RespError.ErrCode == "" {
		return e // not from a homeserver: a proxy's page, or half an answer
	}
	e.code = h.RespError.ErrCode
	switch {
	case e.status == http.StatusTooManyRequests, e.code == "M_LIMIT_EXCEEDED":
		e.kind = bridge.ErrNotSent
		if ms, ok := h.RespError.ExtraData["retry_after_ms"].(float64); ok {
			e.retryAfter = min(time.Duration(ms)*time.Millisecond, 5*time.Minute)
		}
	case e.status >= 500:
	case e.code == "M_TOO_LARGE", e.code == "M_BAD_JSON", e.code == "M_NOT_JSON", e.code == "M_INVALID_PARAM":
		e.kind = bridge.ErrRefused
	case e.status == http.StatusForbidden && e.code == "M_FORBIDDEN", e.status == http.StatusNotFound:
		e.kind = bridge.ErrForbidden
	default: // wrong token, wrong namespace, and what else a homeserver may say: it has not acted
		e.kind = bridge.ErrNotSent
	}
	return e
}
