package main

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"schalter/bridge/homeserver"
	"schalter/config"
	b "schalter/webchat/browsertest"
)

// The demo's city has the widget on its pages, under a policy that allows nothing else, and a chat goes on from one
// page to the next.
func TestDemoCity(t *testing.T) {
	tab := b.Browser(t)
	page, err := homeserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	port, err := homeserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	d := startDemo(t, t.TempDir(), fmt.Sprintf("127.0.0.1:%d", page), port)
	b.Do(t, tab, chromedp.Navigate(d.CityURL), b.Visible(".launcher"), b.Click(".launcher"), b.Click("[data-area=fundbuero]"), b.Written("Velo gefunden"), b.Until(`/gespeichert|zugestellt/.test($(".citizen").innerText)`),
		chromedp.Click(chromedp.CSS("a[href='/umzug']")), b.Until(`location.pathname === "/umzug" && $(".citizen")?.innerText.includes("Velo gefunden")`))
	if title := b.Evaluate[string](t, tab, `document.title + " " + document.querySelector("[aria-current]").innerText`); title != "Umzug melden · Stadt Aarau (Muster) Umzug melden" {
		t.Errorf("the page is %q", title)
	}
	d.interrupt(t)
}

func TestDemoShowsPagesOfItsCity(t *testing.T) {
	c := config.Example()
	onSite(c, "http://127.0.0.1:8081")
	if c.Web.AllowedOrigins[0] != "http://127.0.0.1:8081" || c.Pages.Hosts[0] != "127.0.0.1:8081" {
		t.Errorf("%v may embed it, %v are the city's", c.Web.AllowedOrigins, c.Pages.Hosts)
	}
	shown := 0
	for _, a := range c.ServiceAreas {
		for _, p := range a.Pages {
			shown++
			path, ours := strings.CutPrefix(p.URL, "http://127.0.0.1:8081")
			served := false
			for _, page := range cityPages {
				served = served || page.Path == path
			}
			if !ours || !served {
				t.Errorf("%s is no page of the demo's", p.URL)
			}
		}
	}
	if shown == 0 {
		t.Error("the example shows no page")
	}
}

// The city's page takes another port where the next one is the homeserver's, or taken.
func TestListenForCity(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	own := l.Addr().(*net.TCPAddr)
	before := &net.TCPAddr{IP: own.IP, Port: own.Port - 1} // the one after it is taken
	for _, homeserver := range []int{0, own.Port} {
		site, err := listenForCity(before, homeserver)
		if err != nil {
			t.Fatal(err)
		}
		if site.Addr().(*net.TCPAddr).Port == own.Port {
			t.Error("the city's page has a port that is taken")
		}
		site.Close()
	}
	l.Close()
	site, err := listenForCity(before, own.Port)
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	if site.Addr().(*net.TCPAddr).Port == own.Port {
		t.Error("the city's page has the homeserver's port")
	}
}
