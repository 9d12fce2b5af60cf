package matrix

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Observe is told of each call to the homeserver: the endpoint, in a few fixed words without IDs;
// what came of it ("ok", "refused" for 4xx, "limited" for 429, "failed" for 5xx, "unanswered",
// "ended" when we gave it up ourselves); and how long the answer's beginning took. It is called from
// many goroutines.
type Observe func(endpoint, outcome string, took time.Duration)

// observed is a transport that tells.
type observed struct {
	under http.RoundTripper
	tell  Observe
}

func (o observed) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := o.under.RoundTrip(r)
	o.tell(endpoint(r.URL.Path), outcome(resp, err), time.Since(began))
	return resp, err
}

func outcome(resp *http.Response, err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "ended"
	case err != nil:
		return "unanswered"
	case resp.StatusCode == http.StatusTooManyRequests:
		return "limited"
	case resp.StatusCode >= 500:
		return "failed"
	case resp.StatusCode >= 400:
		return "refused"
	}
	return "ok"
}

// endpoints are the words of paths that name an endpoint; everything else may be an ID.
var endpoints = []string{"sync", "send", "state", "createRoom", "join", "invite", "kick", "leave", "forget", "messages",
	"redact", "receipt", "typing", "register", "displayname", "joined_rooms", "joined_members", "whoami", "upload", "download", "directory"}

// endpoint is the first of those words in a path below the API's version, the rooms' and users' IDs
// before it skipped.
func endpoint(path string) string {
	_, rest, _ := strings.Cut(path, "/_matrix/client/")
	parts := strings.Split(rest, "/")
	for i, p := range parts {
		if i > 0 && (parts[i-1] == "rooms" || parts[i-1] == "profile" || parts[i-1] == "user") {
			continue
		}
		if slices.Contains(endpoints, p) {
			return p
		}
	}
	return "other"
}
