package webchat_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/webchat"
)

// upload sends parts, a name and a content each.
func (h *house) upload(o opened, parts ...string) answer {
	h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(parts); i += 2 {
		create := form.CreateFormField
		if parts[i] == "file" {
			create = func(field string) (io.Writer, error) { return form.CreateFormFile(field, "Gesuch ä.pdf") }
		}
		part, err := create(parts[i])
		if err != nil {
			h.t.Fatal(err)
		}
		if _, err := part.Write([]byte(parts[i+1])); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		h.t.Fatal(err)
	}
	return h.request(http.MethodPost, o.path()+"/files", body.String(), "Authorization", o.bearer(), "Content-Type", form.FormDataContentType())
}

func TestUpload(t *testing.T) {
	h := newHouse(t)
	o := h.open(plainOpening)
	var got struct {
		ID, Kind string
		ClientID string `json:"client_id"`
		File     struct {
			Name, Request, SHA256 string
			Size                  int
		}
	}
	h.upload(o, "client_id", "f1", "file", "%PDF-1.7").into(t, 202, &got)
	if got.Kind != "file" || got.ClientID != "f1" || got.File.Name != "Gesuch ä.pdf" || got.File.Size != 8 {
		t.Errorf("%+v", got)
	}
	h.upload(o, "client_id", "f3", "request", "01JZZZZZZZZZZZZZZZZZZZZZZZ", "file", "%PDF-1.7").into(t, 202, &got)
	if f := got.File; f.Request != "01JZZZZZZZZZZZZZZZZZZZZZZZ" || f.SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte("%PDF-1.7"))) {
		t.Errorf("answer %+v", f)
	}
	h.upload(o, "client_id", "f4", "request", "x", "file", "%PDF-1.7").wantProblem(t, 400, "bad-request", "request")
	h.upload(o, "client_id", "f4", "request", "01JZZZZZZZZZZZZZZZZZZZZZZZ").wantProblem(t, 400, "bad-request", "file")
	page := string(h.get(o.path()+"/transcript", "Authorization", o.bearer()).body)
	for _, want := range []string{"<h2>Dateien</h2>", "<li>Gesuch ä.pdf<br>", "SHA-256: " + fmt.Sprintf("%x", sha256.Sum256([]byte("%PDF-1.7")))} {
		if !strings.Contains(page, want) {
			t.Errorf("the transcript lacks %q", want)
		}
	}
	h.upload(o, "file", "%PDF-1.7").wantProblem(t, 400, "bad-request", "client_id")
	h.upload(o, "client_id", "f1").wantProblem(t, 400, "bad-request", "file")
	h.request(http.MethodPost, o.path()+"/files", "{}", "Authorization", o.bearer()).wantProblem(t, 415, "unsupported-media-type", "")
	for _, try := range []struct {
		err    error
		status int
		kind   string
	}{
		{bridge.ErrNoFiles, 409, "no-files"}, {bridge.ErrTooManyFiles, 409, "too-many-files"}, {bridge.ErrFileTooLarge, 413, "file-too-large"},
		{bridge.ErrFileType, 422, "file-type"}, {bridge.ErrFileTwofold, 422, "file-suspicious"}, {bridge.ErrFileImage, 422, "file-image"}, {bridge.ErrScannerAway, 503, "scanner-away"},
	} {
		h.core.setFail("FileFromCitizen", try.err)
		h.upload(o, "client_id", "f2", "file", "x").wantProblem(t, try.status, try.kind, "")
	}
}

// What an area takes is told before it is chosen.
func TestAreasTellWhatFilesTheyTake(t *testing.T) {
	h := newHouse(t)
	h.core.set(func() {
		h.core.areas[0].Files = bridge.FileRules{MaxBytes: 1000, MaxCount: 3, Types: []string{"application/pdf"}}
	})
	var all struct {
		Areas []struct {
			Files *struct {
				MaxBytes int64 `json:"max_bytes"`
				MaxCount int   `json:"max_count"`
				Types    []string
			}
		} `json:"service_areas"`
	}
	h.get("/api/v1/service-areas").into(t, 200, &all)
	if f := all.Areas[0].Files; f == nil || f.MaxBytes != 1000 || f.MaxCount != 3 || len(f.Types) != 1 || all.Areas[1].Files != nil {
		t.Errorf("%+v", all.Areas)
	}
}

// An upload that stands still, or takes too long, is ended with a problem that says so.
func TestSlowUploadIsEnded(t *testing.T) {
	h := newHouse(t, func(o *webchat.Options) { o.Limits.Upload = 100 * time.Millisecond })
	o := h.open(plainOpening)
	body, write := io.Pipe()
	form := multipart.NewWriter(write)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_ = form.WriteField("client_id", "f1")
		part, _ := form.CreateFormFile("file", "x.pdf")
		for _, err := part.Write([]byte("%PDF-1.7")); err == nil; _, err = part.Write(make([]byte, 100)) {
		} // a pipe takes no more than is sent on
	}()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.http.URL+o.path()+"/files", io.MultiReader(io.LimitReader(body, 500), &endless{done: t.Context().Done()}))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", o.bearer())
	r.Header.Set("Content-Type", form.FormDataContentType())
	resp, err := h.http.Client().Do(r)
	body.Close()
	<-sent
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusRequestTimeout || !bytes.Contains(text, []byte("/problems/upload-slow")) {
		t.Errorf("%d %s %v", resp.StatusCode, text, err)
	}
}

// endless gives nothing, until the test ends.
type endless struct{ done <-chan struct{} }

func (e *endless) Read([]byte) (int, error) {
	<-e.done
	return 0, io.EOF
}
