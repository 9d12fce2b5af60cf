package webchat_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Outside hours a request can be left without JavaScript, too; what shows hours fetches itself anew
// at the next edge, and a form does not.
func TestPlainOutsideHours(t *testing.T) {
	h := newHouse(t)
	h.core.set(func() { h.core.now, h.core.mail = at("2026-11-22T22:00:00.4+01:00"), true })
	page := func(path string) (string, string) {
		t.Helper()
		a := h.get(path)
		if a.status != 200 {
			t.Fatalf("%s: %d", path, a.status)
		}
		return string(a.body), a.header.Get("Refresh")
	}
	const area = "language=de-CH&area=einwohnerkontrolle"
	list, refresh := page("/plain?language=de-CH")
	if refresh != "36000; url=/plain?language=de-CH" { // at 8.00
		t.Errorf("the areas are fetched again after %q", refresh)
	}
	if !strings.Contains(list, `class="choice shut" href="/plain?`+strings.ReplaceAll(area, "&", "&amp;")) || strings.Count(list, "●") != 4 {
		t.Errorf("areas:\n%s", list)
	}
	shown, refresh := page("/plain?" + area)
	if refresh != "" || !strings.Contains(shown, "/plain/state?") || !strings.Contains(shown, `id="email"`) || strings.Contains(shown, `value="open"`) {
		t.Errorf("%q\n%s", refresh, shown)
	}
	state, refresh := page("/plain/state?" + area)
	if refresh != "36000; url=/plain/state?"+area || !strings.Contains(state, "Mo–Fr 8.00–11.30, 14.00–17.00 Uhr") || !strings.Contains(state, "Am Schalter: ") || strings.Contains(state, "_top") {
		t.Errorf("%q\n%s", refresh, state)
	}

	post := func(values url.Values) (int, string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, h.http.URL+"/plain?language=de-CH", strings.NewReader(values.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", h.http.URL)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(data)
	}
	request := filledIn(shown, "text", "Wie melde\r\nich mich an?", "name", "Anna", "email", "anna@aarau.test")
	for range 2 {
		if status, left := post(request); status != 200 || !strings.Contains(left, "Anfrage Nr. 4711") || !strings.Contains(left, "per E-Mail") {
			t.Errorf("%d\n%s", status, left)
		}
	}
	for _, in := range h.core.left {
		if in.Area != "einwohnerkontrolle" || in.Text != "Wie melde\nich mich an?" || in.Email != "anna@aarau.test" || in.Key != h.core.left[0].Key || len(in.Key) < 16 {
			t.Errorf("%+v", in)
		}
	}
	request.Set("text", " ")
	if status, again := post(request); status != 422 || !strings.Contains(again, `value="anna@aarau.test"`) || !strings.Contains(again, "Diese Angabe fehlt") {
		t.Errorf("%d\n%s", status, again)
	}

	h.core.set(func() { h.core.now = at("2026-11-23T08:00:00+01:00") })
	if state, refresh = page("/plain/state?" + area); refresh != "12600; url=/plain/state?"+area || !strings.Contains(state, "_top") {
		t.Errorf("%q\n%s", refresh, state)
	}
	if shown, _ = page("/plain?" + area); !strings.Contains(shown, `value="open"`) {
		t.Error(shown)
	}
	h.get("/plain/state?area=nirgends").wantProblem(t, 404, "unknown-area", "service_area")
}

// In a browser whose scripts are off, the state beside the form changes by itself, and what has
// been typed stays.
func TestPlainStateChangesByItself(t *testing.T) {
	h := newHouse(t)
	h.core.set(func() { h.core.now = at("2026-11-23T07:59:59+01:00") })
	ctx := browser(t)
	inFrame := func(text string) bool {
		return evaluate[bool](t, ctx, `!!document.querySelector("iframe")?.contentDocument?.body?.innerText.includes("`+text+`")`)
	}
	do(t, ctx, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}), chromedp.Navigate(h.http.URL+"/plain?language=de-CH&area=einwohnerkontrolle"), chromedp.WaitVisible(chromedp.CSS("#text")), chromedp.SendKeys(chromedp.CSS("#text"), "Halbfertig"))
	await(t, "the closed area", func() bool { return inFrame("Wir sind wieder für Sie da") })
	h.core.set(func() { h.core.now = at("2026-11-23T08:00:00+01:00") })
	await(t, "the opening", func() bool { return inFrame("offen bis 11.30 Uhr") })
	if typed := evaluate[string](t, ctx, `document.querySelector("#text").value`); typed != "Halbfertig" {
		t.Errorf("typed %q", typed)
	}
}
