package webchat

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"
)

// getHealth answers GET /healthz: the process answers.
func (s *Server) getHealth(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) }

// getReadiness answers GET /readyz: whether this replica can serve citizens now. Why not stands in
// the log.
func (s *Server) getReadiness(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), coreTimeout)
	defer cancel()
	if err := s.ready(ctx); err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Msg("not ready")
		s.refuse(c, problem{kind: unavailable, retryAfter: unavailableRetry})
		return
	}
	c.JSON(http.StatusOK, gin.H{"status": "ready"})
}
