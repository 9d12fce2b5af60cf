package webchat_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"schalter/webchat"
	"schalter/webchat/widget"
)

func TestAssets(t *testing.T) {
	h := newHouse(t)
	files, err := widget.Load()
	if err != nil {
		t.Fatal(err)
	}
	loader := files[widget.Loader]
	fetch := func(path string, header ...string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, h.http.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		res, err := (&http.Transport{DisableCompression: true}).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body := io.Reader(res.Body)
		if res.Header.Get("Content-Encoding") == "gzip" {
			if body, err = gzip.NewReader(res.Body); err != nil {
				t.Fatal(err)
			}
		}
		data, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(data)
	}
	for path, cache := range map[string]string{"/widget.js": "no-cache", "/widget/" + loader.Versioned: "public, max-age=31536000, immutable"} {
		for _, encoding := range []string{"", "gzip, br", "gzip;q=0"} {
			res, body := fetch(path, "Accept-Encoding", encoding)
			packed := encoding == "gzip, br"
			if res.StatusCode != 200 || body != string(loader.Data) || (res.Header.Get("Content-Encoding") == "gzip") != packed {
				t.Errorf("%s, %q: %d, %q, %d bytes", path, encoding, res.StatusCode, res.Header.Get("Content-Encoding"), len(body))
			}
			for name, want := range map[string]string{
				"Cache-Control": cache, "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin",
				"Content-Type": "text/javascript; charset=utf-8", "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding",
			} {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s: %s is %q, want %q", path, name, got, want)
				}
			}
			etag := res.Header.Get("ETag")
			again, body := fetch(path, "Accept-Encoding", encoding, "If-None-Match", etag)
			if again.StatusCode != http.StatusNotModified || body != "" {
				t.Errorf("%s with its ETag %s: %d", path, etag, again.StatusCode)
			}
			if other, _ := fetch(path, "Accept-Encoding", map[bool]string{true: "", false: "gzip"}[packed], "If-None-Match", etag); other.StatusCode != 200 {
				t.Errorf("%s: one validator for two representations", path)
			}
		}
	}
	for _, path := range []string{"/widget/loader.js", "/widget/loader-0000000000.js", "/widget/..%2fwidget.go"} {
		if res, _ := fetch(path); res.StatusCode != 404 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	if loader.Versioned != "loader-"+widget.Version(loader.Data)+".js" || !regexp.MustCompile(`^sha256-[A-Za-z0-9+/]{43}=$`).MatchString(loader.Integrity) {
		t.Errorf("%s %s", loader.Versioned, loader.Integrity)
	}
}

func TestPages(t *testing.T) {
	h := newHouse(t, func(o *webchat.Options) {
		o.AllowedOrigins = []string{"https://www.aarau.example"}
		o.Notices = map[string]string{"fr": "Sans engagement."}
	})
	for path, want := range map[string][]string{
		"/?language=de-CH&area=fundbuero":      {`lang="de-CH"`, `data-service-area="fundbuero"`, `data-mode="page"`, "Stadt Aarau", "/plain?language=de-CH&amp;area=fundbuero"},
		`/?language=xx&area="><script>`:        {`lang="de-CH"`, `data-service-area="&#34;&gt;&lt;script&gt;"`},
		"/frame?language=fr-CH":                {`lang="fr-CH"`, `data-mode="frame"`, `data-inside="1"`},
		"/plain?language=fr-CH&area=fundbuero": {"Sans engagement."},
		"/accessibility?language=de-CH-simple": {"Alle Menschen", `lang="de-CH-simple"`},
		"/plain?language=de-CH&area=allgemein": {`name="area" value="allgemein"`, "Notfall: 117", "https://www.aarau.example/datenschutz"},
	} {
		a := h.get(path, "Accept-Language", "de")
		text := string(a.body)
		for _, part := range want {
			if a.status != 200 || !strings.Contains(text, part) {
				t.Errorf("%s: %d, %q is missing in\n%s", path, a.status, part, text)
			}
		}
		if regexp.MustCompile(`<style|\sstyle=|\son[a-z]+=|<script(>|[^>]*>[^<])`).MatchString(text) || strings.ContainsRune(text, 'ß') {
			t.Errorf("%s: inline code, which the policy forbids, or a ß", path)
		}
		framed := strings.Contains(a.header.Get("Content-Security-Policy"), "frame-ancestors 'self' https://www.aarau.example")
		if framed != strings.HasPrefix(path, "/frame") {
			t.Errorf("%s: policy %s", path, a.header.Get("Content-Security-Policy"))
		}
	}
	for _, file := range []string{"page.css", "icon.svg"} {
		if a := h.get("/page/" + file); a.status != 200 {
			t.Errorf("%s: %d", file, a.status)
		}
	}
	if h.get("/page/index.html").status != 404 {
		t.Error("a template is served")
	}
	var c struct{ City, Notice string }
	h.get("/api/v1/counter?lang=fr").into(t, 200, &c)
	if c.City != "Stadt Aarau" || c.Notice != "Sans engagement." {
		t.Errorf("%+v", c)
	}
}
