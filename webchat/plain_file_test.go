package webchat_test

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"schalter/bridge"
)

func TestPlainFiles(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	cookie := "schalter=" + string(o.ID) + "." + o.Token
	page := func() string {
		t.Helper()
		return string(h.get("/plain/files?language=de-CH", "Cookie", cookie).body)
	}
	if got := page(); strings.Contains(got, "<form") {
		t.Errorf("an area that takes none offers to send files: %s", got)
	}
	h.core.takesFiles()
	if chat := string(h.get("/plain?language=de-CH", "Cookie", cookie).body); !strings.Contains(chat, `src="/plain/files?language=de-CH"`) {
		t.Errorf("the chat offers no files: %s", chat)
	}
	if got := page(); !strings.Contains(got, "Höchstens 20 MB je Datei und 5 Dateien. Möglich sind: PDF, JPG.") || !strings.Contains(got, `accept="application/pdf,image/jpeg"`) {
		t.Errorf("limits: %s", got)
	}
	send := func(name string, header ...string) answer {
		t.Helper()
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for field, values := range filledIn(page()) {
			if err := form.WriteField(field, values[0]); err != nil {
				t.Fatal(err)
			}
		}
		part, err := form.CreateFormFile("file", name)
		if err == nil {
			_, err = part.Write([]byte("%PDF-1.7"))
		}
		if err == nil {
			err = form.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return h.request(http.MethodPost, "/plain/files?language=de-CH", body.String(), append([]string{"Cookie", cookie, "Origin", h.http.URL, "Content-Type", form.FormDataContentType()}, header...)...)
	}
	if a := send("Pass <b>.pdf"); a.status != 200 || !strings.Contains(string(a.body), "Gesendet: Pass &lt;b&gt;.pdf") {
		t.Errorf("sent: %d %s", a.status, a.body)
	}
	for verdict, want := range map[bridge.Verdict]string{bridge.Infected: "Schadsoftware", bridge.Unscanned: "wird geprüft: Pass.pdf"} {
		h.core.set(func() { h.core.verdict = verdict })
		if a := send("Pass.pdf"); a.status != 200 || !strings.Contains(string(a.body), want) {
			t.Errorf("%s: %d %s", verdict, a.status, a.body)
		}
	}
	h.core.set(func() { h.core.verdict = "" })
	h.core.setFail("FileFromCitizen", bridge.ErrFileTwofold)
	if a := send("Pass.pdf"); a.status != 422 || !strings.Contains(string(a.body), "enthält etwas anderes") || !strings.Contains(string(a.body), "<form") {
		t.Errorf("refused: %d %s", a.status, a.body)
	}
	h.core.setFail("FileFromCitizen", nil)
	before := len(h.core.messagesOf(o.ID))
	if a := send("Pass.pdf", "Origin", "https://evil.example"); a.status != 403 {
		t.Errorf("a foreign page's form: %d", a.status)
	}
	if a := send("Pass.pdf", "Cookie", "schalter="+string(o.ID)+".x"); a.status != 401 {
		t.Errorf("without the token: %d", a.status)
	}
	if n := len(h.core.messagesOf(o.ID)); n != before {
		t.Errorf("%d messages came of what was refused", n-before)
	}

	// A clerk's file is a link, which leads to it with a ticket; its name is text.
	file := h.core.sendsFile(o.ID, bridge.File{Name: `Merkblatt "<i>".pdf`, Type: "application/pdf", Size: 3, URI: "%PDF-1.7 M"})
	log := string(h.get("/plain/log?language=de-CH", "Cookie", cookie).body)
	link := "/plain/files/" + string(file.ID)
	if !strings.Contains(log, `<a href="`+link+`" target="_blank" rel="noopener">Herunterladen: Merkblatt &#34;&lt;i&gt;&#34;.pdf</a>`) || strings.Count(log, "/plain/files/") != 1 {
		t.Errorf("log %s", log)
	}
	if a := h.get(link, "Cookie", cookie); a.status != 200 || string(a.body) != "%PDF-1.7 M" || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the link gives %d %q", a.status, a.body)
	}
	other := h.open(strings.Replace(plainOpening, "Anna", "Beat", 1))
	for _, try := range [][2]string{{link, ""}, {link, "schalter=" + string(other.ID) + "." + other.Token}, {"/plain/files/x", cookie}} {
		if a := h.get(try[0], "Cookie", try[1]); a.status < 401 || a.status > 404 {
			t.Errorf("%s with %q: %d", try[0], try[1], a.status)
		}
	}
	h.core.end(o.ID)
	if got := page(); strings.Contains(got, "<form") {
		t.Error("a chat that has ended offers to send files")
	}
}

// Without JavaScript a file is sent from a frame of its own, and the text beside it stays.
func TestFilesWithoutJavaScript(t *testing.T) {
	h := newHouse(t)
	h.core.takesFiles()
	ctx := browser(t)
	folder := saving(t, ctx)
	pass := filepath.Join(t.TempDir(), "Pass.pdf")
	if err := os.WriteFile(pass, []byte("%PDF-1.7"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := func(frame, selector string) string {
		return fmt.Sprintf(`document.querySelector("iframe%s").contentDocument?.querySelector(%q)`, frame, selector)
	}
	do(t, ctx, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}), chromedp.Navigate(h.http.URL+"/plain?language=de-CH&area=fundbuero"), chromedp.WaitVisible(chromedp.CSS("#text")), chromedp.SendKeys(chromedp.CSS("#text"), "Guten Tag"),
		chromedp.Click(chromedp.CSS("form button")), chromedp.WaitVisible(chromedp.CSS("iframe.files")), chromedp.WaitVisible(chromedp.CSS("#text")), chromedp.SendKeys(chromedp.CSS("#text"), "Halbfertig"))
	await(t, "the frame that sends files", func() bool { return evaluate[bool](t, ctx, "!!"+in(".files", "#file")) })
	do(t, ctx, chromedp.SetUploadFiles(chromedp.JSPath(in(".files", "#file")), []string{pass}), chromedp.Evaluate[chromedp.Void](in(".files", "button")+".click()"))
	await(t, "the file to be sent", func() bool {
		return evaluate[bool](t, ctx, "!!"+in(".files", "[role=status]")+"?.innerText.includes('Gesendet: Pass.pdf')")
	})
	h.core.sendsFile(h.core.only(t), bridge.File{Name: "Merkblatt.pdf", Type: "application/pdf", Size: 3, URI: "%PDF-1.7 M"})
	await(t, "both in the log", func() bool {
		return evaluate[bool](t, ctx, "!!"+in("", "a[href*='/plain/files/']")+" && "+in("", "main")+".innerText.includes('Pass.pdf')")
	})
	do(t, ctx, chromedp.Evaluate[chromedp.Void](in("", "a[href*='/plain/files/']")+".click()"))
	await(t, "the file to be saved", func() bool {
		data, err := os.ReadFile(filepath.Join(folder, "Merkblatt.pdf"))
		return err == nil && string(data) == "%PDF-1.7 M"
	})
	if got := evaluate[string](t, ctx, `document.querySelector("#text").value`); got != "Halbfertig" {
		t.Errorf("the text is %q", got)
	}
}
