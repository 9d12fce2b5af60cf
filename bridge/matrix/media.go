package matrix

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

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
