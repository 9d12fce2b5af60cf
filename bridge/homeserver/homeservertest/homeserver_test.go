package homeservertest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"schalter/bridge/homeserver/homeservertest"
)

// call asks the client API and returns the status and the decoded answer.
func call(t *testing.T, method, address, token string, body any) (int, map[string]any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("%s %s answers %s: %s", method, address, response.Status, raw)
	}
	return response.StatusCode, answer
}

func login(t *testing.T, hs *homeservertest.Homeserver, user string) (token string) {
	t.Helper()
	status, answer := call(t, http.MethodPost, hs.URL()+"/_matrix/client/v3/login", "", map[string]any{
		"type": "m.login.password", "password": "correct horse",
		"identifier": map[string]string{"type": "m.id.user", "user": user}})
	if status != http.StatusOK {
		t.Fatalf("login: %d %v", status, answer)
	}
	return answer["access_token"].(string)
}

func TestOutagesKeepTheData(t *testing.T) {
	homeservertest.Each(t, func(t *testing.T, hs *homeservertest.Homeserver) {
		user, err := hs.Register("anna", "correct horse", "Anna Muster", false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := hs.Register("anna", "correct horse", "Anna Muster", false); err != nil {
			t.Errorf("registered twice: %v", err)
		}
		if _, err := hs.Register("chief", "correct horse", "", true); err != nil {
			t.Errorf("an admin: %v", err)
		}
		token := login(t, hs, "anna")
		status, room := call(t, http.MethodPost, hs.URL()+"/_matrix/client/v3/createRoom", token, map[string]any{"name": "Schalter 1"})
		if status != http.StatusOK {
			t.Fatalf("createRoom: %d %v", status, room)
		}
		for name, outage := range map[string]func() error{
			"Restart": hs.Restart, "Crash": hs.Crash,
			"Kill and Start": func() error {
				if err := hs.Kill(); err != nil {
					return err
				}
				if response, err := http.Get(hs.URL()); err == nil {
					response.Body.Close()
					t.Error("it still answers after Kill")
				}
				return hs.Start()
			},
		} {
			began := time.Now()
			if err := outage(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			t.Logf("%s took %v", name, time.Since(began).Round(time.Millisecond))
			if status, answer := call(t, http.MethodGet, hs.URL()+"/_matrix/client/v3/account/whoami", token, nil); answer["user_id"] != user {
				t.Errorf("after %s: whoami %d %v", name, status, answer)
			}
			name := hs.URL() + "/_matrix/client/v3/rooms/" + url.PathEscape(room["room_id"].(string)) + "/state/m.room.name"
			if status, answer := call(t, http.MethodGet, name, token, nil); answer["name"] != "Schalter 1" {
				t.Errorf("after %s: the room's name %d %v", name, status, answer)
			}
		}
	})
}

func TestRegistrationIsAccepted(t *testing.T) {
	registration := homeservertest.NewRegistration(t)
	homeservertest.Each(t, func(t *testing.T, hs *homeservertest.Homeserver) {
		for _, localpart := range []string{"schalter_bot", "citizen_01"} {
			status, answer := call(t, http.MethodPost, hs.URL()+"/_matrix/client/v3/register", registration.ASToken,
				map[string]any{"type": "m.login.application_service", "username": localpart, "inhibit_login": true})
			if status != http.StatusOK {
				t.Fatalf("register %s: %d %v", localpart, status, answer)
			}
			user := "@" + localpart + ":" + hs.ServerName()
			whoami := hs.URL() + "/_matrix/client/v3/account/whoami?user_id=" + url.QueryEscape(user)
			if status, answer := call(t, http.MethodGet, whoami, registration.ASToken, nil); answer["user_id"] != user {
				t.Errorf("whoami: %d %v", status, answer)
			}
		}
		status, answer := call(t, http.MethodPost, hs.URL()+"/_matrix/client/v3/register", registration.ASToken,
			map[string]any{"type": "m.login.application_service", "username": "somebody", "inhibit_login": true})
		if status == http.StatusOK {
			t.Errorf("a user outside the namespaces: %d %v", status, answer)
		}
	}, registration.Path)
}
