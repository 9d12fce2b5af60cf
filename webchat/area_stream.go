package webchat

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"

	"schalter/bridge"
)

// getAreaStream answers GET /api/v1/service-areas/stream with server-sent events: "areas", at the
// start and whenever an area opens or closes or its hours change.
func (s *Server) getAreaStream(c *gin.Context) {
	if !s.streams.enter(bridge.AreasNews, mostAreaStreams) {
		s.refuse(c, problem{kind: tooManyStreams, retryAfter: unavailableRetry})
		return
	}
	defer s.streams.leave(bridge.AreasNews)
	changed, cancel := s.hub.Subscribe(bridge.AreasNews)
	defer cancel()
	lang := languageOf(c)
	st := &stream{w: c.Writer, control: http.NewResponseController(c.Writer)}
	c.Header("Content-Type", "text/event-stream")
	c.Header("Content-Language", lang)
	c.Header("X-Accel-Buffering", "no") // nginx would hold events back
	c.Status(http.StatusOK)
	// Not all at once after a restart.
	st.retry(time.Second + rand.N(2*time.Second))
	if err := s.followAreas(c.Request.Context(), st, lang, changed); err != nil && err != errGone {
		zerolog.Ctx(c.Request.Context()).Warn().Err(err).Msg("stream of areas ended")
	}
}

// mostAreaStreams is how many pages may follow the areas at one replica.
const mostAreaStreams = 5000

func (s *Server) followAreas(ctx context.Context, st *stream, lang string, changed <-chan struct{}) error {
	reread := time.NewTicker(s.rhythm.reread)
	defer reread.Stop()
	for {
		data, err := json.Marshal(s.areas(lang))
		if err != nil {
			return fmt.Errorf("encode areas: %w", err)
		}
		if !bytes.Equal(data, st.shown) {
			fmt.Fprintf(&st.pending, "event: areas\ndata: %s\n\n", data)
			st.shown = data
		}
		if err := st.flush(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return errGone
		case <-s.closing:
			st.comment("going down")
			return st.flush()
		case <-changed:
		case <-reread.C:
			st.comment("ping")
		}
	}
}
