// Package config reads the one configuration file of Schalter: strict YAML into one struct, with
// errors that name file, line and key.
//
// Parse refuses whatever could not mean anything sensible; Validate refuses in addition what only
// an example may contain. Both collect everything that is wrong, not just the first thing.
package config

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Config is the whole configuration. Its keys are explained in example.yaml.
type Config struct {
	Homeserver   Homeserver    `yaml:"homeserver"`
	Appservice   Appservice    `yaml:"appservice"`
	Database     Database      `yaml:"database"`
	Web          Web           `yaml:"web"`
	City         City          `yaml:"city"`
	Mail         Mail          `yaml:"mail"`
	Admins       []string      `yaml:"admins"`
	Desk         Desk          `yaml:"desk"`
	Pages        Pages         `yaml:"pages"`
	Scanner      Scanner       `yaml:"scanner"`
	ServiceAreas []ServiceArea `yaml:"service_areas"`
	Log          Log           `yaml:"log"`

	source source
}

// Homeserver is the Matrix homeserver that the bridge is registered with.
type Homeserver struct {
	// URL of the client-server API, without a path.
	URL string `yaml:"url"`
	// ServerName is the part after the colon in its user IDs.
	ServerName string `yaml:"server_name"`
	// TimeoutSeconds is how long one call may take, 1 to 25; default 20. What goes unanswered
	// longer is followed up before it is repeated.
	TimeoutSeconds int `yaml:"timeout_seconds"`
}

// Timeout is how long one call to the homeserver may take.
func (h Homeserver) Timeout() time.Duration { return time.Duration(h.TimeoutSeconds) * time.Second }

// Appservice is the bridge's registration with the homeserver.
type Appservice struct {
	ID          string `yaml:"id"`
	ASToken     Secret `yaml:"as_token"`
	ASTokenFile string `yaml:"as_token_file"`
	HSToken     Secret `yaml:"hs_token"`
	HSTokenFile string `yaml:"hs_token_file"`
}

// Database is where everything is kept.
type Database struct {
	// URL is "sqlite:PATH" or "postgres://…". Secret, because it can carry a password.
	URL     Secret `yaml:"url"`
	URLFile string `yaml:"url_file"`
}

// Web is the citizens' side.
type Web struct {
	// Listen is host:port.
	Listen string `yaml:"listen"`
	// MetricsListen is host:port of a listener for /metrics alone; empty: Listen serves them, to
	// this machine only.
	MetricsListen string `yaml:"metrics_listen"`
	PublicURL     string `yaml:"public_url"`
	// AllowedOrigins are the origins of the pages that may embed the chat.
	AllowedOrigins []string `yaml:"allowed_origins"`
	// TrustedProxies are addresses or networks whose X-Forwarded-For counts.
	TrustedProxies []string `yaml:"trusted_proxies"`
	Limits         Limits   `yaml:"limits"`
}

// Limits protect the counter against floods. All are at least 1; a key left out means its default.
type Limits struct {
	ConversationsPerMinute int `yaml:"conversations_per_minute"`
	ConversationsBurst     int `yaml:"conversations_burst"`
	// WaitingPerAddress is the most chats that wait in one area for one address.
	WaitingPerAddress int `yaml:"waiting_per_address"`
	MessagesPerSecond int `yaml:"messages_per_second"`
	MessagesBurst     int `yaml:"messages_burst"`
	MaxBodyBytes      int `yaml:"max_body_bytes"`
	// UploadMinutes is how long a file may take to arrive, at most 240.
	UploadMinutes int `yaml:"upload_minutes"`
}

// City is whose counter it is.
type City struct {
	Name string `yaml:"name"`
	// TimeZone is an IANA name; all hours are meant in it.
	TimeZone string `yaml:"time_zone"`
	// Holidays names the calendar of public holidays that PH in the hours refers to; OwnHolidays
	// lists them instead, one line each as openinghours.ParseHoliday reads it.
	Holidays    string   `yaml:"holidays"`
	OwnHolidays []string `yaml:"own_holidays"`
	PrivacyURL  string   `yaml:"privacy_url"`
	// Notice is shown to citizens before they write, by language.
	Notice map[string]string `yaml:"notice"`
	// Controller says who is responsible for the citizens' data, by language.
	Controller map[string]string `yaml:"controller"`
}

// Mail is the SMTP server for answers to requests. Without a host, e-mail is not offered.
type Mail struct {
	Host string `yaml:"host"`
	// Port is 587 by default.
	Port int `yaml:"port"`
	// TLS is starttls (the default), tls, or none for a server on this machine.
	TLS          string `yaml:"tls"`
	Username     string `yaml:"username"`
	Password     Secret `yaml:"password"`
	PasswordFile string `yaml:"password_file"`
	// From is the address that answers come from.
	From string `yaml:"from"`
}

// ServiceArea is one counter of the city.
type ServiceArea struct {
	ID           string            `yaml:"id"`
	Name         map[string]string `yaml:"name"`
	Description  map[string]string `yaml:"description"`
	Hours        string            `yaml:"hours"`
	CounterHours string            `yaml:"counter_hours"`
	// GraceMinutes is how long a conversation may go on after closing, 0 to 240; default 15.
	GraceMinutes int `yaml:"grace_minutes"`
	// ReopenMinutes is how long a closed conversation can be taken up again, 0 to 10080; default 60.
	ReopenMinutes int `yaml:"reopen_minutes"`
	// IdleWarningMinutes is after how much silence somebody is told, 0 (never) to 240; default 20.
	IdleWarningMinutes int `yaml:"idle_warning_minutes"`
	// IdleCloseMinutes is after how much silence of the citizen's a conversation ends, 0 (never) or
	// more than the warning, up to 480; default 30.
	IdleCloseMinutes int      `yaml:"idle_close_minutes"`
	Clerks           []string `yaml:"clerks"`
	// Leads are those of the clerks who are told when a chat waits far too long.
	Leads []string `yaml:"leads"`
	// Capacity is how many chats a clerk is offered at once, 1 to 50; default 5.
	Capacity int `yaml:"capacity"`
	// Routing says to whom a chat is offered: all, round_robin or least_busy; default all.
	Routing string `yaml:"routing"`
	// Training names the scenario with which the area's clerks train; empty: its own, or the general one.
	Training string `yaml:"training"`
	// Replies are texts that clerks send by name, by language.
	Replies map[string]map[string]string `yaml:"replies"`
	// Pages are web pages that clerks show by a short name.
	Pages []Page `yaml:"pages"`
	// Forms are what clerks have citizens fill in, by a short name.
	Forms []Form `yaml:"forms"`
	// Overflow is optional.
	Overflow Overflow `yaml:"overflow"`
	// RemindMinutes and EscalateMinutes are how long a chat waits until the lobby is reminded of it,
	// 1 to 240, default 3, and until the leads are told, up to 480, default 6.
	RemindMinutes   int `yaml:"remind_minutes"`
	EscalateMinutes int `yaml:"escalate_minutes"`
	// OfferRequestMinutes is how long a citizen waits until a request is offered instead, 1 to 240;
	// default 5.
	OfferRequestMinutes int `yaml:"offer_request_minutes"`
	// Files says what citizens may send; by default nothing.
	Files Files `yaml:"files"`
}

// Log says how much is logged.
type Log struct {
	// Level is one of trace, debug, info, warn, error.
	Level string `yaml:"level"`
}

//go:embed example.yaml
var example []byte

// ExampleYAML returns the commented example as text, for an operator to start from.
func ExampleYAML() []byte { return append([]byte(nil), example...) }

// Example returns the parsed example, Stadt Aarau. Each call returns a copy of its own.
func Example() *Config {
	c, err := Parse("config/example.yaml", example)
	if err != nil {
		panic("embedded example: " + err.Error()) // a test parses it
	}
	return c
}

// Load reads and parses a file, and the files of secrets that it names, relative to its folder.
// An invalid configuration gives Problems.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	c, err := Parse(path, data)
	if err != nil {
		return nil, err
	}
	if problems := c.readSecrets(filepath.Dir(path)); len(problems) > 0 {
		return nil, problems
	}
	return c, nil
}

// Parse parses a configuration; name stands for the file in errors, which are Problems. It opens
// no file: secrets that live in files stay empty.
func Parse(name string, data []byte) (*Config, error) {
	c := defaults()
	src, problems := decode(name, data, c)
	if len(problems) > 0 {
		return nil, problems
	}
	c.source = src
	for i := range c.ServiceAreas {
		a := &c.ServiceAreas[i]
		for _, d := range []struct {
			key     string
			to      *int
			minutes int
		}{
			{"grace_minutes", &a.GraceMinutes, defaultGrace},
			{"reopen_minutes", &a.ReopenMinutes, defaultReopen},
			{"capacity", &a.Capacity, defaultCapacity},
			{"remind_minutes", &a.RemindMinutes, defaultRemind},
			{"escalate_minutes", &a.EscalateMinutes, max(defaultEscalate, 2*a.RemindMinutes)},
			{"offer_request_minutes", &a.OfferRequestMinutes, defaultOfferRequest},
			{"idle_warning_minutes", &a.IdleWarningMinutes, defaultIdleWarning},
			{"idle_close_minutes", &a.IdleCloseMinutes, defaultIdleClose},
			{"files.max_bytes", &a.Files.MaxBytes, defaultFileBytes},
			{"files.max_count", &a.Files.MaxCount, defaultFileCount},
		} {
			if _, given := src.lines[fmt.Sprintf("service_areas[%d].%s", i, d.key)]; !given {
				*d.to = d.minutes
			}
		}
		if len(a.Files.Types) == 0 {
			a.Files.Types = FileTypes
		}
		if a.Files.ScannerDown == "" {
			a.Files.ScannerDown = HoldFiles
		}
	}
	if problems := c.check(); len(problems) > 0 {
		return nil, problems
	}
	return c, nil
}

// NewArea is an area that says nothing: what admins make at run time has the same.
func NewArea() ServiceArea {
	return ServiceArea{
		GraceMinutes: defaultGrace, ReopenMinutes: defaultReopen, Capacity: defaultCapacity, RemindMinutes: defaultRemind,
		EscalateMinutes: defaultEscalate, OfferRequestMinutes: defaultOfferRequest, IdleWarningMinutes: defaultIdleWarning, IdleCloseMinutes: defaultIdleClose,
	}
}

// What an area has that says nothing else, in minutes.
const (
	defaultGrace        = 15
	defaultCapacity     = 5
	defaultRemind       = 3
	defaultEscalate     = 6
	defaultOfferRequest = 5
	defaultPauseAfter   = 3
	defaultReopen       = 60
	defaultIdleWarning  = 20
	defaultIdleClose    = 30
)

func defaults() *Config {
	return &Config{
		Homeserver: Homeserver{TimeoutSeconds: 20},
		Appservice: Appservice{ID: "schalter"},
		Web: Web{
			Listen: "127.0.0.1:8080",
			Limits: Limits{
				ConversationsPerMinute: 60, ConversationsBurst: 60, WaitingPerAddress: 200,
				MessagesPerSecond: 10, MessagesBurst: 60, MaxBodyBytes: 64 << 10, UploadMinutes: 30,
			},
		},
		City: City{TimeZone: "Europe/Zurich"},
		Desk: Desk{PauseAfter: defaultPauseAfter, Language: "de", Guide: true},
		Mail: Mail{Port: 587, TLS: "starttls"}, Scanner: Scanner{TimeoutSeconds: 25, HoldMinutes: 10},
		Log: Log{Level: "info"},
	}
}

func (c *Config) readSecrets(dir string) Problems {
	var problems Problems
	for _, s := range []struct {
		key, file string
		to        *Secret
	}{
		{"appservice.as_token_file", c.Appservice.ASTokenFile, &c.Appservice.ASToken},
		{"appservice.hs_token_file", c.Appservice.HSTokenFile, &c.Appservice.HSToken},
		{"database.url_file", c.Database.URLFile, &c.Database.URL},
		{"mail.password_file", c.Mail.PasswordFile, &c.Mail.Password},
	} {
		if s.file == "" {
			continue
		}
		path := s.file
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			problems = append(problems, c.source.problem(s.key, "cannot be read: %v", err))
			continue
		}
		*s.to = Secret(strings.TrimSpace(string(data)))
		if *s.to == "" {
			problems = append(problems, c.source.problem(s.key, "the file is empty"))
		}
	}
	if len(problems) == 0 {
		problems = c.check()
	}
	return problems
}
