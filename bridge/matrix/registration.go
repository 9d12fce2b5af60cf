package matrix

import (
	"fmt"
	"regexp"

	"github.com/goccy/go-yaml"
)

// Registration is what a homeserver must be told of the bridge (application service
// specification, "Registration").
type Registration struct {
	ID              string     `yaml:"id"`
	URL             *string    `yaml:"url"` // null: the homeserver pushes nothing to us
	ASToken         string     `yaml:"as_token"`
	HSToken         string     `yaml:"hs_token"`
	SenderLocalpart string     `yaml:"sender_localpart"`
	RateLimited     bool       `yaml:"rate_limited"`
	Namespaces      namespaces `yaml:"namespaces"`
}

type namespaces struct {
	Users   []namespace `yaml:"users"`
	Aliases []namespace `yaml:"aliases"`
	Rooms   []namespace `yaml:"rooms"`
}

type namespace struct {
	Exclusive bool   `yaml:"exclusive"`
	Regex     string `yaml:"regex"`
}

// NewRegistration describes the bridge to the homeserver of serverName. The sender is a user that
// the bridge never speaks as; see BotLocalpart.
func NewRegistration(id, serverName, asToken, hsToken string) Registration {
	server := regexp.QuoteMeta(serverName)
	return Registration{
		ID: id, ASToken: asToken, HSToken: hsToken, SenderLocalpart: "schalter_appservice",
		Namespaces: namespaces{
			Users: []namespace{
				{Exclusive: true, Regex: "^@citizen_.*:" + server + "$"},
				{Exclusive: true, Regex: "^@" + BotLocalpart + ":" + server + "$"},
			},
			Aliases: []namespace{{Exclusive: true, Regex: "^#schalter_.*:" + server + "$"}},
			Rooms:   []namespace{},
		},
	}
}

// YAML is the registration file's content.
func (r Registration) YAML() ([]byte, error) {
	b, err := yaml.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write registration: %w", err)
	}
	return b, nil
}
