package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	b "schalter/webchat/browsertest" // said in every line
)

// window is a counter with a page of the city beside it, which citizens look at in Chromium.
type window struct {
	*counter
	page string
}

func newWindow(ctx context.Context, t *testing.T, kind string) *window {
	t.Helper()
	w := &window{}
	host := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(out, `<!doctype html><html lang="de-CH"><head><title>Stadt Aarau</title></head><body><h1>Stadt Aarau</h1>
<script async src="%s/widget.js" data-service-area="%s"></script></body></html>`, w.base, areaA)
	}))
	t.Cleanup(host.Close)
	w.page = host.URL
	w.counter = newCounter(ctx, t, kind, "sqlite", func(config string) string {
		return strings.Replace(config, "  limits:", fmt.Sprintf("  allowed_origins: [%q]\n  limits:", host.URL), 1)
	})
	return w
}

// TestOpeningHoursInTheBrowser: the same day at the counter, as a citizen sees it in Chromium.
func TestOpeningHoursInTheBrowser(t *testing.T) {
	homes(t, func(t *testing.T, kind string) {
		ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
		defer cancel()
		w := newWindow(ctx, t, kind)
		t.Run("refused at 11.30.00, accepted at 11.29.59", w.refusedOnTheEdge)
		t.Run("one runs over closing", w.runsOver)
		t.Run("left at night, answered in the morning", w.leftAtNight)
		t.Run("an admin closes", w.adminCloses)
	})
}

// enter opens the panel of a fresh page and leaves a text in it, unsent.
func (w *window) enter(t *testing.T, text string) context.Context {
	t.Helper()
	tab := b.Browser(t)
	b.Do(t, tab, chromedp.Navigate(w.page), b.Says(".state", "jetzt offen"), b.Click(".launcher"), b.Visible("#text"), b.Typed("#text", text))
	return tab
}

// watch has a page do something whenever an element's text has changed.
func watch(selector, what string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](b.Lookup(fmt.Sprintf(
		`void new MutationObserver(() => { %s }).observe($(%q), { childList: true, characterData: true, subtree: true })`, what, selector)))
}

var send = b.Press("Enter", 13)

// numberOf is the number that the header shows.
func numberOf(t *testing.T, tab context.Context) int64 {
	t.Helper()
	b.Do(t, tab, b.Until(`/\d/.test($("header").innerText)`))
	text := b.Evaluate[string](t, tab, `$("header").innerText`)
	n, err := strconv.ParseInt(regexp.MustCompile(`\d+`).FindString(text), 10, 64)
	if err != nil {
		t.Fatalf("the header says %q", text)
	}
	return n
}

func (w *window) refusedOnTheEdge(t *testing.T) {
	w.stand("2026-07-06T11:29:59+02:00")
	early, late := w.enter(t, "noch schnell"), w.enter(t, "leider zu spät")
	outside := b.Browser(t)
	b.Do(t, outside, chromedp.Navigate(w.page), b.Says(".state", "jetzt offen"), watch(".state", `window.shown ||= Date.now()`))
	b.Do(t, early, send, b.Says(".citizen", "noch schnell"), b.Until(`/gespeichert|zugestellt/.test($(".citizen").innerText)`))
	number := numberOf(t, early)

	before := time.Now()
	w.stand("2026-07-06T11:30:00+02:00")
	b.Do(t, outside, b.Says(".state", "offen ab"), b.Says(".state", "14.00 Uhr"))
	shown := time.UnixMilli(int64(b.Evaluate[float64](t, outside, `shown`)))
	if took := shown.Sub(before); took > time.Second {
		t.Errorf("the launcher showed the closing after %s", took)
	} else {
		t.Logf("the launcher showed the closing after %s", took)
	}
	b.Do(t, late, send, b.Says("h2", "Wir sind wieder für Sie da"), b.Says(".opens", "14.00 Uhr"), b.Until(`$("#request-text").value === "leider zu spät"`))

	w.walk("2026-07-06T11:30:05+02:00")
	w.settled(map[string]any{"number": float64(number)})
	events, err := w.nora.timeline(t.Context(), w.lobby)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(events, func(e roomEvent) bool { return strings.Contains(e.Content.Body, fmt.Sprintf("#%d", number+1)) }) {
		t.Error("the one that came too late is in the lobby")
	}
	room, err := w.nora.enter(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	w.awaitBody(w.nora.matrixUser, room, "noch schnell")
}

func (w *window) runsOver(t *testing.T) {
	ctx := t.Context()
	w.walk("2026-07-07T11:00:00+02:00")
	tab := w.enter(t, "Grüezi")
	b.Do(t, tab, send, b.Says(".citizen", "Grüezi"))
	room, err := w.nora.enter(ctx, numberOf(t, tab))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.nora.say(ctx, room, "Guten Tag"); err != nil {
		t.Fatal(err)
	}
	// What a screen reader is told: each text that the live region has come to hold.
	b.Do(t, tab, b.Says(".clerk", "Guten Tag"), b.Until(`$(".status").getAttribute("role") === "status"`), watch(".status", `(window.heard ||= []).push($(".status").textContent)`))

	w.walk("2026-07-07T11:20:00+02:00")
	b.Do(t, tab, b.Says(".status", "Der Chat schliesst um 11.30 Uhr."))
	w.awaitBody(w.nora.matrixUser, room, "schliesst um 11.30 Uhr")
	w.walk("2026-07-07T11:30:00+02:00")
	b.Do(t, tab, b.Says(".status", "Der Chat ist jetzt geschlossen. Dieses Gespräch kann noch bis 11.45 Uhr weitergehen."))
	w.awaitBody(w.nora.matrixUser, room, "seit 11.30 Uhr geschlossen")
	w.kill() // and nothing is told twice
	w.mustStart()
	b.Do(t, tab, b.Written("noch eine Frage"), b.Says(".citizen", "noch eine Frage"))
	w.awaitBody(w.nora.matrixUser, room, "noch eine Frage")
	if err := w.nora.say(ctx, room, "noch eine Antwort"); err != nil {
		t.Fatal(err)
	}
	b.Do(t, tab, b.Says(".clerk", "noch eine Antwort"), b.Typed("#text", "halb geschrieben"))

	w.walk("2026-07-07T11:45:00+02:00")
	b.Do(t, tab, b.Says(".status", "Das Gespräch wurde beendet"), b.Visible(".after .primary"), b.Until(`$("#text").value === "halb geschrieben"`))
	w.awaitBody(w.nora.matrixUser, room, "wurde um 11.45 Uhr beendet")
	heard := b.Evaluate[[]string](t, tab, `heard`)
	for i, want := range []string{"schliesst um 11.30 Uhr", "jetzt geschlossen", "wurde beendet"} {
		if len(heard) != 3 || !strings.Contains(heard[i], want) {
			t.Fatalf("the live region was given %q, want each closing once", heard)
		}
	}

	// In the break going on is refused; after it the same conversation goes on.
	b.Do(t, tab, b.Click(".after .primary"), b.Says(".alert", "zurzeit geschlossen"), b.Visible(".after .primary"))
	w.walk("2026-07-07T14:00:00+02:00")
	b.Do(t, tab, b.Click(".after .primary"), b.Until(`$(".after").hidden`), b.Until(`$("#text").value === "halb geschrieben"`), b.Typed("#text", " und fertig"), send)
	w.awaitBody(w.nora.matrixUser, room, "halb geschrieben und fertig")
	if err := w.nora.say(ctx, room, "Da bin ich wieder"); err != nil {
		t.Fatal(err)
	}
	b.Do(t, tab, b.Says(".clerk", "Da bin ich wieder"))
}

func (w *window) leftAtNight(t *testing.T) {
	ctx := t.Context()
	w.walk("2026-07-08T23:14:00+02:00")
	tab := b.Browser(t)
	b.Do(t, tab, chromedp.Navigate(w.page), b.Says(".state", "offen ab"), b.Click(".launcher"), b.Says("h2", "Wir sind wieder für Sie da"),
		b.Typed("#request-text", "Wie melde ich mich an?"), b.Typed("#request-name", "Anna Muster"), b.Typed("#request-email", "anna@aarau.test"),
		b.Click(".request .primary"), b.Says("h2", "Anfrage Nr."), b.Says(".view", "per E-Mail"))
	number, err := strconv.ParseInt(regexp.MustCompile(`\d+`).FindString(b.Evaluate[string](t, tab, `$$("h2").map((e) => e.innerText).join()`)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	notice := w.awaitBody(w.nora.matrixUser, w.lobby, fmt.Sprintf("📨 Anfrage #%d · Anna Muster", number))
	w.awaitButton(w.lobby, notice.ID)

	w.walk("2026-07-09T08:05:00+02:00")
	link := w.answerByMail(notice.ID, number)
	if !strings.HasPrefix(link, w.base+"/#request=") {
		t.Fatalf("the mail leads to %s", link)
	}
	b.Do(t, tab, chromedp.Navigate(link), b.Says(".citizen", "Wie melde ich mich an?"), b.Says(".clerk", theAnswer), b.Says(".clerk", "Nora Muster"),
		b.Until(`location.hash === ""`), b.Written("Und wo ist der Schalter?"), b.Says(".citizen", "Und wo ist der Schalter?"))
	room, err := w.nora.enter(ctx, numberOf(t, tab))
	if err != nil {
		t.Fatal(err)
	}
	w.awaitBody(w.nora.matrixUser, room, "Wie melde ich mich an?")
	w.awaitBody(w.nora.matrixUser, room, "Und wo ist der Schalter?")
	if err := w.nora.say(ctx, room, "Im Rathaus"); err != nil {
		t.Fatal(err)
	}
	b.Do(t, tab, b.Says(".clerk", "Im Rathaus"))
}

// adminCloses: what nobody could know when the page was loaded reaches it all the same.
func (w *window) adminCloses(t *testing.T) {
	ctx := t.Context()
	w.walk("2026-07-10T09:00:00+02:00")
	tab := b.Browser(t)
	b.Do(t, tab, chromedp.Navigate(w.page), b.Says(".state", "jetzt offen"))
	chief, room := w.clerk("chief"), w.resolve("#schalter_admin:localhost")
	if err := chief.acceptInvites(ctx, 1); err != nil {
		t.Fatal(err)
	}
	command := func(text string) {
		t.Helper()
		if chief.send(ctx, room, "browser-"+text[1:4], map[string]string{"msgtype": "m.text", "body": text}) == "" {
			t.Fatal("the command was not sent")
		}
	}
	command(`!ausnahme 2026-07-10 zu "Maienzug"`)
	b.Do(t, tab, b.Says(".state", "13. Juli, 8.00 Uhr"))
	command("!undo")
	b.Do(t, tab, b.Says(".state", "jetzt offen"))
}
