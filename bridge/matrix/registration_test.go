package matrix_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"schalter/bridge/matrix"
)

func TestRegistrationIsWhatHomeserversRead(t *testing.T) {
	text, err := matrix.NewRegistration("schalter", "matrix.stadt.example", "as-token", "hs-token").YAML()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := yaml.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"id": "schalter", "as_token": "as-token", "hs_token": "hs-token", "sender_localpart": "schalter_appservice",
		"rate_limited": false, "url": nil, // null, and there: Synapse wants the key
	} {
		if value, there := got[key]; !there || value != want {
			t.Errorf("%s: %v, there %v; want %v", key, value, there, want)
		}
	}
	if !strings.Contains(string(text), "rooms: []") {
		t.Errorf("rooms must be an empty list:\n%s", text)
	}
}

func TestNamespacesHoldOurUsersOnly(t *testing.T) {
	r := matrix.NewRegistration("schalter", "stadt.example", "a", "h")
	within := func(s string, exclusive *bool) bool {
		list := r.Namespaces.Users
		if s[0] == '#' {
			list = r.Namespaces.Aliases
		}
		for _, n := range list {
			if regexp.MustCompile(n.Regex).MatchString(s) {
				*exclusive = n.Exclusive
				return true
			}
		}
		return false
	}
	for s, want := range map[string]bool{
		"@citizen_01hzy:stadt.example": true, "@schalter_bot:stadt.example": true, "#schalter_4711:stadt.example": true,
		"@schalter_appservice:stadt.example": false, "@keller:stadt.example": false, "@xcitizen_1:stadt.example": false,
		"@citizen_1:stadt.example.evil": false, "@citizen_1:stadtxexample": false, "@citizen_1:evil.example": false,
		"@schalter_bot2:stadt.example": false, "#schalter_1:stadtxexample": false, "#other:stadt.example": false,
	} {
		exclusive := false
		if got := within(s, &exclusive); got != want || got && !exclusive {
			t.Errorf("%s: ours %v, exclusively %v; want %v", s, got, exclusive, want)
		}
	}
}
