package webchat_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"schalter/webchat"
	"schalter/webchat/browsertest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	browsertest.Stop()
	os.Exit(code)
}

// What tests say most often, by shorter names.
var (
	missing = browsertest.Missing
	browser = browsertest.Browser
	tab     = browsertest.Tab
	do      = browsertest.Do
	inside  = browsertest.Inside
	lookup  = browsertest.Lookup
	click   = browsertest.Click
	typed   = browsertest.Typed
	written = browsertest.Written
	press   = browsertest.Press
	visible = browsertest.Visible
	until   = browsertest.Until
	says    = browsertest.Says
	key     = browsertest.Key
	size    = browsertest.Size
	media   = browsertest.Media
	saving  = browsertest.Saving
)

func evaluate[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	return browsertest.Evaluate[T](t, ctx, expression)
}

// hostPage is the page of a city's own website, on an origin of its own, and a service that lets
// it in. In page, {{service}} stands for the service's address.
func hostPage(t *testing.T, page string, header http.Header, change ...func(*webchat.Options)) (*house, string) {
	t.Helper()
	var h *house
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range header {
			for _, v := range values {
				w.Header().Add(name, strings.ReplaceAll(v, "{{service}}", h.http.URL))
			}
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, strings.ReplaceAll(page, "{{service}}", h.http.URL))
	}))
	t.Cleanup(host.Close)
	h = newHouse(t, append(change, func(o *webchat.Options) { o.AllowedOrigins = append(o.AllowedOrigins, host.URL) })...)
	return h, host.URL
}

// embedded is an ordinary page with the widget.
const embedded = `<!doctype html><html lang="de-CH"><head><title>Stadt Aarau</title></head><body><h1>Stadt Aarau</h1>
<p>Willkommen.</p><a id="first" href="#x">Ein Link</a>
<script async src="{{service}}/widget.js"></script></body></html>`
