package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

var (
	areaID     = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
	appID      = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	serverName = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)
	localpart  = regexp.MustCompile(`^[a-z0-9._=/+-]+$`)
	languages  = []string{"de", "fr", "it", "en", "de-simple"}
	levels     = []string{"trace", "debug", "info", "warn", "error"}
)

// placeholder marks values of the example that every operator must replace.
const placeholder = "CHANGE-ME"

// minToken is the least length of a token that counts as a secret; 32 random hex digits are 128
// bits.
const minToken = 32

// Validate refuses what cannot serve: everything that Parse refuses, and placeholders of the
// example. The error is Problems. Secrets in files count only after Load.
func (c *Config) Validate() error {
	k := &checker{source: c.source}
	k.problems = c.check()
	k.token("appservice.as_token", c.Appservice.ASToken)
	k.token("appservice.hs_token", c.Appservice.HSToken)
	if strings.Contains(string(c.Database.URL), placeholder) {
		k.refuse("database.url", "still contains the example's placeholder")
	} else if c.Database.URL == "" && c.Database.URLFile != "" {
		k.refuse("database.url_file", "has not been read")
	}
	for _, v := range []struct{ key, text string }{
		{"homeserver.url", hostOf(c.Homeserver.URL)},
		{"homeserver.server_name", c.Homeserver.ServerName},
		{"web.public_url", hostOf(c.Web.PublicURL)},
	} {
		if isExample(v.text) {
			k.refuse(v.key, "still names the example's host")
		}
	}
	for i, o := range c.Web.AllowedOrigins {
		if isExample(hostOf(o)) {
			k.refuse(fmt.Sprintf("web.allowed_origins[%d]", i), "still names the example's host")
		}
	}
	k.exampleUsers("admins", c.Admins)
	for i, a := range c.ServiceAreas {
		k.exampleUsers(fmt.Sprintf("service_areas[%d].clerks", i), a.Clerks)
		k.exampleUsers(fmt.Sprintf("service_areas[%d].leads", i), a.Leads)
	}
	if len(k.problems) > 0 {
		return k.problems
	}
	return nil
}

func hostOf(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return u.Host
}

// isExample recognises the top-level domain that RFC 2606 reserves for documentation.
func isExample(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.HasSuffix(host, ".example")
}

// check applies every rule that also holds for an example.
func (c *Config) check() Problems {
	k := &checker{source: c.source}
	k.url("homeserver.url", c.Homeserver.URL, true)
	if k.required("homeserver.server_name", c.Homeserver.ServerName) && !serverName.MatchString(c.Homeserver.ServerName) {
		k.refuse("homeserver.server_name", "is not a server name like aarau.ch")
	}
	if s := c.Homeserver.TimeoutSeconds; s < 1 || s > 25 {
		k.refuse("homeserver.timeout_seconds", "must be 1 to 25")
	}
	c.checkAppservice(k)
	c.checkDatabase(k)
	c.checkWeb(k)
	c.checkCity(k)
	c.checkMail(k)
	k.users("admins", c.Admins, c.Homeserver.ServerName)
	c.checkAreas(k)
	k.oneOf("log.level", c.Log.Level, levels)
	return k.problems
}

func (c *Config) checkAppservice(k *checker) {
	a := c.Appservice
	if k.required("appservice.id", a.ID) && !appID.MatchString(a.ID) {
		k.refuse("appservice.id", "must be 1 to 64 letters, digits, dots, underscores or hyphens")
	}
	k.secret("appservice.as_token", string(a.ASToken), a.ASTokenFile)
	k.secret("appservice.hs_token", string(a.HSToken), a.HSTokenFile)
	if a.ASToken != "" && a.ASToken == a.HSToken {
		k.refuse("appservice.hs_token", "must differ from as_token")
	}
}

func (c *Config) checkDatabase(k *checker) {
	k.secret("database.url", string(c.Database.URL), c.Database.URLFile)
	key, text := "database.url", string(c.Database.URL)
	if c.Database.URLFile != "" {
		key = "database.url_file"
	}
	switch {
	case text == "":
	case strings.HasPrefix(text, "sqlite:"):
		if path := strings.TrimPrefix(text, "sqlite:"); path == "" || strings.HasPrefix(path, "//") {
			k.refuse(key, "must name a file, as in sqlite:/var/lib/schalter/schalter.db")
		}
	case strings.HasPrefix(text, "postgres://"), strings.HasPrefix(text, "postgresql://"):
		// The parser's error would repeat the URL, and with it the password.
		if u, err := url.Parse(text); err != nil || strings.Trim(u.Path, "/") == "" {
			k.refuse(key, "is not a URL like postgres://user:password@host/database")
		}
	default:
		k.refuse(key, "must start with sqlite: or postgres://")
	}
}

func (c *Config) checkWeb(k *checker) {
	w := c.Web
	if k.required("web.listen", w.Listen) {
		k.address("web.listen", w.Listen, "127.0.0.1:8080")
	}
	if w.MetricsListen != "" {
		k.address("web.metrics_listen", w.MetricsListen, "10.0.0.5:9100")
	}
	k.url("web.public_url", w.PublicURL, true)
	k.list("web.allowed_origins", w.AllowedOrigins, func(o string) string {
		u, err := url.Parse(o)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" ||
			o != strings.ToLower(u.Scheme+"://"+u.Host) {
			return "must be an origin like https://www.aarau.ch: scheme, host and port in lower case, no path, no *"
		}
		return ""
	})
	k.list("web.trusted_proxies", w.TrustedProxies, func(p string) string {
		if _, err := netip.ParseAddr(p); err == nil {
			return ""
		}
		if _, err := netip.ParsePrefix(p); err == nil {
			return ""
		}
		return "must be an address or a network, as in 10.0.0.0/8"
	})
	for _, l := range []struct {
		key   string
		value int
	}{
		{"conversations_per_minute", w.Limits.ConversationsPerMinute},
		{"conversations_burst", w.Limits.ConversationsBurst},
		{"waiting_per_address", w.Limits.WaitingPerAddress},
		{"messages_per_second", w.Limits.MessagesPerSecond},
		{"messages_burst", w.Limits.MessagesBurst},
	} {
		if l.value < 1 || l.value > 1_000_000 {
			k.refuse("web.limits."+l.key, "must be between 1 and 1000000")
		}
	}
	// 4,000 characters of text are up to 48,000 bytes of JSON, when each is an escaped pair of
	// surrogates; page and name come on top.
	if n := w.Limits.MaxBodyBytes; n < 64<<10 || n > 1<<20 {
		k.refuse("web.limits.max_body_bytes", "must be between 65536 and 1048576")
	}
	if n := w.Limits.UploadMinutes; n < 1 || n > 240 {
		k.refuse("web.limits.upload_minutes", "must be between 1 and 240")
	}
}

func (c *Config) checkCity(k *checker) {
	k.required("city.name", c.City.Name)
	if k.required("city.time_zone", c.City.TimeZone) {
		if _, err := time.LoadLocation(c.City.TimeZone); err != nil || c.City.TimeZone == "Local" {
			k.refuse("city.time_zone", "is not a known time zone like Europe/Zurich")
		}
	}
	c.checkHolidays(k)
	k.url("city.privacy_url", c.City.PrivacyURL, false)
	k.texts("city.notice", c.City.Notice, false)
	k.texts("city.controller", c.City.Controller, false)
}

func (c *Config) checkAreas(k *checker) {
	c.Pages.check(k)
	c.Scanner.check(k)
	if c.Desk.PauseAfter < 0 || c.Desk.PauseAfter > 20 {
		k.refuse("desk.pause_after", "must be 0 to 20")
	}
	if !slices.Contains([]string{"de", "fr", "it", "en"}, c.Desk.Language) {
		k.refuse("desk.language", "must be de, fr, it or en")
	}
	if len(c.ServiceAreas) == 0 {
		k.refuse("service_areas", "there must be at least one")
	}
	seen := map[string]int{}
	for i, a := range c.ServiceAreas {
		key := fmt.Sprintf("service_areas[%d]", i)
		if k.required(key+".id", a.ID) {
			if !areaID.MatchString(a.ID) {
				k.refuse(key+".id", "must be 1 to 40 lower-case letters, digits or hyphens")
			} else if first, twice := seen[a.ID]; twice {
				k.refuse(key+".id", "is taken by service_areas[%d]", first)
			} else {
				seen[a.ID] = i
			}
		}
		k.texts(key+".name", a.Name, true)
		k.texts(key+".description", a.Description, false)
		c.checkHours(k, key+".hours", a.Hours, true)
		c.checkHours(k, key+".counter_hours", a.CounterHours, false)
		if a.GraceMinutes < 0 || a.GraceMinutes > 240 {
			k.refuse(key+".grace_minutes", "must be 0 to 240")
		}
		if a.ReopenMinutes < 0 || a.ReopenMinutes > 7*24*60 {
			k.refuse(key+".reopen_minutes", "must be 0 to 10080")
		}
		if a.IdleWarningMinutes < 0 || a.IdleWarningMinutes > 240 {
			k.refuse(key+".idle_warning_minutes", "must be 0 to 240")
		}
		a.Files.check(k, key+".files")
		// Nobody is put out without a warning, and a minute to answer it (WCAG 2.2.1).
		if n := a.IdleCloseMinutes; n < 0 || n > 480 || n > 0 && (a.IdleWarningMinutes == 0 || n <= a.IdleWarningMinutes) {
			k.refuse(key+".idle_close_minutes", "must be 0, or more than idle_warning_minutes, which must not be 0 then, and at most 480")
		}
	}
	for i, a := range c.ServiceAreas {
		c.checkDesk(k, fmt.Sprintf("service_areas[%d]", i), a, seen)
	}
}

// checker collects problems.
type checker struct {
	source
	problems Problems
}

func (k *checker) refuse(key, format string, args ...any) {
	k.problems = append(k.problems, k.problem(key, format, args...))
}

func (k *checker) required(key, value string) bool {
	if strings.TrimSpace(value) == "" {
		k.refuse(key, "is required")
		return false
	}
	return true
}

func (k *checker) oneOf(key, value string, of []string) {
	if !slices.Contains(of, value) {
		k.refuse(key, "must be one of %s", strings.Join(of, ", "))
	}
}

func (k *checker) address(key, value, like string) {
	_, port, err := net.SplitHostPort(value)
	if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 0 || n > 65535 {
		k.refuse(key, "must be host:port, as in %s", like)
	}
}

func (k *checker) url(key, value string, required bool) {
	if value == "" && !required {
		return
	}
	if !k.required(key, value) {
		return
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "":
		k.refuse(key, "must be a URL that starts with https:// or http://")
	case u.User != nil:
		k.refuse(key, "must not contain a user name")
	case required && (u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != ""):
		k.refuse(key, "must have no path, query or fragment")
	}
}

// secret wants a value in the file or a file of its own, not both.
func (k *checker) secret(key, value, file string) {
	_, inline := k.lines[key]
	switch {
	case value == "" && file == "":
		k.refuse(key, "is required (or %s_file)", key[strings.LastIndexByte(key, '.')+1:])
	case inline && file != "":
		k.refuse(key+"_file", "and the value itself are both given; keep one")
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		k.refuse(key, "must not contain spaces or line breaks")
	}
}

func (k *checker) token(key string, value Secret) {
	if _, inline := k.lines[key]; !inline {
		if _, file := k.lines[key+"_file"]; file {
			key += "_file"
		}
	}
	switch {
	case value == "":
		k.refuse(key, "has no value")
	case strings.Contains(string(value), placeholder):
		k.refuse(key, "still is the example's placeholder; make one with: openssl rand -hex 32")
	case len(value) < minToken:
		k.refuse(key, "must be at least %d characters; make one with: openssl rand -hex 32", minToken)
	}
}

// texts are by language; German is the language everybody falls back to.
func (k *checker) texts(key string, texts map[string]string, required bool) {
	if len(texts) == 0 && !required {
		return
	}
	for lang := range texts {
		if !slices.Contains(languages, lang) {
			k.refuse(key+"."+lang, "is not an offered language (%s)", strings.Join(languages, ", "))
		}
	}
	for _, lang := range languages {
		if text, ok := texts[lang]; (ok || lang == "de") && strings.TrimSpace(text) == "" {
			k.refuse(key+"."+lang, "is required")
		}
	}
}

func (k *checker) list(key string, values []string, wrong func(string) string) {
	seen := map[string]bool{}
	for i, v := range values {
		item := fmt.Sprintf("%s[%d]", key, i)
		if reason := wrong(v); reason != "" {
			k.refuse(item, "%s", reason)
		} else if seen[v] {
			k.refuse(item, "is there twice")
		}
		seen[v] = true
	}
}

// users are people: Matrix user IDs (specification, appendix "User Identifiers"), none of them
// the bridge's own.
func (k *checker) users(key string, ids []string, server string) {
	k.list(key, ids, func(id string) string {
		local, host, ok := strings.Cut(strings.TrimPrefix(id, "@"), ":")
		switch {
		case !ok || !strings.HasPrefix(id, "@") || !localpart.MatchString(local) || !serverName.MatchString(host):
			return "is not a Matrix user ID like @nora.keller:aarau.ch"
		case len(id) > 255:
			return "is longer than 255 characters"
		case host == server && (strings.HasPrefix(local, "citizen_") || strings.HasPrefix(local, "schalter_")):
			return "is a user of the bridge itself"
		}
		return ""
	})
}

func (k *checker) exampleUsers(key string, ids []string) {
	for i, id := range ids {
		if _, host, ok := strings.Cut(id, ":"); ok && isExample(host) {
			k.refuse(fmt.Sprintf("%s[%d]", key, i), "still names the example's host")
		}
	}
}
