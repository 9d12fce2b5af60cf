package webchat_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"schalter/bridge"
	"schalter/webchat"
)

const launcherOnly = `<!doctype html><html lang="de-CH"><head><title>x</title></head><body>
<script async src="{{service}}/widget.js" data-service-area="einwohnerkontrolle"></script></body></html>`

// The launcher is told of whatever changes the state, also of what nobody could know before.
func TestLauncherIsTold(t *testing.T) {
	h, host := hostPage(t, launcherOnly, nil)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt offen"), until(`$(".launcher.open")`))
	for _, step := range []struct {
		change func()
		want   string
	}{
		{func() { h.core.areas[0].Clerks = nil }, "zurzeit geschlossen"},
		{func() { h.core.areas[0].Clerks = []bridge.UserID{"@nora:localhost"} }, "jetzt offen"},
		{func() { h.core.areas[0].Hours = hours("Mo-Fr 10:00-11:30") }, "offen ab "},
		{func() { h.core.now = at("2026-11-23T10:00:00+01:00") }, "jetzt offen"},
	} {
		began := time.Now()
		h.core.set(step.change)
		do(t, ctx, says(".state", step.want))
		if took := time.Since(began); took > time.Second {
			t.Errorf("%q was shown after %s", step.want, took)
		}
	}
}

// It holds one stream, and only while it can be seen.
func TestLauncherHoldsOneStream(t *testing.T) {
	h, host := hostPage(t, embedded, nil)
	ctx := browser(t)
	streams := func(want int) {
		t.Helper()
		await(t, fmt.Sprintf("%d streams", want), func() bool { return h.hub.Streams() == want })
	}
	hide := func(hidden string) chromedp.Action[chromedp.Void] {
		return chromedp.Evaluate[chromedp.Void](`Object.defineProperty(document, "hidden", { value: ` + hidden + `, configurable: true }); document.dispatchEvent(new Event("visibilitychange"))`)
	}
	do(t, ctx, chromedp.Navigate(host), says(".state", "jetzt offen"))
	streams(1)
	do(t, ctx, hide("true"))
	streams(0)
	h.core.set(func() {
		for i := range h.core.areas {
			h.core.areas[i].Clerks = nil
		}
	})
	do(t, ctx, hide("false"), says(".state", "geschlossen"))
	streams(1)
	do(t, ctx, click(".launcher"), visible("[data-area=fundbuero]"))
	h.core.set(func() { h.core.areas[3].Clerks = []bridge.UserID{"@nora:localhost"} })
	do(t, ctx, says("[data-area=fundbuero] em", "offen")) // the panel follows the areas itself
	streams(1)
	do(t, ctx, press("Escape", 27), until(`!$("dialog").open`), says(".state", "jetzt offen"))
	streams(1)
}

// Where no stream comes through, the state is asked for.
func TestLauncherWithoutStreams(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"a full server": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"a proxy that holds events back": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Content-Type", "text/event-stream")
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			var proxy *httptest.Server
			host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				_, _ = w.Write([]byte(strings.ReplaceAll(launcherOnly, "{{service}}", proxy.URL)))
			}))
			defer host.Close()
			h := newHouse(t, func(o *webchat.Options) { o.AllowedOrigins = []string{host.URL} })
			service, err := url.Parse(h.http.URL)
			if err != nil {
				t.Fatal(err)
			}
			through := httputil.NewSingleHostReverseProxy(service)
			through.ErrorLog = log.New(io.Discard, "", 0) // of what breaks off at the end
			proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/stream") {
					answer(w, r)
					return
				}
				through.ServeHTTP(w, r)
			}))
			defer func() {
				proxy.CloseClientConnections()
				proxy.Close()
			}()
			ctx := browser(t)
			do(t, ctx, chromedp.Navigate(host.URL), says(".state", "jetzt offen"))
		})
	}
}
