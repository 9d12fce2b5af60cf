package webchat

import (
	"context"
	"strings"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// authorized lets a request pass whose bearer token opens the conversation in its path. A missing
// token, a wrong one, one of another conversation and a conversation that does not exist are the
// same answer, so that nobody learns which conversations there are.
func (s *Server) authorized(next func(*gin.Context, bridge.Conversation)) gin.HandlerFunc {
	return func(c *gin.Context) {
		conversation, err := s.authorize(c.Request.Context(), c)
		if err != nil {
			s.fail(c, err)
			return
		}
		c.Set(languageKey, conversation.Language)
		next(c, conversation)
	}
}

func (s *Server) authorize(ctx context.Context, c *gin.Context) (bridge.Conversation, error) {
	id, ok := conversationID(c)
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > 200 {
		return bridge.Conversation{}, bridge.ErrUnauthorized
	}
	ctx, cancel := context.WithTimeout(ctx, coreTimeout)
	defer cancel()
	return s.core.Authorize(ctx, id, token)
}

// conversationID is the ID in the path, if it has the form of one (a ULID): anything else never
// comes near the database or the log.
func conversationID(c *gin.Context) (bridge.ConversationID, bool) {
	id := c.Param("id")
	return bridge.ConversationID(id), isULID(id)
}

func isULID(id string) bool {
	return len(id) == 26 && !strings.ContainsFunc(id, func(r rune) bool { return (r < '0' || r > '9') && (r < 'A' || r > 'Z') })
}
