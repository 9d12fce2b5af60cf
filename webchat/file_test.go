package webchat_test

import (
	"mime"
	"net/http"
	"strings"
	"testing"

	"schalter/bridge"
)

// sendsFile is a file that arrives from Matrix.
func (m *memory) sendsFile(id bridge.ConversationID, f bridge.File) bridge.Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.append(m.conversations[id], bridge.Message{Direction: bridge.FromClerkDirection, Sender: "Nora Keller", Text: f.Name, File: &f, Event: "$e"})
}

func TestFileOfAClerk(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	const name = "Wohnsitz \"Müller\" 🏠.html"
	m := h.core.sendsFile(o.ID, bridge.File{Name: name, Type: "text/html", Size: 3, URI: "<script>alert(1)</script>"})
	picture := h.core.sendsFile(o.ID, bridge.File{Name: "x.png", Type: "image/png", URI: "mxc://x/y"})

	history := h.get(o.path()+"/messages", "Authorization", o.bearer())
	for _, want := range []string{`"kind":"file"`, `"size":3`, `"preview":true`} {
		if !strings.Contains(string(history.body), want) {
			t.Errorf("history lacks %s: %s", want, history.body)
		}
	}
	if strings.Contains(string(history.body), "mxc:") || strings.Contains(string(history.body), "script") {
		t.Errorf("history tells where the homeserver keeps it: %s", history.body)
	}

	path := o.path() + "/files/" + string(m.ID)
	ticket := func(path string) (got struct {
		URL     string `json:"url"`
		Preview string `json:"preview_url"`
	}) {
		t.Helper()
		h.post(path+"/ticket", "", "Authorization", o.bearer()).into(t, 201, &got)
		return got
	}
	url := ticket(path).URL
	a := h.get(url)
	if a.status != 200 || string(a.body) != "<script>alert(1)</script>" {
		t.Errorf("%d %q", a.status, a.body)
	}
	for header, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store", "Content-Type": "application/octet-stream",
		"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "Accept-Ranges": "bytes",
	} {
		if got := a.header.Get(header); got != want {
			t.Errorf("%s: %s", header, got)
		}
	}
	if kind, says, err := mime.ParseMediaType(a.header.Get("Content-Disposition")); err != nil || kind != "attachment" || says["filename"] != name {
		t.Errorf("disposition %q: %v %v", a.header.Get("Content-Disposition"), says, err)
	}
	for asked, want := range map[string]struct {
		status int
		body   string
	}{
		"bytes=8-12": {206, "alert"}, "bytes=-9": {206, "</script>"}, "bytes=16-": {206, "</script>"}, "bytes=99-": {416, ""},
		"bytes=0-1,3-4": {200, "<script>alert(1)</script>"},
	} {
		if a := h.get(url, "Range", asked); a.status != want.status || want.body != "" && string(a.body) != want.body {
			t.Errorf("%s: %d %q", asked, a.status, a.body)
		}
	}

	shown := ticket(o.path() + "/files/" + string(picture.ID))
	if a := h.get(shown.Preview); a.status != 200 || a.header.Get("Content-Type") != "image/png" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("preview %d %v", a.status, a.header)
	}
	if a := h.get(shown.URL); a.status != 200 || string(a.body) != "mxc://x/y" { // of unknown size
		t.Errorf("%d %q", a.status, a.body)
	}

	other := h.open(plainOpening)
	for name, try := range map[string]string{
		"without a ticket": path + "?ticket=", "another file's": path + "?ticket=t-" + string(picture.ID),
		"no ULID": o.path() + "/files/mxc:%2F%2Fx%2Fy?ticket=t", "another conversation's": strings.Replace(url, string(o.ID), string(other.ID), 1),
		"preview of what has none": ticket(path).Preview,
	} {
		r, err := http.Get(h.http.URL + try)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != 404 {
			t.Errorf("%s: %d", name, r.StatusCode)
		}
	}
	h.post(path+"/ticket", "").wantProblem(t, 401, "unauthorized", "")
	h.post(path+"/ticket", "", "Authorization", other.bearer()).wantProblem(t, 401, "unauthorized", "")
	h.post(o.path()+"/files/"+bridge.NewID()+"/ticket", "", "Authorization", o.bearer()).wantProblem(t, 404, "unknown-file", "")
	if log := h.log.String(); strings.Contains(log, "ticket=") || strings.Contains(log, "t-"+string(m.ID)) || strings.Contains(log, "Müller") {
		t.Error("the log tells a ticket or a name")
	}
}
