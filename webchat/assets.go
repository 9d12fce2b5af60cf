package webchat

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"schalter/webchat/widget"
)

// assets are the widget's files: by plain name for ourselves, by versioned name for browsers.
type assets struct {
	named     map[string]widget.File
	versioned map[string]widget.File
}

func newAssets() (assets, error) {
	files, err := widget.Load()
	if err != nil {
		return assets{}, err
	}
	if _, ok := files[widget.Loader]; !ok {
		return assets{}, fmt.Errorf("read widget: %s is missing", widget.Loader)
	}
	a := assets{named: files, versioned: map[string]widget.File{}}
	for _, f := range files {
		a.versioned[f.Versioned] = f
	}
	return a, nil
}

// getLoader answers GET /widget.js: always the current loader, revalidated each time, so that it
// never asks for files of an older version.
func (s *Server) getLoader(c *gin.Context) {
	c.Header("Cache-Control", "no-cache")
	serveFile(c, s.assets.named[widget.Loader])
}

// getAsset answers GET /widget/{file}. The name stands for the content, so it may be kept for ever.
func (s *Server) getAsset(c *gin.Context) {
	f, ok := s.assets.versioned[c.Param("file")]
	if !ok {
		s.refuse(c, problem{kind: notFound})
		return
	}
	c.Header("Cache-Control", "public, max-age=31536000, immutable")
	serveFile(c, f)
}

// serveFile sends a file to pages of any origin: it is public, and modules and integrity
// attributes need CORS (Fetch standard).
func serveFile(c *gin.Context, f widget.File) {
	header, data, etag := c.Writer.Header(), f.Data, f.ETag
	header.Set("Content-Type", f.Kind)
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Set("Vary", "Accept-Encoding")
	if acceptsGzip(c.GetHeader("Accept-Encoding")) {
		// Another representation, so another strong validator (RFC 9110, section 8.8.3).
		data, etag = f.Gzip, strings.TrimSuffix(f.ETag, `"`)+`-gzip"`
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", etag)
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(data))
}

// acceptsGzip reads an Accept-Encoding (RFC 9110, section 12.5.3), as far as browsers write it.
func acceptsGzip(header string) bool {
	for _, item := range strings.Split(header, ",") {
		coding, weight, _ := strings.Cut(strings.ReplaceAll(item, " ", ""), ";")
		if strings.EqualFold(coding, "gzip") {
			return weight != "q=0" && !strings.HasPrefix(weight, "q=0.0")
		}
	}
	return false
}
