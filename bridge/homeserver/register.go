package homeserver

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// client asks only the homeserver on this machine, so no proxy of the environment applies.
var client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{IdleConnTimeout: time.Second}}

// Account is what Register makes. Dendrite wants passwords of at least 8 characters.
type Account struct {
	Localpart, Password string
	DisplayName         string // empty leaves the homeserver's default
	Admin               bool
}

// Register makes an account with the homeserver's own shared secret. An account that exists already
// is no error and stays as it is, with its old password.
func (s *Server) Register(ctx context.Context, localpart, password, displayName string, admin bool) error {
	return Register(ctx, s.url, s.secret, Account{localpart, password, displayName, admin})
}

// Register makes an account on any homeserver with Synapse's shared-secret registration
// (https://element-hq.github.io/synapse/latest/admin_api/register_api.html), which Dendrite offers
// too. An account that exists already is no error and stays as it is.
func Register(ctx context.Context, url, sharedSecret string, a Account) error {
	url += "/_synapse/admin/v1/register"
	var challenge struct{ Nonce string }
	if _, err := exchange(ctx, http.MethodGet, url, nil, &challenge); err != nil {
		return fmt.Errorf("register an account: %w", err)
	}
	role := "notadmin"
	if a.Admin {
		role = "admin"
	}
	mac := hmac.New(sha1.New, []byte(sharedSecret))
	mac.Write([]byte(strings.Join([]string{challenge.Nonce, a.Localpart, a.Password, role}, "\x00")))
	body := map[string]any{"nonce": challenge.Nonce, "username": a.Localpart, "password": a.Password,
		"admin": a.Admin, "mac": hex.EncodeToString(mac.Sum(nil))}
	if a.DisplayName != "" {
		body["displayname"] = a.DisplayName
	}
	code, err := exchange(ctx, http.MethodPost, url, body, nil)
	if err != nil && code != "M_USER_IN_USE" {
		return fmt.Errorf("register an account: %w", err)
	}
	return nil
}

// exchange sends body as JSON, if there is one, and reads the answer into result. An answer other
// than 200 is an error; its Matrix error code, if it has one, is returned too.
func exchange(ctx context.Context, method, url string, body, result any) (code string, err error) {
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return "", err
		}
		payload = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, payload)
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		var problem struct{ Errcode, Error string }
		_ = json.Unmarshal(answer, &problem) // an answer that isn't JSON has neither
		return problem.Errcode, fmt.Errorf("the homeserver answered %s %s: %s",
			response.Status, problem.Errcode, problem.Error)
	}
	if result == nil {
		return "", nil
	}
	return "", json.Unmarshal(answer, result)
}
