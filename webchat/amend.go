package webchat

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// What citizens do to messages that are there. Each answers 202 with the message as it is now, once
// that is committed; the room follows.

// patchMessage answers PATCH /api/v1/conversations/{id}/messages/{message}. The same client_id with
// the same text is the same edit.
func (s *Server) patchMessage(c *gin.Context, conversation bridge.Conversation) {
	var in bridge.CitizenMessage
	s.amend(c, conversation, func(ctx context.Context, message bridge.MessageID) (bridge.Message, error) {
		raw, err := s.readJSON(c)
		if err == nil {
			err = decodeText(raw, "", &in)
		}
		if err != nil {
			return bridge.Message{}, err
		}
		return s.core.EditFromCitizen(ctx, conversation.ID, message, in)
	})
}

// deleteMessage answers DELETE /api/v1/conversations/{id}/messages/{message}.
func (s *Server) deleteMessage(c *gin.Context, conversation bridge.Conversation) {
	s.amend(c, conversation, func(ctx context.Context, message bridge.MessageID) (bridge.Message, error) {
		return s.core.DeleteFromCitizen(ctx, conversation.ID, message)
	})
}

// putReaction answers PUT /api/v1/conversations/{id}/messages/{message}/reactions/{key}.
func (s *Server) putReaction(c *gin.Context, conversation bridge.Conversation) {
	s.amend(c, conversation, func(ctx context.Context, message bridge.MessageID) (bridge.Message, error) {
		return s.core.ReactFromCitizen(ctx, conversation.ID, message, c.Param("key"))
	})
}

// deleteReaction answers DELETE /api/v1/conversations/{id}/messages/{message}/reactions/{key}.
func (s *Server) deleteReaction(c *gin.Context, conversation bridge.Conversation) {
	s.amend(c, conversation, func(ctx context.Context, message bridge.MessageID) (bridge.Message, error) {
		return s.core.UnreactFromCitizen(ctx, conversation.ID, message, c.Param("key"))
	})
}

func (s *Server) amend(c *gin.Context, conversation bridge.Conversation, do func(context.Context, bridge.MessageID) (bridge.Message, error)) {
	if wait := s.sending.allow(conversation.ID); wait > 0 {
		s.refuse(c, problem{kind: rateLimited, retryAfter: wait})
		return
	}
	message := c.Param("message")
	if !isULID(message) {
		s.refuse(c, problem{kind: unknownMessage})
		return
	}
	// A browser that goes away does not undo what it asked for.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), coreTimeout)
	defer cancel()
	m, err := do(ctx, bridge.MessageID(message))
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusAccepted, messageOf(m))
}
