package bridge

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Picture is the image that people have of themselves.
type Picture struct {
	// Type is image/png, image/jpeg, image/gif or image/webp, as the bytes themselves say.
	Type string
	Data []byte
}

const (
	// pictureFor is how long a picture is kept, or that there is none; noPictureFor how long a failure.
	pictureFor   = 10 * time.Minute
	noPictureFor = time.Minute
)

// pictures are those of the clerks who were asked for, at most one for each.
type pictures struct {
	mu    sync.Mutex
	known map[UserID]*keptPicture
}

type keptPicture struct {
	mu      sync.Mutex // held while it is fetched
	picture Picture
	err     error
	until   time.Time
}

func (p *pictures) of(user UserID) *keptPicture {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known[user] == nil {
		p.known[user] = &keptPicture{}
	}
	return p.known[user]
}

// ClerkPicture is the picture of the clerk who serves a conversation now. The homeserver is asked at most
// every ten minutes for each clerk.
// Errors: ErrNotFound when there is none, or none can be had.
func (b *Bridge) ClerkPicture(ctx context.Context, c Conversation) (Picture, error) {
	area, err := b.Area(c.Area)
	if err != nil || c.State != Active || !area.Staffs(c.ClerkID) {
		return Picture{}, ErrNotFound
	}
	kept := b.pictures.of(c.ClerkID)
	kept.mu.Lock()
	defer kept.mu.Unlock()
	if now := b.now(); !now.Before(kept.until) {
		kept.picture, kept.err = b.rooms.Picture(ctx, c.ClerkID)
		kept.until = now.Add(pictureFor)
		if kept.err != nil && !errors.Is(kept.err, ErrNotFound) {
			kept.until = now.Add(noPictureFor)
			b.log.Info().Err(kept.err).Msg("clerk's picture not fetched")
			kept.err = ErrNotFound
		}
	}
	return kept.picture, kept.err
}
