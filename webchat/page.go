package webchat

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"schalter/webchat/widget"
)

//go:embed page
var pageFiles embed.FS

// pagePolicy lets the page run the widget and nothing else, and the widget make no code of text.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'; form-action 'none'; "

// pages are the whole pages: the chat itself, the statement on accessibility, and what works
// without JavaScript (plain.go).
type pages struct {
	templates *template.Template
	files     map[string]widget.File
	words     map[string]map[string]string
	// style is that of the transcript, which carries it along; transcriptPolicy allows it and nothing else.
	style            template.CSS
	transcriptPolicy string
	// framers is the source list of who may show the chat in a frame.
	framers string
}

func newPages(origins []string) (pages, error) {
	p := pages{files: map[string]widget.File{}, words: map[string]map[string]string{}, framers: strings.Join(append([]string{"'self'"}, origins...), " ")}
	var err error
	if p.templates, err = template.New("").Funcs(template.FuncMap{"args": args}).ParseFS(pageFiles, "page/*.html"); err != nil {
		return p, fmt.Errorf("read pages: %w", err)
	}
	for _, name := range []string{"page.css", "icon.svg"} {
		data, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			return p, fmt.Errorf("read pages: %w", err)
		}
		p.files[name] = widget.NewFile(name, data)
	}
	css := string(p.files["page.css"].Data)
	p.style = template.CSS(css)
	p.transcriptPolicy = "default-src 'none'; style-src " + styleSource(css) + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	for _, name := range widget.Languages {
		if p.words[name], err = widget.Words(name); err != nil {
			return p, err
		}
	}
	return p, nil
}

// args are a message and the words, for the part of a page that shows it.
func args(message plainMessage, words map[string]string) any {
	return struct {
		Message plainMessage
		Words   map[string]string
	}{message, words}
}

// pageData is what every page is made of.
type pageData struct {
	// Lang is the catalogue, Words its words.
	Lang  string
	Words map[string]string
	City  string
	// Loader is the widget's loader; Mode and Area say how it is to begin.
	Loader     widget.File
	Mode, Area string
	PrivacyURL string
	// Body is the part that only one page has.
	Body any
}

func (s *Server) pageData(c *gin.Context) pageData {
	lang := catalogueFor(c)
	return pageData{
		Lang: lang, Words: s.pages.words[lang], City: s.city.name, Loader: s.assets.named[widget.Loader],
		Area: c.Query("area"), PrivacyURL: s.city.privacyURL,
	}
}

// catalogueFor is the catalogue that a page's parameter names, else that of the request's language;
// the request's language follows it.
func catalogueFor(c *gin.Context) string {
	if name := c.Query("language"); slices.Contains(widget.Languages, name) {
		c.Set(languageKey, strings.Replace(name, "-CH", "", 1))
		return name
	}
	return catalogueOf[languageOf(c)]
}

// getPage answers GET /: the chat as a page of its own, for links in e-mails and QR codes.
func (s *Server) getPage(c *gin.Context) {
	data := s.pageData(c)
	data.Mode = "page"
	c.Header("Content-Security-Policy", pagePolicy+"frame-ancestors 'none'")
	s.showPage(c, "index.html", data)
}

// getFrame answers GET /frame: the same inside the frame of a city's page.
func (s *Server) getFrame(c *gin.Context) {
	data := s.pageData(c)
	data.Mode = "frame"
	c.Header("Content-Security-Policy", pagePolicy+"frame-ancestors "+s.pages.framers)
	s.showPage(c, "index.html", data)
}

// getAccessibility answers GET /accessibility: the statement on accessibility.
func (s *Server) getAccessibility(c *gin.Context) {
	c.Header("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'")
	s.showPage(c, "accessibility.html", s.pageData(c))
}

func (s *Server) showPage(c *gin.Context, name string, data pageData) {
	s.showPageAs(c, http.StatusOK, name, data)
}

func (s *Server) showPageAs(c *gin.Context, status int, name string, data pageData) {
	var b bytes.Buffer
	if err := s.pages.templates.ExecuteTemplate(&b, name, data); err != nil {
		s.fail(c, fmt.Errorf("make page %s: %w", name, err))
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Language", data.Lang)
	c.Data(status, "text/html; charset=utf-8", b.Bytes())
}

// getPageFile answers GET /page/{file}.
func (s *Server) getPageFile(c *gin.Context) {
	file, ok := s.pages.files[c.Param("file")]
	if !ok {
		s.refuse(c, problem{kind: notFound})
		return
	}
	c.Header("Cache-Control", "no-cache")
	serveFile(c, file)
}
