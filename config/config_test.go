package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"schalter/config"
)

// base is the smallest configuration that parses. The line numbers below count in it.
const base = `homeserver:
  url: https://matrix.test
  server_name: aarau.test
appservice:
  as_token: 0123456789abcdef0123456789abcdef
  hs_token: fedcba9876543210fedcba9876543210
database:
  url: sqlite:/tmp/schalter.db
web:
  public_url: https://chat.test
city:
  name: Stadt Aarau
service_areas:
  - id: fundbuero
    name: {de: Fundbüro}
    hours: "Mo-Fr 08:00-11:30"
    clerks: ["@nora:aarau.test"]
`

func TestParse(t *testing.T) {
	c, err := config.Parse("base.yaml", []byte(base))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if c.Web.Listen != "127.0.0.1:8080" || c.Web.Limits.MessagesBurst != 60 || c.City.TimeZone != "Europe/Zurich" {
		t.Errorf("defaults are missing: %+v", c.Web)
	}
	c, err = config.Parse("base.yaml", []byte(strings.Replace(base, "web:\n", "web:\n  limits: {messages_burst: 7}\n", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if c.Web.Limits.MessagesBurst != 7 || c.Web.Limits.MessagesPerSecond != 10 {
		t.Errorf("a given limit must leave the other defaults: %+v", c.Web.Limits)
	}
}

func TestRefusals(t *testing.T) {
	replace := func(old, new string) string { return strings.Replace(base, old, new, 1) }
	for _, tc := range []struct {
		name string
		text string
		// want is how the message must start, after the file.
		want string
	}{
		{"empty", "", "1: the file is empty"},
		{"only comments", "# nothing\n", "1: the file is empty"},
		{"not a mapping", "- a\n", "1: must be a section of keys, is a list"},
		{"not YAML", replace("  name: Stadt", "\tname: Stadt"), "12: "},
		{"two documents", base + "---\nadmins: []\n", "19: a second document"},
		{"alias", replace("sqlite:/tmp/schalter.db", "*x"), "8: database.url: anchors"},
		{"unknown section", base + "colour: red\n", "18: colour: unknown key"},
		{"unknown key", replace("    hours:", "    hour: x\n    hours:"), "16: service_areas[0].hour: unknown key"},
		{"letter case counts", replace("  url: https", "  URL: https"), "2: homeserver.URL: unknown key"},
		{"section as text", replace("city:\n  name: Stadt Aarau", "city: Aarau"), "11: city: must be a section of keys, is a text"},
		{"text as number", replace("Stadt Aarau", "5000"), "12: city.name: must be a text, is a number; put it in quotes"},
		{"text as bool", replace("Stadt Aarau", "true"), "12: city.name: must be a text, is true or false"},
		{"text as null", replace("Stadt Aarau", ""), "12: city.name: must be a text, is empty"},
		{"list as text", replace(`["@nora:aarau.test"]`, `"@nora:aarau.test"`), "17: service_areas[0].clerks: must be a list, is a text"},
		{"number as text", replace("web:\n", "web:\n  limits: {messages_burst: '7'}\n"), "10: web.limits.messages_burst: must be a whole number, is a text"},
		{"fraction", replace("web:\n", "web:\n  limits: {messages_burst: 7.5}\n"), "10: web.limits.messages_burst: must be a whole number, is a number"},
		{"page over http", replace("    clerks", "    pages: [{key: x, url: 'http://a.test/', title: {de: x}}]\n    clerks"), "17: service_areas[0].pages[0].url: must be a URL that starts with https://"},
		{"page without a title", replace("    clerks", "    pages: [{key: x, url: 'https://a.test/'}]\n    clerks"), "17: service_areas[0].pages[0].title.de: is required"},
		{"page twice", replace("    clerks", "    pages: [{key: x, url: 'https://a.test/', title: {de: x}}, {key: x, url: 'https://a.test/', title: {de: x}}]\n    clerks"), "17: service_areas[0].pages[1].key: is there twice"},
		{"page host", replace("service_areas:", "pages: {hosts: ['https://a.test']}\nservice_areas:"), "13: pages.hosts[0]: must be a host like www.aarau.ch"},
		{"overflow", replace("web:\n", "web:\n  limits: {messages_burst: 99999999999999999999}\n"), "10: "},
		{"zero", replace("web:\n", "web:\n  limits: {messages_burst: 0}\n"), "10: web.limits.messages_burst: must be between"},
		{"small body", replace("web:\n", "web:\n  limits: {max_body_bytes: 100}\n"), "10: web.limits.max_body_bytes: must be between"},
		{"key twice", replace("  server_name", "  url: https://b.test\n  server_name"), "3: homeserver.url: is there twice; it stands in line 2"},
		{"missing section", replace("city:\n  name: Stadt Aarau\n", ""), "1: city.name: is required"},
		{"missing key", replace("  server_name: aarau.test\n", ""), "1: homeserver.server_name: is required"},
		{"missing hours", replace(`    hours: "Mo-Fr 08:00-11:30"`+"\n", ""), "14: service_areas[0].hours: is required"},
		{"missing token", replace("  as_token: 0123456789abcdef0123456789abcdef\n", ""), "4: appservice.as_token: is required (or as_token_file)"},
		{"token twice", replace("  as_token:", "  as_token_file: a\n  as_token:"), "5: appservice.as_token_file: and the value itself"},
		{"equal tokens", replace("fedcba9876543210fedcba9876543210", "0123456789abcdef0123456789abcdef"), "6: appservice.hs_token: must differ"},
		{"homeserver URL", replace("https://matrix.test", "matrix.test"), "2: homeserver.url: must be a URL"},
		{"homeserver URL with path", replace("https://matrix.test", "https://matrix.test/_matrix"), "2: homeserver.url: must have no path"},
		{"server name", replace("server_name: aarau.test", "server_name: '@x:aarau.test'"), "3: homeserver.server_name: is not a server name"},
		{"timeout", replace("  server_name", "  timeout_seconds: 60\n  server_name"), "3: homeserver.timeout_seconds: must be 1 to 25"},
		{"database", replace("sqlite:/tmp/schalter.db", "mysql://x"), "8: database.url: must start with"},
		{"database without file", replace("sqlite:/tmp/schalter.db", "'sqlite:'"), "8: database.url: must name a file"},
		{"database without name", replace("sqlite:/tmp/schalter.db", "postgres://u:p@h"), "8: database.url: is not a URL"},
		{"listen", replace("web:\n", "web:\n  listen: '8080'\n"), "10: web.listen: must be host:port"},
		{"any origin", replace("web:\n", "web:\n  allowed_origins: ['*']\n"), "10: web.allowed_origins[0]: must be an origin"},
		{"origin with path", replace("web:\n", "web:\n  allowed_origins: ['https://a.test/']\n"), "10: web.allowed_origins[0]: must be an origin"},
		{"proxy", replace("web:\n", "web:\n  trusted_proxies: [proxy]\n"), "10: web.trusted_proxies[0]: must be an address"},
		{"time zone", replace("city:\n", "city:\n  time_zone: Europe/Aarau\n"), "12: city.time_zone: is not a known time zone"},
		{"holidays", replace("city:\n", "city:\n  holidays: ch-ag\n"), "12: city.holidays: is no calendar; there are ch-ag-aarau, none"},
		{"holidays twice", replace("city:\n", "city:\n  holidays: none\n  own_holidays: ['08-01 Bundesfeier']\n"), "13: city.own_holidays: and holidays are both given"},
		{"own holiday", replace("city:\n", "city:\n  own_holidays: ['08-01 Bundesfeier', '31-12 Silvester']\n"), "12: city.own_holidays[1]: holiday \"31-12 Silvester\""},
		{"hours", replace("Mo-Fr 08:00-11:30", "Mo-Fr 08:00-11:30; Di off"), "16: service_areas[0].hours: position 20: "},
		{"hours with an umlaut", replace("Mo-Fr 08:00-11:30", "Mär 08:00-11:30"), "16: service_areas[0].hours: position 1: "},
		{"holidays without a calendar", replace("Mo-Fr 08:00-11:30", "Mo-Fr 08:00-11:30; PH off"), "16: service_areas[0].hours: position 20: PH needs a calendar"},
		{"counter hours", replace("    clerks", "    counter_hours: 'sunrise-sunset'\n    clerks"), "17: service_areas[0].counter_hours: position 1: "},
		{"lead", replace("    clerks", "    leads: [\"@meier:aarau.ch\"]\n    clerks"), "17: service_areas[0].leads[0]: is not among the area's clerks"},
		{"reply", replace("    clerks", "    replies: {Umzug: {de: x}}\n    clerks"), "17: service_areas[0].replies.Umzug: the name must be 1 to 40 lower-case letters, digits or hyphens"},
		{"overflow", replace("    clerks", "    overflow: {to: nirgends, after_minutes: 5}\n    clerks"), "17: service_areas[0].overflow.to: is not the id of another service area"},
		{"escalation", replace("    clerks", "    remind_minutes: 5\n    escalate_minutes: 5\n    clerks"), "18: service_areas[0].escalate_minutes: must be more than remind_minutes, and at most 480"},
		{"desk language", replace("service_areas:", "desk: {language: rm}\nservice_areas:"), "13: desk.language: must be de, fr, it or en"},
		{"guide", replace("service_areas:", "desk: {guide: often}\nservice_areas:"), "13: desk.guide: must be true or false, is a text"},
		{"routing", replace("    hours:", "    routing: fair\n    hours:"), "16: service_areas[0].routing: must be all, round_robin or least_busy"},
		{"training", replace("    hours:", "    training: zoo\n    hours:"), "16: service_areas[0].training: must be one of allgemein, einbuergerungen, einwohnerkontrolle, fundbuero, hundekontrolle"},
		{"pause after", replace("service_areas:", "desk: {pause_after: 21}\nservice_areas:"), "13: desk.pause_after: must be 0 to 20"},
		{"capacity", replace("    clerks", "    capacity: 51\n    clerks"), "17: service_areas[0].capacity: must be 1 to 50"},
		{"grace", replace("    clerks", "    grace_minutes: 600\n    clerks"), "17: service_areas[0].grace_minutes: must be 0 to 240"},
		{"notice language", replace("city:\n", "city:\n  notice: {de: a, es: b}\n"), "12: city.notice.es: is not an offered language"},
		{"no areas", base[:strings.Index(base, "service_areas")], "1: service_areas: there must be at least one"},
		{"empty areas", base[:strings.Index(base, "service_areas")] + "service_areas: []\n", "13: service_areas: there must be at least one"},
		{"area ID", replace("id: fundbuero", "id: Fundbüro"), "14: service_areas[0].id: must be 1 to 40"},
		{"area twice", base + "  - {id: fundbuero, name: {de: x}, hours: 24/7}\n", "18: service_areas[1].id: is taken by service_areas[0]"},
		{"German name", replace("{de: Fundbüro}", "{fr: Objets}"), "15: service_areas[0].name.de: is required"},
		{"user ID", replace("@nora:aarau.test", "nora"), "17: service_areas[0].clerks[0]: is not a Matrix user ID"},
		{"user ID in capitals", replace("@nora:aarau.test", "@Nora:aarau.test"), "17: service_areas[0].clerks[0]: is not a Matrix user ID"},
		{"clerk twice", replace(`"@nora:aarau.test"`, `"@nora:aarau.test", "@nora:aarau.test"`), "17: service_areas[0].clerks[1]: is there twice"},
		{"ghost as clerk", replace("@nora:aarau.test", "@citizen_1:aarau.test"), "17: service_areas[0].clerks[0]: is a user of the bridge"},
		{"mail without host", base + "mail: {from: a@b.ch}\n", "18: mail.host: is required"},
		{"mail port in the host", base + "mail: {host: 'smtp.b.ch:25', from: a@b.ch}\n", "18: mail.host: must be a host name"},
		{"mail port", base + "mail: {host: smtp.b.ch, port: 0, from: a@b.ch}\n", "18: mail.port: must be"},
		{"mail TLS", base + "mail: {host: smtp.b.ch, tls: ssl, from: a@b.ch}\n", "18: mail.tls: must be one of"},
		{"mail sender", base + "mail: {host: smtp.b.ch, from: 'Stadt <a@b.ch>'}\n", "18: mail.from: is not an address"},
		{"mail password", base + "mail: {host: smtp.b.ch, from: a@b.ch, username: u}\n", "18: mail.password: is required"},
		{"admin", base + "admins:\n  - admin\n", "19: admins[0]: is not a Matrix user ID"},
		{"level", base + "log: {level: loud}\n", "18: log.level: must be one of"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := config.Parse("conf/schalter.yaml", []byte(tc.text))
			var problems config.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want Problems", err)
			}
			if want := "conf/schalter.yaml:" + tc.want; !strings.HasPrefix(problems[0].Error(), want) {
				t.Errorf("got  %s\nwant %s…", problems[0], want)
			}
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	text := strings.NewReplacer("https://matrix.test", "nowhere", "@nora:aarau.test", "nora", "fundbuero", "F").Replace(base)
	_, err := config.Parse("x.yaml", []byte(text))
	var problems config.Problems
	if !errors.As(err, &problems) || len(problems) != 3 {
		t.Fatalf("want three problems, got %v", err)
	}
}

func TestExample(t *testing.T) {
	c := config.Example()
	var ids []string
	for _, a := range c.ServiceAreas {
		ids = append(ids, a.ID)
		for _, lang := range []string{"de", "fr", "it", "en"} {
			if a.Name[lang] == "" || a.Description[lang] == "" {
				t.Errorf("%s has no name or description in %s", a.ID, lang)
			}
		}
		if a.Hours == "" || a.CounterHours == "" || len(a.Clerks) == 0 {
			t.Errorf("%s is incomplete", a.ID)
		}
	}
	if want := []string{"einwohnerkontrolle", "einbuergerungen", "hundekontrolle", "fundbuero", "allgemein"}; !slices.Equal(ids, want) {
		t.Errorf("areas %v, want %v", ids, want)
	}
	if bytes.ContainsRune(config.ExampleYAML(), 'ß') {
		t.Error("German as in Switzerland knows no ß")
	}
}

// The example parses, but it must not serve: each of its placeholders is refused by key and line,
// and once they are replaced, nothing else is wrong with it.
func TestExampleCannotServe(t *testing.T) {
	err := config.Example().Validate()
	var problems config.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want Problems", err)
	}
	lines := strings.Split(string(config.ExampleYAML()), "\n")
	keys := map[string]bool{}
	for _, p := range problems {
		keys[p.Key] = true
		if line := lines[p.Line-1]; !strings.Contains(line, ".example") && !strings.Contains(line, "CHANGE-ME") {
			t.Errorf("%s names a line without a placeholder: %s", p, line)
		}
	}
	for _, want := range []string{"homeserver.url", "homeserver.server_name", "appservice.as_token", "appservice.hs_token",
		"web.public_url", "web.allowed_origins[0]", "admins[0]", "service_areas[4].clerks[2]"} {
		if !keys[want] {
			t.Errorf("%s is not refused", want)
		}
	}
	text := strings.NewReplacer(".example", ".test", "CHANGE-ME-as-token", strings.Repeat("a1", 32),
		"CHANGE-ME-hs-token", strings.Repeat("b2", 32)).Replace(string(config.ExampleYAML()))
	c, err := config.Parse("config/example.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestLoadReadsSecretsFromFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.NewReplacer(
		"as_token: 0123456789abcdef0123456789abcdef", "as_token_file: as",
		"hs_token: fedcba9876543210fedcba9876543210", "hs_token_file: "+filepath.Join(dir, "hs"),
		"url: sqlite:/tmp/schalter.db", "url_file: db").Replace(base)
	write("schalter.yaml", text)
	path := filepath.Join(dir, "schalter.yaml")

	_, err := config.Load(path)
	for _, want := range []string{":5: appservice.as_token_file: cannot be read", ":6: appservice.hs_token_file: cannot be read", ":8: database.url_file: cannot be read"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not contain %q", err, want)
		}
	}

	write("as", strings.Repeat("a", 32)+"\n")
	write("hs", strings.Repeat("b", 32)+"\n")
	write("db", "postgres://schalter:hunter2@db/schalter\n")
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if string(c.Appservice.ASToken) != strings.Repeat("a", 32) || !strings.Contains(string(c.Database.URL), "hunter2") {
		t.Error("the secrets were not read")
	}

	write("db", "postgres://schalter:hunter2@:a:b/schalter\n")
	if _, err := config.Load(path); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("want an error without the password, got %v", err)
	}
	if _, err := config.Load(filepath.Join(dir, "none.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want not exist", err)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	c, err := config.Parse("base.yaml", []byte(base))
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(*c), fmt.Sprintf("%+v", *c), fmt.Sprintf("%#v", *c), string(asJSON)} {
		if strings.Contains(text, "0123456789abcdef") {
			t.Errorf("a token is printed: %s", text)
		}
	}
}

// FuzzParse: whatever the text, Parse returns; a refusal names the file and a line of it, and what
// is accepted can be validated.
func FuzzParse(f *testing.F) {
	f.Add([]byte(base))
	f.Add(config.ExampleYAML())
	f.Add([]byte("a: &x [*x]\n"))
	f.Add([]byte("? [a]\n: b\n"))
	f.Add([]byte("service_areas:\n- \n-"))
	f.Add([]byte("city: {notice: {de: |\n x}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse("f", data)
		if err == nil {
			_ = c.Validate()
			return
		}
		var problems config.Problems
		if !errors.As(err, &problems) || len(problems) == 0 {
			t.Fatalf("%T %v is not Problems", err, err)
		}
		for _, p := range problems {
			if p.File != "f" || p.Line < 1 || p.Line > bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r"))+2 || p.Reason == "" {
				t.Fatalf("%#v in %d bytes", p, len(data))
			}
		}
	})
}
