package webchat

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

const (
	// uploadPause is how long an upload may stand still.
	uploadPause = 30 * time.Second
	// afterUpload is how much longer it may take to be looked at and stored.
	afterUpload = 5 * time.Minute
	// mostUploads is how many of one conversation run at a time.
	mostUploads = 4
)

// uploadedJSON answers a citizen's file.
type uploadedJSON struct {
	receiptJSON
	Kind string    `json:"kind"`
	File *fileJSON `json:"file"`
}

// postFile answers POST /api/v1/conversations/{id}/files: 202 once the file is committed. The body is
// multipart/form-data, client_id first, request if it answers one, and then file; it is read as it comes. The
// same client_id with the same file gives the same message.
func (s *Server) postFile(c *gin.Context, conversation bridge.Conversation) {
	m, err := s.takeFile(c, conversation)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusAccepted, uploadedJSON{receiptJSON: receipt(m), Kind: kindFile, File: fileOf(m)})
}

// takeFile has the core take what a request brings.
func (s *Server) takeFile(c *gin.Context, conversation bridge.Conversation) (bridge.Message, error) {
	if wait := s.sending.allow(conversation.ID); wait > 0 {
		return bridge.Message{}, &refusedError{problem{kind: rateLimited, retryAfter: wait}}
	}
	if !s.uploads.enter(conversation.ID, mostUploads) {
		return bridge.Message{}, &refusedError{problem{kind: rateLimited, retryAfter: unavailableRetry}}
	}
	defer s.uploads.leave(conversation.ID)
	ctx, cancel := context.WithTimeout(c.Request.Context(), s.limits.Upload+afterUpload)
	defer cancel()
	control := http.NewResponseController(c.Writer)
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	c.Request.Body = pausing{c.Request.Body, control, time.Now().Add(s.limits.Upload)}
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return bridge.Message{}, &refusedError{problem{kind: unsupportedType}}
	}
	in, err := readUpload(parts)
	if err != nil {
		return bridge.Message{}, err
	}
	return s.core.FileFromCitizen(ctx, conversation.ID, in)
}

// readUpload reads up to where the file's bytes begin.
func readUpload(parts *multipart.Reader) (bridge.NewFile, error) {
	field, err := parts.NextPart()
	if err != nil || field.FormName() != "client_id" {
		return bridge.NewFile{}, brokenBy(err, &badRequestError{field: "client_id", reason: bridge.ReasonRequired})
	}
	id, err := io.ReadAll(io.LimitReader(field, 100))
	if err != nil {
		return bridge.NewFile{}, brokenBy(err, &badRequestError{reason: reasonMalformed})
	}
	file, err := parts.NextPart()
	request := ""
	if err == nil && file.FormName() == "request" {
		if request, err = readRequest(file); err != nil {
			return bridge.NewFile{}, err
		}
		file, err = parts.NextPart()
	}
	if err != nil || file.FormName() != "file" {
		return bridge.NewFile{}, brokenBy(err, &badRequestError{field: "file", reason: bridge.ReasonRequired})
	}
	return bridge.NewFile{ClientID: string(id), Name: file.FileName(), Request: bridge.MessageID(request), Body: broken{file}}, nil
}

// readRequest reads which message asked for the file.
func readRequest(field io.Reader) (string, error) {
	id, err := io.ReadAll(io.LimitReader(field, 100))
	if err != nil || !isULID(string(id)) {
		return "", brokenBy(err, &badRequestError{field: "request", reason: reasonMalformed})
	}
	return string(id), nil
}

// broken says of a body that does not come to its end what it is.
type broken struct{ io.Reader }

func (b broken) Read(into []byte) (int, error) {
	n, err := b.Reader.Read(into)
	if err != nil && !errors.Is(err, io.EOF) {
		err = brokenBy(err, &badRequestError{reason: reasonMalformed})
	}
	return n, err
}

// brokenBy says of an upload that did not arrive in time that it was slow, of another what is wrong.
func brokenBy(err, wrong error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &refusedError{problem{kind: uploadSlow}}
	}
	return wrong
}

// pausing is a body that may stand still for uploadPause at a time, and must have come by a time.
type pausing struct {
	io.ReadCloser
	control *http.ResponseController
	until   time.Time
}

func (p pausing) Read(into []byte) (int, error) {
	deadline := time.Now().Add(uploadPause)
	if deadline.After(p.until) {
		deadline = p.until
	}
	_ = p.control.SetReadDeadline(deadline) // recorders in tests have none
	return p.ReadCloser.Read(into)
}

// filesJSON is what an area takes of its citizens.
type filesJSON struct {
	MaxBytes int64    `json:"max_bytes"`
	MaxCount int      `json:"max_count"`
	Types    []string `json:"types"`
}

func filesOf(a bridge.ServiceArea) *filesJSON {
	if !a.Files.Taken() {
		return nil
	}
	return &filesJSON{MaxBytes: a.Files.MaxBytes, MaxCount: a.Files.MaxCount, Types: a.Files.Types}
}
