package matrix

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"schalter/bridge"
)

const (
	// pictureSize is how wide and high pictures are asked for, in pixels: twice what browsers show.
	pictureSize = "96"
	// mostPicture bounds a picture, in bytes: a homeserver may answer with the original.
	mostPicture = 256 << 10
)

// pictureTypes are the images that may be passed on. SVG is not among them: it can hold scripts.
var pictureTypes = map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true}

// Picture fetches the picture that a user has in Matrix, as a thumbnail; see bridge.Rooms. What it is,
// its bytes decide, not what anybody says.
func (a *Adapter) Picture(ctx context.Context, user bridge.UserID) (bridge.Picture, error) {
	var profile struct {
		URL string `json:"avatar_url"`
	}
	err := a.call(ctx, a.BotID(), http.MethodGet, nil, &profile, "profile", string(user), "avatar_url")
	if code(err) == "M_NOT_FOUND" {
		return bridge.Picture{}, bridge.ErrNotFound
	}
	if err != nil {
		return bridge.Picture{}, fmt.Errorf("read profile: %w", err)
	}
	server, media, ok := strings.Cut(strings.TrimPrefix(profile.URL, "mxc://"), "/")
	if !ok || server == "" || media == "" {
		return bridge.Picture{}, bridge.ErrNotFound
	}
	query := map[string]string{"width": pictureSize, "height": pictureSize, "method": "crop"}
	return a.image(ctx, query, mostPicture, server, media)
}
