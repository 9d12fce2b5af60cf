package webchat

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"

	"github.com/gin-gonic/gin"
)

//go:embed page
var pageFiles embed.FS

// pagePolicy lets the plain page run its own files and nothing else.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page is the plain page: a whole chat in few lines, without the widget.
type page struct {
	index []byte
	files map[string]pageFile
}

type pageFile struct {
	kind string
	data []byte
}

func newPage(city, notice, privacyURL string) (page, error) {
	index, err := template.ParseFS(pageFiles, "page/index.html")
	if err != nil {
		return page{}, fmt.Errorf("read page: %w", err)
	}
	var b bytes.Buffer
	if err := index.Execute(&b, map[string]string{"City": city, "Notice": notice, "PrivacyURL": privacyURL}); err != nil {
		return page{}, fmt.Errorf("make page: %w", err)
	}
	p := page{index: b.Bytes(), files: map[string]pageFile{}}
	const script = "text/javascript; charset=utf-8"
	for name, kind := range map[string]string{
		"page.js": script, "log.js": script, "events.js": script, "page.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml",
	} {
		data, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			return page{}, fmt.Errorf("read page: %w", err)
		}
		p.files[name] = pageFile{kind, data}
	}
	return p, nil
}

// getPage answers GET /.
func (s *Server) getPage(c *gin.Context) {
	c.Header("Content-Security-Policy", pagePolicy)
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, "text/html; charset=utf-8", s.page.index)
}

// getPageFile answers GET /page/{file}.
func (s *Server) getPageFile(c *gin.Context) {
	file, ok := s.page.files[c.Param("file")]
	if !ok {
		s.refuse(c, problem{kind: notFound})
		return
	}
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, file.kind, file.data)
}
