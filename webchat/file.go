package webchat

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// fileJSON is what a message brings along.
type fileJSON struct {
	Name string `json:"name"`
	Type string `json:"type"`
	// Size, Width and Height are left out where they are not known.
	Size   int64 `json:"size,omitempty"`
	Width  int   `json:"width,omitempty"`
	Height int   `json:"height,omitempty"`
	// SHA256 of a citizen's file, as it is in the room; Request is the message that asked for it.
	SHA256  string           `json:"sha256,omitempty"`
	Request bridge.MessageID `json:"request,omitempty"`
	// Preview: a small picture can be had.
	Preview bool `json:"preview"`
	// Verdict keeps a citizen's file from everybody.
	Verdict bridge.Verdict `json:"verdict,omitempty"`
}

func fileOf(m bridge.Message) *fileJSON {
	if m.File == nil {
		return nil
	}
	f := *m.File
	return &fileJSON{
		Name: f.Name, Type: f.Type, Size: f.Size, Width: f.Width, Height: f.Height, SHA256: f.SHA256, Request: f.Request, Preview: f.Previewed(), Verdict: f.Verdict,
	}
}

// kindFile is the kind of a message that brings a file along; that of a text is left out.
const kindFile = "file"

func kindOf(m bridge.Message) string {
	if m.File != nil {
		return kindFile
	}
	return ""
}

// fileID is the file in the path: its message's ID.
func fileID(c *gin.Context) (bridge.MessageID, bool) {
	id := c.Param("file")
	return bridge.MessageID(id), isULID(id)
}

// postTicket answers POST /api/v1/conversations/{id}/files/{file}/ticket: where the file can be fetched
// without a header, for a minute.
func (s *Server) postTicket(c *gin.Context, conversation bridge.Conversation) {
	file, ok := fileID(c)
	if !ok {
		s.fail(c, bridge.ErrUnknownFile)
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), coreTimeout)
	defer cancel()
	ticket, err := s.core.TicketFor(ctx, conversation.ID, file)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusCreated, gin.H{
		"url": ticketPath(conversation.ID, file, "", ticket), "preview_url": ticketPath(conversation.ID, file, "/preview", ticket),
		"expires_in_seconds": int(bridge.TicketFor.Seconds()),
	})
}

// ticketPath is where a ticket opens a file, or what is behind it.
func ticketPath(id bridge.ConversationID, file bridge.MessageID, behind, ticket string) string {
	return "/api/v1/conversations/" + string(id) + "/files/" + string(file) + behind + "?ticket=" + url.QueryEscape(ticket)
}

// ticketed answers a request for a file that names conversation, file and ticket.
func (s *Server) ticketed(next func(*gin.Context, bridge.ConversationID, bridge.MessageID, string)) gin.HandlerFunc {
	return func(c *gin.Context) {
		id, known := conversationID(c)
		file, named := fileID(c)
		ticket := c.Query("ticket")
		if !known || !named || ticket == "" || len(ticket) > 100 {
			s.fail(c, bridge.ErrUnknownFile)
			return
		}
		c.Header("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
		c.Header("Cache-Control", "private, no-store")
		// The page may stand on another site than the service.
		c.Header("Cross-Origin-Resource-Policy", "cross-origin")
		next(c, id, file, ticket)
	}
}

// getPreview answers GET /api/v1/conversations/{id}/files/{file}/preview.
func (s *Server) getPreview(c *gin.Context, id bridge.ConversationID, file bridge.MessageID, ticket string) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), coreTimeout)
	defer cancel()
	p, err := s.core.FilePreview(ctx, id, file, ticket)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Data(http.StatusOK, p.Type, p.Data)
}

// getFile answers GET /api/v1/conversations/{id}/files/{file}: a download, whole or a part of it, that
// goes through and is nowhere held.
func (s *Server) getFile(c *gin.Context, id bridge.ConversationID, file bridge.MessageID, ticket string) {
	content, err := s.core.FileContent(c.Request.Context(), id, file, ticket)
	if err != nil {
		s.fail(c, err)
		return
	}
	defer content.Body.Close()
	c.Header("Content-Type", safeType(content.File.Type))
	c.Header("Content-Disposition", attachment(content.File.Name))
	w := &paced{ResponseWriter: c.Writer, control: http.NewResponseController(c.Writer)}
	defer func() { _ = w.control.SetWriteDeadline(time.Time{}) }()
	if content.Size < 0 {
		c.Status(http.StatusOK)
		_, err = io.Copy(w, io.LimitReader(content.Body, bridge.MaxDownload))
		if err != nil {
			c.Abort()
		}
		return
	}
	if strings.Contains(c.GetHeader("Range"), ",") {
		c.Request.Header.Del("Range") // several parts would be fetched several times
	}
	http.ServeContent(w, c.Request, "", time.Time{}, &forward{body: content.Body, size: content.Size})
}

// safeTypes are those under which a file may be given: no browser runs anything that it finds in them.
var safeTypes = map[string]bool{
	"application/pdf": true, "application/zip": true, "text/plain": true, "text/csv": true,
	"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "image/heic": true,
	"application/msword": true, "application/vnd.ms-excel": true,
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": true,
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":       true,
	"application/vnd.oasis.opendocument.text":                                 true,
	"audio/mpeg": true, "audio/ogg": true, "audio/mp4": true, "audio/webm": true, "audio/aac": true, "audio/wav": true,
	"video/mp4": true, "video/webm": true, "video/ogg": true, "video/quicktime": true,
}

func safeType(t string) string {
	if safeTypes[t] {
		return t
	}
	return "application/octet-stream"
}

// attachment is the Content-Disposition of a download (RFC 6266): the name twice, for old programs in
// ASCII.
func attachment(name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || strings.ContainsRune(`"\%;`, r) {
			return '_'
		}
		return r
	}, name)
	plain := mime.FormatMediaType("attachment", map[string]string{"filename": ascii})
	return plain + "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// forward is a body of known size that can be read from any place on, once.
type forward struct {
	body     io.Reader
	size     int64
	at, read int64
}

var errBackwards = errors.New("a stream is not read backwards")

// Seek sets where the next Read begins.
func (f *forward) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.at
	case io.SeekEnd:
		offset += f.size
	}
	if offset < 0 {
		return 0, errBackwards
	}
	f.at = offset
	return offset, nil
}

func (f *forward) Read(into []byte) (int, error) {
	if f.at < f.read {
		return 0, errBackwards
	}
	if f.at > f.read {
		skipped, err := io.CopyN(io.Discard, f.body, f.at-f.read)
		f.read += skipped
		if err != nil {
			return 0, err
		}
	}
	n, err := f.body.Read(into)
	f.at, f.read = f.at+int64(n), f.read+int64(n)
	return n, err
}

// paced gives a browser writeTimeout for each piece instead of for the whole.
type paced struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (p *paced) Write(data []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(writeTimeout)) // recorders in tests have none
	return p.ResponseWriter.Write(data)
}
