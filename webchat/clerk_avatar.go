package webchat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// getClerkAvatar answers GET /api/v1/conversations/{id}/clerk-avatar with the picture of the clerk who
// serves the conversation now; 404 when there is none.
func (s *Server) getClerkAvatar(c *gin.Context, conversation bridge.Conversation) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), coreTimeout)
	defer cancel()
	picture, err := s.core.ClerkPicture(ctx, conversation)
	if errors.Is(err, bridge.ErrNotFound) { // the conversation is there, the picture is not
		s.refuse(c, problem{kind: notFound})
		return
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Cache-Control", "private, max-age=600")
	c.Data(http.StatusOK, picture.Type, picture.Data)
}

// clerkAvatar is where the picture of the clerk who serves a conversation may be; nil while nobody does.
// It changes with the clerk, whom it does not name.
func clerkAvatar(c bridge.Conversation) *string {
	if c.State != bridge.Active || c.ClerkID == "" {
		return nil
	}
	digest := sha256.Sum256([]byte(string(c.ID) + " " + string(c.ClerkID)))
	path := "/api/v1/conversations/" + string(c.ID) + "/clerk-avatar?of=" + hex.EncodeToString(digest[:6])
	return &path
}
