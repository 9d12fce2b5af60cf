package webchat_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

// filledIn is what a browser would send of a page's form, with what the citizen has filled in.
func filledIn(page string, values ...string) url.Values {
	out := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`).FindAllStringSubmatch(strings.SplitN(page, "</form>", 2)[0], -1) {
		out.Set(m[1], m[2])
	}
	for i := 0; i < len(values); i += 2 {
		out.Set(values[i], values[i+1])
	}
	return out
}

func TestPlain(t *testing.T) {
	h := newHouse(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	send := func(method string, values url.Values, header ...string) (int, string, *http.Response) {
		t.Helper()
		r, err := http.NewRequest(method, h.http.URL+"/plain?language=de-CH&area=fundbuero", strings.NewReader(values.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if method == http.MethodPost {
			r.Header.Set("Origin", h.http.URL)
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var b strings.Builder
		if _, err := io.Copy(&b, res.Body); err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, b.String(), res
	}
	_, page, _ := send(http.MethodGet, nil)
	opening := filledIn(page, "name", " Anna ", "text", "Erste\r\nZeile")

	// A foreign page's form is refused; so is what the API would refuse, and the text comes back.
	for _, origin := range []string{"https://evil.example", "null", ""} {
		if status, _, _ := send(http.MethodPost, opening, "Origin", origin); status != 403 || h.core.count() != 0 {
			t.Errorf("from %q: %d", origin, status)
		}
	}
	status, refused, _ := send(http.MethodPost, filledIn(page, "text", strings.Repeat("x", 4001)))
	if status != 422 || !strings.Contains(refused, "xxxx</textarea>") || !strings.Contains(refused, "zu lang") || !strings.Contains(refused, `name="area" value="fundbuero"`) {
		t.Errorf("too long: %d %s", status, refused)
	}
	h.core.setFail("Open", &bridge.ClosedError{Area: "fundbuero"})
	if status, refused, _ = send(http.MethodPost, opening); status != 409 || !strings.Contains(refused, "Zeile</textarea>") || !strings.Contains(refused, "geschlossen") {
		t.Errorf("closed: %d", status)
	}
	h.core.setFail("Open", nil)

	// Sent twice, it is one conversation with one message.
	for range 2 {
		if status, page, _ = send(http.MethodPost, opening); status != 200 || !strings.Contains(page, "/plain/log") {
			t.Fatalf("opening: %d %s", status, page)
		}
	}
	id := h.core.only(t)
	if got := h.core.messagesOf(id); len(got) != 1 || got[0].Text != "Erste\nZeile" || h.core.opened.Name != "Anna" {
		t.Errorf("%+v", got)
	}
	h.core.fromClerk(id, "Nora Keller", "Grüezi <b>Anna</b>")
	reply := filledIn(page, "text", "Zweite")
	for range 2 {
		send(http.MethodPost, reply)
	}
	if n := len(h.core.messagesOf(id)); n != 3 {
		t.Errorf("%d messages", n)
	}
	res, err := client.Get(h.http.URL + "/plain/log?language=de-CH")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var log strings.Builder
	if _, err := io.Copy(&log, res.Body); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Erste\nZeile", "Grüezi &lt;b&gt;Anna&lt;/b&gt;", "Nora Keller · ", "gespeichert", `http-equiv="refresh" content="8; url=/plain/log?language=de-CH&amp;turn=1#end`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is missing in\n%s", want, log.String())
		}
	}
	if status, page, _ = send(http.MethodPost, url.Values{"do": {"forget"}}); status != 200 || !strings.Contains(page, `area=fundbuero"`) {
		t.Errorf("forgetting: %d", status)
	}
	if res, err := http.Get(h.http.URL + "/plain/log"); err != nil || res.Body.Close() != nil || res.StatusCode != 401 {
		t.Error("the log is open to everybody")
	}
}

// Over TLS the cookie is bound to the host; on a developer's machine it works all the same.
func TestPlainCookie(t *testing.T) {
	h := newHouse(t)
	for origin, want := range map[string]string{
		"https://schalter.aarau.example": "__Host-schalter=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict",
		"http://schalter.aarau.example":  "schalter=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict",
	} {
		r, err := http.NewRequest(http.MethodPost, h.http.URL+"/plain", strings.NewReader("do=forget"))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "schalter.aarau.example"
		r.Header.Set("Origin", origin)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if got := res.Header.Get("Set-Cookie"); got != want {
			t.Errorf("%s: %s", origin, got)
		}
	}
}

// A browser takes the cookie over TLS, bound to the host, and the chat goes on with it.
func TestPlainOverTLS(t *testing.T) {
	h := newHouse(t)
	secure := httptest.NewTLSServer(h.server.Handler())
	t.Cleanup(secure.Close)
	ctx := browser(t)
	do(t, ctx, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
		return err
	}), chromedp.Navigate(secure.URL+"/plain?area=fundbuero&language=de-CH"), chromedp.WaitVisible(chromedp.CSS("#text")), chromedp.SendKeys(chromedp.CSS("#text"), "Über TLS"),
		chromedp.Click(chromedp.CSS("form button")), chromedp.WaitVisible(chromedp.CSS("iframe")))
	cookies, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{})
	if err != nil {
		t.Fatal(err)
	}
	if len(cookies.Cookies) != 1 {
		t.Fatalf("%d cookies", len(cookies.Cookies))
	}
	if c := cookies.Cookies[0]; c.Name != "__Host-schalter" || !c.Secure || !c.HTTPOnly || c.Path != "/" || strings.HasPrefix(c.Domain, ".") || string(c.SameSite) != "Strict" {
		t.Errorf("the cookie is %+v", c)
	}
	// Its transcript opens with it, and is shown as the policy lets it be.
	do(t, ctx, chromedp.Click(chromedp.CSS("a[href='/plain/transcript']")), chromedp.WaitVisible(chromedp.CSS(".messages .citizen")))
	if got := evaluate[string](t, ctx, `getComputedStyle(document.querySelector(".messages")).display`); got != "flex" {
		t.Errorf("its style does not count: %s", got)
	}
}

// In a browser whose scripts are off, the page leads to one that needs none, and a text being
// written survives the refreshing of what stands above it.
func TestWithoutJavaScript(t *testing.T) {
	h := newHouse(t)
	ctx := browser(t)
	press := func(selector string) chromedp.Action[chromedp.Void] { return chromedp.Click(chromedp.CSS(selector)) }
	do(t, ctx, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}), chromedp.Navigate(h.http.URL+"/?language=de-CH"), chromedp.WaitVisible(chromedp.CSS("a[href*=fundbuero]")), press("a[href*=fundbuero]"), chromedp.WaitVisible(chromedp.CSS("#text")),
		chromedp.SendKeys(chromedp.CSS("#text"), "Ohne Skript"), press("form button"), chromedp.WaitVisible(chromedp.CSS("iframe")), chromedp.WaitVisible(chromedp.CSS("#text")),
		chromedp.Click(chromedp.CSS("#text")), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: "Halbfertig"})
			return err
		}))
	id := h.core.only(t)
	h.core.fromClerk(id, "Nora Keller", "Grüezi")
	// The frame fetches itself anew within seconds; the text is still there.
	await(t, "the answer in the frame", func() bool {
		return evaluate[bool](t, ctx, `!!document.querySelector("iframe").contentDocument?.querySelector(".clerk .text")`)
	})
	do(t, ctx, press("main > form button"))
	await(t, "the second message", func() bool { return len(h.core.messagesOf(id)) == 3 })
	if got := h.core.messagesOf(id)[2].Text; got != "Halbfertig" {
		t.Errorf("%q was sent", got)
	}
}
