package webchat

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// postLanguage answers POST /api/v1/conversations/{id}/language: 204 once it is committed in which language the
// citizen goes on.
func (s *Server) postLanguage(c *gin.Context, conversation bridge.Conversation) {
	var language string
	if !s.readSignal(c, conversation, "language", text("language", &language)) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), coreTimeout)
	defer cancel()
	if err := s.core.SetLanguage(ctx, conversation.ID, language); err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
