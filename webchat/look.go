package webchat

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// getConversation answers GET /api/v1/conversations/{id}.
func (s *Server) getConversation(c *gin.Context, conversation bridge.Conversation) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), coreTimeout)
	defer cancel()
	snapshot, err := s.core.Look(ctx, conversation.ID)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, s.conversationJSON(snapshot, languageOf(c)))
}
