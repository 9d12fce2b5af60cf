package webchat

import (
	"context"
	"strings"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// putLocation answers PUT /api/v1/conversations/{id}/messages/{message}/location: on which page the citizen is.
// The browser says from which site it asks; of the page itself only title and path are taken.
func (s *Server) putLocation(c *gin.Context, conversation bridge.Conversation) {
	var title, path string
	s.amend(c, conversation, func(ctx context.Context, message bridge.MessageID) (bridge.Message, error) {
		raw, err := s.readJSON(c)
		if err == nil {
			err = decodeObject(raw, "", fields{"title": optional(text("title", &title)), "path": text("path", &path)})
		}
		switch {
		case err != nil:
			return bridge.Message{}, err
		case !strings.HasPrefix(path, "/"):
			return bridge.Message{}, &bridge.InvalidError{Field: "path", Reason: bridge.ReasonMalformed}
		}
		return s.core.ShowLocation(ctx, conversation.ID, message, title, s.site(c)+path)
	})
}

// deleteLocation answers DELETE on the same path: the citizen shows it no longer.
func (s *Server) deleteLocation(c *gin.Context, conversation bridge.Conversation) {
	s.amend(c, conversation, func(ctx context.Context, message bridge.MessageID) (bridge.Message, error) {
		return s.core.HideLocation(ctx, conversation.ID, message)
	})
}

// site is the origin of the page that a request comes from, if it is one that may embed the chat; else "".
func (s *Server) site(c *gin.Context) string {
	if origin := c.GetHeader("Origin"); s.origins[origin] {
		return origin
	}
	return ""
}
