package matrix

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"maunium.net/go/mautrix"

	"schalter/bridge"
)

const (
	// previewWidth and previewHeight are one of the sizes that homeservers make anyway.
	previewWidth, previewHeight = "640", "480"
	// mostPreview bounds a preview, in bytes: a homeserver may answer with the original.
	mostPreview = 2 << 20
)

// Download opens a file by the authenticated media API, as the bot; see bridge.FileRooms. Its body may
// take as long as it goes on.
func (a *Adapter) Download(ctx context.Context, uri bridge.MediaURI) (bridge.Content, error) {
	part := mediaURI.FindStringSubmatch(string(uri))
	if part == nil {
		return bridge.Content{}, bridge.ErrNotFound
	}
	resp, err := a.openMedia(ctx, nil, "download", part[1], part[2])
	if err != nil {
		return bridge.Content{}, fmt.Errorf("download: %w", err)
	}
	return bridge.Content{Size: resp.ContentLength, Body: resp.Body}, nil
}

// Preview fetches a thumbnail; see bridge.FileRooms. What it is, its bytes decide.
func (a *Adapter) Preview(ctx context.Context, uri bridge.MediaURI) (bridge.Picture, error) {
	part := mediaURI.FindStringSubmatch(string(uri))
	if part == nil {
		return bridge.Picture{}, bridge.ErrNotFound
	}
	query := map[string]string{"width": previewWidth, "height": previewHeight, "method": "scale"}
	return a.image(ctx, query, mostPreview, part[1], part[2])
}

// image fetches a thumbnail of at most so many bytes, if it is one that may be passed on.
func (a *Adapter) image(ctx context.Context, query map[string]string, most int, server, media string) (bridge.Picture, error) {
	resp, err := a.openMedia(ctx, query, "thumbnail", server, media)
	if answer := (*callError)(nil); errors.As(err, &answer) && answer.status == http.StatusBadRequest {
		return bridge.Picture{}, bridge.ErrNotFound // Synapse, of what was not uploaded as an image
	}
	if err != nil {
		return bridge.Picture{}, fmt.Errorf("fetch picture: %w", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, int64(most)+1))
	if err != nil {
		return bridge.Picture{}, fmt.Errorf("read picture: %w", classify(err))
	}
	kind := http.DetectContentType(data)
	if len(data) > most || !pictureTypes[kind] {
		return bridge.Picture{}, bridge.ErrNotFound
	}
	return bridge.Picture{Type: kind, Data: data}, nil
}

// openMedia asks for media; of an answer, the caller closes the body. A homeserver that is silent for
// longer than a call may take is given up, however far it has come.
func (a *Adapter) openMedia(ctx context.Context, query map[string]string, path ...any) (*http.Response, error) {
	ctx = zerolog.Nop().WithContext(ctx) // a request's own log shall not show where media are kept
	ctx, cancel := context.WithCancel(mautrix.WithMaxRetries(ctx, 0))
	patience := time.AfterFunc(a.timeout, cancel)
	c := a.as(a.BotID())
	_, resp, err := c.MakeFullRequestWithResp(ctx, mautrix.FullRequest{
		Method: http.MethodGet, MaxAttempts: 1, DontReadResponse: true,
		URL: c.BuildURLWithQuery(mautrix.ClientURLPath(append([]any{"v1", "media"}, path...)), query),
	})
	if err != nil {
		patience.Stop()
		cancel()
		if code(classify(err)) == "M_NOT_FOUND" {
			return nil, bridge.ErrNotFound
		}
		return nil, classify(err)
	}
	patience.Stop()
	resp.Body = &patient{body: resp.Body, patience: patience, timeout: a.timeout, cancel: cancel}
	return resp, nil
}

// patient is a body whose reads may each take as long as a call.
type patient struct {
	body     io.ReadCloser
	patience *time.Timer
	timeout  time.Duration
	cancel   context.CancelFunc
}

func (p *patient) Read(into []byte) (int, error) {
	p.patience.Reset(p.timeout)
	defer p.patience.Stop()
	return p.body.Read(into)
}

func (p *patient) Close() error {
	p.patience.Stop()
	p.cancel()
	return p.body.Close()
}

// fileContent makes a message's content that of a file.
func fileContent(content map[string]any, f bridge.File) {
	info := map[string]any{"mimetype": f.Type, "size": f.Size}
	content["msgtype"], content["url"], content["filename"] = "m.file", f.URI, f.Name
	if f.Width > 0 && pictureTypes[f.Type] {
		content["msgtype"], info["w"], info["h"] = "m.image", f.Width, f.Height
	}
	content["info"] = info
}

// CreateMedia reserves an address (specification, "POST /_matrix/media/v1/create"). Dendrite knows no such
// thing.
func (a *Adapter) CreateMedia(ctx context.Context, as bridge.UserID) (bridge.MediaURI, error) {
	ctx, cancel := a.deadline(ctx)
	defer cancel()
	c := a.as(as)
	var answer struct {
		URI bridge.MediaURI `json:"content_uri"`
	}
	_, err := c.MakeRequest(ctx, http.MethodPost, c.BuildURL(mautrix.MediaURLPath{"v1", "create"}), nil, &answer)
	if err = classify(err); code(err) == "M_UNRECOGNIZED" || isStatus(err, http.StatusNotFound) || isStatus(err, http.StatusMethodNotAllowed) {
		return "", bridge.ErrNotFound
	}
	if err == nil && !mediaURI.MatchString(string(answer.URI)) {
		err = &callError{kind: bridge.ErrUnanswered, status: http.StatusOK}
	}
	if err != nil {
		return "", fmt.Errorf("create media: %w", err)
	}
	return answer.URI, nil
}

// Upload brings a file to the media store; see bridge.FileRooms. One that is there already is as good.
func (a *Adapter) Upload(ctx context.Context, as bridge.UserID, f bridge.File, body io.Reader) (bridge.MediaURI, error) {
	ctx, cancel := a.deadline(ctx)
	defer cancel()
	c := a.as(as)
	request := mautrix.FullRequest{
		Method: http.MethodPost, MaxAttempts: 1, RequestBody: body, RequestLength: f.Size,
		Headers: http.Header{"Content-Type": {f.Type}},
		URL:     c.BuildURLWithQuery(mautrix.MediaURLPath{"v3", "upload"}, map[string]string{"filename": f.Name}),
	}
	var answer struct {
		URI bridge.MediaURI `json:"content_uri"`
	}
	request.ResponseJSON = &answer
	if part := mediaURI.FindStringSubmatch(string(f.URI)); part != nil {
		request.Method = http.MethodPut
		request.URL = c.BuildURLWithQuery(mautrix.MediaURLPath{"v3", "upload", part[1], part[2]}, map[string]string{"filename": f.Name})
		answer.URI = f.URI
	}
	_, err := c.MakeFullRequest(ctx, request)
	err = classify(err)
	switch {
	case code(err) == "M_CANNOT_OVERWRITE_MEDIA":
		return f.URI, nil
	case f.URI != "" && code(err) == "M_NOT_FOUND":
		return "", bridge.ErrNotFound
	case err == nil && !mediaURI.MatchString(string(answer.URI)):
		err = &callError{kind: bridge.ErrUnanswered, status: http.StatusOK}
	}
	if err != nil {
		return "", fmt.Errorf("upload: %w", err)
	}
	return answer.URI, nil
}

func isStatus(err error, status int) bool {
	var c *callError
	return errors.As(err, &c) && c.status == status
}

// ProbeMedia asks whether the homeserver knows how to reserve a file's address. It asks without a token,
// so that none is reserved.
func (a *Adapter) ProbeMedia(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base.JoinPath("/_matrix/media/v1/create").String(), strings.NewReader("{}"))
	if err != nil {
		return false, fmt.Errorf("ask for media: %w", err)
	}
	resp, err := a.http.Do(r)
	if err != nil {
		return false, a.unreachable(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusUnauthorized, nil
}
