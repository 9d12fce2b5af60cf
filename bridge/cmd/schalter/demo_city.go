package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"schalter/config"
)

// The demo's city has a website of its own, on an origin of its own, with the policy that `schalter embed` tells:
// a widget that works there works on a city's page.

//go:embed city
var cityFiles embed.FS

var cityTemplate = template.Must(template.ParseFS(cityFiles, "city/page.html"))

// cityPage is a page of the demo's website.
type cityPage struct {
	Path, Title string
	Text        []string
}

var cityPages = []cityPage{
	{"/", "Willkommen", []string{"Unten rechts ist der Online-Schalter: Das Stadtbüro antwortet im Chat."}},
	{"/umzug", "Umzug melden", []string{
		"Wer innerhalb von Aarau umzieht, meldet es innert 14 Tagen.", "Sie brauchen einen Ausweis, den Mietvertrag und die Versicherungskarte.",
	}},
	{"/hunde", "Hundekontrolle", []string{"Hunde sind ab dem Alter von drei Monaten angemeldet."}},
	{"/fundbuero", "Fundbüro", []string{"Was in Aarau gefunden wird, kommt ins Fundbüro im Stadtbüro."}},
}

// listenForCity takes the port after the service's, or another one where that is taken, or is to be the homeserver's.
func listenForCity(service net.Addr, homeserver int) (net.Listener, error) {
	at, err := netip.ParseAddrPort(service.String())
	if err != nil {
		return nil, fmt.Errorf("listen for the city's page: %w", err)
	}
	next := at.Port() + 1
	l, err := net.Listen("tcp", netip.AddrPortFrom(at.Addr(), next).String())
	if err == nil && int(next) == homeserver {
		err = l.Close()
		l = nil
	}
	if err != nil || l == nil {
		l, err = net.Listen("tcp", netip.AddrPortFrom(at.Addr(), 0).String())
	}
	if err != nil {
		return nil, fmt.Errorf("listen for the city's page: %w", err)
	}
	return l, nil
}

// cityHandler serves the website of a city whose chat is at an address.
func cityHandler(service string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /city.css", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, cityFiles, "city/city.css") })
	for _, p := range cityPages {
		pattern := "GET " + p.Path
		if p.Path == "/" {
			pattern += "{$}"
		}
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			var page bytes.Buffer
			err := cityTemplate.Execute(&page, struct {
				cityPage
				Service string
				Pages   []cityPage
			}{p, service, cityPages})
			if err != nil {
				http.Error(w, "", http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; style-src 'self'; script-src %[1]s; connect-src %[1]s; base-uri 'none'; form-action 'none'", service))
			_, _ = page.WriteTo(w)
		})
	}
	return mux
}

// serveCity serves until ctx ends.
func serveCity(ctx context.Context, l net.Listener, service string) error {
	srv := &http.Server{Handler: cityHandler(service), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = srv.Close() })()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the city's page: %w", err)
	}
	return nil
}

// onSite has a config's pages be those of the demo's website, which may embed the chat.
func onSite(c *config.Config, site string) {
	example := c.Web.AllowedOrigins[0]
	c.Web.AllowedOrigins = []string{site}
	c.Pages.Hosts = []string{strings.TrimPrefix(site, "http://")}
	for i := range c.ServiceAreas {
		for k, p := range c.ServiceAreas[i].Pages {
			c.ServiceAreas[i].Pages[k].URL = strings.Replace(p.URL, example, site, 1)
		}
	}
}
