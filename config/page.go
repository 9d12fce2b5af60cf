package config

import (
	"fmt"
	"net/url"
	"slices"
	"unicode/utf8"
)

// Page is a web page that clerks show by a short name.
type Page struct {
	// Key is 1 to 40 lower-case letters, digits or hyphens.
	Key string `yaml:"key"`
	// URL starts with https://, or on this machine with http://.
	URL string `yaml:"url"`
	// Title by language, at most 120 characters.
	Title map[string]string `yaml:"title"`
}

// Pages is what holds for all pages that clerks show.
type Pages struct {
	// Hosts are the city's own, with a port where they have one.
	Hosts []string `yaml:"hosts"`
}

const (
	maxPageURL   = 1000
	maxPageTitle = 120
)

// local are the hosts that need no https.
var local = []string{"localhost", "127.0.0.1", "::1"}

func (p Pages) check(k *checker) {
	k.list("pages.hosts", p.Hosts, func(host string) string {
		if u, err := url.Parse("https://" + host); err != nil || u.Host != host || u.Hostname() == "" {
			return "must be a host like www.aarau.ch"
		}
		return ""
	})
}

func checkPages(k *checker, key string, pages []Page) {
	var seen []string
	for i, p := range pages {
		at := fmt.Sprintf("%s.pages[%d]", key, i)
		switch {
		case !areaID.MatchString(p.Key):
			k.refuse(at+".key", "must be 1 to 40 lower-case letters, digits or hyphens")
		case slices.Contains(seen, p.Key):
			k.refuse(at+".key", "is there twice")
		}
		seen = append(seen, p.Key)
		u, err := url.Parse(p.URL)
		switch {
		case err != nil || u.Hostname() == "" || len(u.String()) > maxPageURL || u.Scheme != "https" && (u.Scheme != "http" || !slices.Contains(local, u.Hostname())):
			k.refuse(at+".url", "must be a URL that starts with https://, of at most %d bytes", maxPageURL)
		case u.User != nil:
			k.refuse(at+".url", "must not contain a user name")
		}
		k.texts(at+".title", p.Title, true)
		for lang, title := range p.Title {
			if utf8.RuneCountInString(title) > maxPageTitle {
				k.refuse(at+".title."+lang, "is longer than %d characters", maxPageTitle)
			}
		}
	}
}
