package webchat

import (
	"context"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// postClose answers POST /api/v1/conversations/{id}/close. One that is closed stays as it is.
func (s *Server) postClose(c *gin.Context, conversation bridge.Conversation) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), coreTimeout)
	defer cancel()
	if err := s.core.Close(ctx, conversation.ID); err != nil {
		s.fail(c, err)
		return
	}
	s.getConversation(c, conversation)
}

// postReopen answers POST /api/v1/conversations/{id}/reopen.
func (s *Server) postReopen(c *gin.Context, conversation bridge.Conversation) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), coreTimeout)
	defer cancel()
	if _, err := s.core.Reopen(ctx, conversation.ID); err != nil {
		s.fail(c, err)
		return
	}
	s.getConversation(c, conversation)
}
