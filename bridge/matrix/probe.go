package matrix

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"maunium.net/go/mautrix"

	"schalter/bridge"
)

// Probes look at the homeserver and leave no trace there, but for the bot, which ProbeBot
// registers. What is wrong comes as a *bridge.Fault. Each builds on those above it.

// Homeserver is what ProbeHomeserver learns.
type Homeserver struct {
	// Software and Version are what the homeserver calls itself, for instance "Synapse" and
	// "1.160.0". Behind some proxies it does not say; then they are "Matrix" and the newest
	// version of the specification that it knows.
	Software, Version string
	// Ahead is by how much its clock is ahead of ours, as far as whole seconds and the time of
	// the call can tell; zero when it sends no Date.
	Ahead time.Duration
}

// ProbeHomeserver asks whether a homeserver answers at the URL.
func (a *Adapter) ProbeHomeserver(ctx context.Context) (Homeserver, error) {
	asked := time.Now()
	status, header, body, err := a.get(ctx, "/_matrix/client/versions")
	answered := time.Now()
	if err != nil {
		return Homeserver{}, a.unreachable(err)
	}
	var versions struct {
		Versions []string `json:"versions"`
	}
	if err := json.Unmarshal(body, &versions); err != nil || status != http.StatusOK || len(versions.Versions) == 0 {
		if status >= 500 {
			return Homeserver{}, &bridge.Fault{What: fmt.Sprintf("%s answers with HTTP %d", a.base, status),
				Remedy: "Start the homeserver, and see its log and that of the proxy before it"}
		}
		return Homeserver{}, &bridge.Fault{What: fmt.Sprintf("what answers at %s is not a Matrix homeserver (HTTP %d, %s)", a.base, status, kindOf(header)),
			Remedy: "Set homeserver.url to the address of its client-server API, not to a website's or Element's"}
	}
	h := Homeserver{Software: "Matrix", Version: versions.Versions[len(versions.Versions)-1]}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		// The header's second began at most one second before it was written.
		if first, last := date.Sub(answered), date.Add(time.Second).Sub(asked); first > 0 {
			h.Ahead = first
		} else if last < 0 {
			h.Ahead = last
		}
	}
	for _, name := range []string{"Synapse", "Dendrite"} {
		if v, ok := strings.CutPrefix(header.Get("Server"), name+"/"); ok {
			h.Software, h.Version = name, v
		}
	}
	var self struct {
		Server struct{ Name, Version string }
	}
	// Not there when federation is off, which is fine.
	if status, _, body, err := a.get(ctx, "/_matrix/federation/v1/version"); err == nil && status == http.StatusOK &&
		json.Unmarshal(body, &self) == nil && self.Server.Name != "" {
		h.Software, h.Version = self.Server.Name, self.Server.Version
	}
	return h, nil
}

// get asks without a token, and tells more of a failure than classify does.
func (a *Adapter) get(ctx context.Context, path string) (int, http.Header, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base.JoinPath(path).String(), nil)
	if err != nil {
		return 0, nil, nil, err
	}
	resp, err := a.http.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, resp.Header, body, err
}

func (a *Adapter) unreachable(err error) error {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &name):
		return &bridge.Fault{What: fmt.Sprintf("the name %s is not known", a.base.Hostname()), Remedy: "Correct homeserver.url, or this machine's DNS"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &bridge.Fault{What: fmt.Sprintf("nothing listens at %s", a.base), Remedy: "Start the homeserver, or correct homeserver.url and its port"}
	case errors.As(err, &certificate):
		return &bridge.Fault{What: fmt.Sprintf("the certificate of %s is not valid (%s)", a.base, certificate.Err), Remedy: "Renew it, or name the host that it was issued for in homeserver.url"}
	case errors.Is(err, http.ErrSchemeMismatch):
		return &bridge.Fault{What: fmt.Sprintf("%s does not speak TLS", a.base), Remedy: "Write http:// in homeserver.url, or name the port that speaks TLS"}
	case errors.Is(err, context.DeadlineExceeded):
		return &bridge.Fault{What: fmt.Sprintf("%s gives no answer within %s", a.base, a.timeout), Remedy: "Look whether the homeserver is overloaded or a firewall is between"}
	}
	return &bridge.Fault{What: fmt.Sprintf("the connection to %s breaks off", a.base), Remedy: "Look whether the homeserver, or the proxy before it, is starting or failing"}
}

func kindOf(h http.Header) string {
	if kind, _, _ := strings.Cut(h.Get("Content-Type"), ";"); kind != "" {
		return kind
	}
	return "no content type"
}

const loadRegistration = "Print it with `schalter registration`, name the file in the homeserver's configuration and restart the homeserver"

// ProbeToken asks whether the homeserver knows the registration, and is the one we think it is.
func (a *Adapter) ProbeToken(ctx context.Context) error {
	var who struct {
		UserID string `json:"user_id"`
	}
	if err := a.call(ctx, "", http.MethodGet, nil, &who, "account", "whoami"); err != nil {
		if c := code(err); c == "M_UNKNOWN_TOKEN" || c == "M_MISSING_TOKEN" || c == "M_FORBIDDEN" {
			return &bridge.Fault{What: "the homeserver does not know the as_token", Remedy: "The registration is not loaded or has another token. " + loadRegistration}
		}
		return unexpected("asked who the as_token belongs to", err)
	}
	// Dendrite names the sender without its server.
	if _, server, ok := strings.Cut(who.UserID, ":"); ok && server != a.server {
		return a.otherServer(server)
	}
	return nil
}

func (a *Adapter) otherServer(server string) error {
	return &bridge.Fault{What: fmt.Sprintf("the homeserver's users end in :%s, not in :%s", server, a.server),
		Remedy: fmt.Sprintf("Set homeserver.server_name to %s and renew the registration. %s", server, loadRegistration)}
}

// ProbeBot makes the bot exist, as the first start would, and asks whether it may act.
func (a *Adapter) ProbeBot(ctx context.Context) error {
	var made struct {
		UserID string `json:"user_id"`
	}
	register := map[string]any{"type": "m.login.application_service", "username": BotLocalpart, "inhibit_login": true}
	switch err := a.call(ctx, "", http.MethodPost, register, &made, "register"); {
	case err == nil && made.UserID != string(a.BotID()):
		_, server, _ := strings.Cut(made.UserID, ":")
		return a.otherServer(server)
	case err == nil, code(err) == "M_USER_IN_USE":
	case code(err) == "M_EXCLUSIVE":
		return missingNamespace("users", string(a.BotID()))
	default:
		return unexpected("registering the bot", err)
	}
	var who struct {
		UserID string `json:"user_id"`
	}
	err := a.call(ctx, a.BotID(), http.MethodGet, nil, &who, "account", "whoami")
	if err != nil && code(err) == "" {
		return unexpected("asked whether the bot may act", err)
	}
	if err != nil || who.UserID != string(a.BotID()) {
		return &bridge.Fault{What: fmt.Sprintf("the registration may not act as %s", a.BotID()),
			Remedy: "Its namespaces name another server than homeserver.server_name, or lack the bot. " + loadRegistration}
	}
	return nil
}

// probeName is no ghost's: those are citizen_ and a ULID.
const probeName = "citizen_check"

// ProbeGhosts asks whether ghosts are ours. Registering one would prove it, but leave it there for
// ever; so Synapse is told by the reason for which it refuses us one that was never registered,
// and Dendrite by whom it reserves the name for.
func (a *Adapter) ProbeGhosts(ctx context.Context) error {
	ghost := a.GhostID(probeName)
	err := a.call(ctx, ghost, http.MethodGet, nil, nil, "account", "whoami")
	if err == nil {
		return nil
	}
	if code(err) == "" {
		return unexpected("asked whether ghosts may act", err)
	}
	if strings.Contains(a.message(ctx, ghost), "masquerade") {
		return missingNamespace("users", "@citizen_…:"+a.server)
	}
	if free, err := a.available(ctx); err == nil && free {
		return missingNamespace("users", "@citizen_…:"+a.server)
	}
	return nil
}

// message is the homeserver's own text on why a user may not act. It is compared, never shown.
func (a *Adapter) message(ctx context.Context, user bridge.UserID) string {
	ctx, cancel := a.deadline(ctx)
	defer cancel()
	c := a.as(user)
	_, err := c.MakeRequest(ctx, http.MethodGet, c.BuildURL(mautrix.ClientURLPath{"v3", "account", "whoami"}), nil, nil)
	var h mautrix.HTTPError
	if errors.As(err, &h) && h.RespError != nil {
		return h.RespError.Err
	}
	return ""
}

// available asks whether anybody could take the probe's name. Synapse does not tell when
// registration is off; that is an error.
func (a *Adapter) available(ctx context.Context) (bool, error) {
	ctx, cancel := a.deadline(ctx)
	defer cancel()
	c := a.as("")
	var answer struct {
		Available bool `json:"available"`
	}
	u := c.BuildURLWithQuery(mautrix.ClientURLPath{"v3", "register", "available"}, map[string]string{"username": probeName})
	_, err := c.MakeRequest(ctx, http.MethodGet, u, nil, &answer)
	return answer.Available, classify(err)
}

// ProbeAliases asks whether the rooms' aliases are ours: Synapse lets an appservice delete only
// such aliases, Dendrite reserves them from everybody but the sender. Neither call can succeed:
// the alias is not there, and the room has no name.
func (a *Adapter) ProbeAliases(ctx context.Context) error {
	alias := a.AliasFor("schalter_check")
	missing := missingNamespace("aliases", "#schalter_…:"+a.server)
	err := a.call(ctx, a.BotID(), http.MethodDelete, nil, nil, "directory", "room", alias)
	if code(err) == "M_EXCLUSIVE" {
		return missing
	}
	if err != nil && code(err) == "" {
		return unexpected("asked for an alias", err)
	}
	err = a.call(ctx, a.BotID(), http.MethodPut, map[string]any{"room_id": ""}, nil, "directory", "room", alias)
	if code(err) == "M_INVALID_PARAM" {
		return missing
	}
	return nil
}

// ProbeSync asks whether the bot can read.
func (a *Adapter) ProbeSync(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pollFor)
	defer cancel()
	c := a.as(a.BotID())
	query := map[string]string{"timeout": "0", "filter": `{"room":{"rooms":[],"timeline":{"limit":1}},"presence":{"not_types":["*"]},"account_data":{"not_types":["*"]}}`}
	var r response
	_, err := c.MakeFullRequest(ctx, mautrix.FullRequest{
		Method: http.MethodGet, MaxAttempts: 1, ResponseJSON: &r, URL: c.BuildURLWithQuery(mautrix.ClientURLPath{"v3", "sync"}, query),
	})
	if err != nil {
		return unexpected("the bot's /sync", classify(err))
	}
	if r.NextBatch == "" {
		return &bridge.Fault{What: "the bot's /sync answers without next_batch", Remedy: "See what the proxy before the homeserver makes of it"}
	}
	return nil
}

// ProbeAccount asks whether a user exists. It needs no password, so accounts may come from
// anywhere. A user of whom the homeserver does not tell, as it may not of other servers', passes.
func (a *Adapter) ProbeAccount(ctx context.Context, user bridge.UserID) error {
	if !strings.HasSuffix(string(user), ":"+a.server) {
		return nil
	}
	err := a.call(ctx, a.BotID(), http.MethodGet, nil, nil, "profile", string(user))
	var failed *callError
	switch {
	case err == nil, code(err) == "M_FORBIDDEN":
		return nil
	case errors.As(err, &failed) && failed.status == http.StatusNotFound && failed.code != "": // Synapse: M_UNKNOWN
		return &bridge.Fault{What: fmt.Sprintf("there is no account %s", user), Remedy: "Make it, or let the person sign in once if accounts come from elsewhere; or correct the ID in the configuration"}
	}
	return unexpected("looking for an account", err)
}

// ProbeRoom reads who is in one of our rooms: "join", "invite", "leave", "ban" by user.
func (a *Adapter) ProbeRoom(ctx context.Context, room bridge.RoomID) (map[bridge.UserID]string, error) {
	have, err := a.state(ctx, room)
	if err == nil && membership(have, a.BotID()) != "join" || errors.Is(err, bridge.ErrForbidden) {
		return nil, &bridge.Fault{What: "the bot is not in it", Remedy: "Somebody removed the bot, or the database belongs to another homeserver. Start the service, which mends what it can, and see its log"}
	}
	if err != nil {
		return nil, unexpected("reading a room", err)
	}
	out := map[bridge.UserID]string{}
	for key := range have {
		if key.kind == memberType {
			out[bridge.UserID(key.key)] = membership(have, bridge.UserID(key.key))
		}
	}
	return out, nil
}

func missingNamespace(kind, what string) error {
	return &bridge.Fault{What: fmt.Sprintf("the registration's %s do not cover %s", kind, what), Remedy: "The homeserver has another registration than ours. " + loadRegistration}
}

func unexpected(during string, err error) error {
	return &bridge.Fault{What: fmt.Sprintf("%s: %s", during, err), Remedy: "See the homeserver's log"}
}
