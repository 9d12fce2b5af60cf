package webchat

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// postRead answers POST /api/v1/conversations/{id}/read: 204 once it is committed how far the citizen
// has read.
func (s *Server) postRead(c *gin.Context, conversation bridge.Conversation) {
	var seq int64
	if !s.readSignal(c, conversation, "seq", whole("seq", &seq)) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), coreTimeout)
	defer cancel()
	if err := s.core.ReadByCitizen(ctx, conversation, seq); err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
