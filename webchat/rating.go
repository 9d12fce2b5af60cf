package webchat

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// postRating answers POST /api/v1/conversations/{id}/rating. The same one again changes nothing.
func (s *Server) postRating(c *gin.Context, conversation bridge.Conversation) {
	raw, err := s.readJSON(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	var r bridge.Rating
	scored := false
	err = decodeObject(raw, "", fields{
		"score": func(raw json.RawMessage) error {
			scored = true
			if json.Unmarshal(raw, &r.Score) != nil || string(raw) == "null" {
				return &badRequestError{field: "score", reason: reasonWrongType}
			}
			return nil
		},
		"comment": optional(text("comment", &r.Comment)),
	})
	if err == nil && !scored {
		err = &bridge.InvalidError{Field: "score", Reason: bridge.ReasonRequired}
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	r.Comment = strings.TrimSpace(r.Comment)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), coreTimeout)
	defer cancel()
	if err := s.core.Rate(ctx, conversation.ID, r); err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
