package webchat

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

const (
	historyDefault = 100
	historyMost    = 500
)

// getMessages answers GET /api/v1/conversations/{id}/messages?after=SEQ&limit=N.
func (s *Server) getMessages(c *gin.Context, conversation bridge.Conversation) {
	after, err := number("after", c.Query("after"), 0, 0, maxSeq)
	if err != nil {
		s.fail(c, err)
		return
	}
	limit, err := number("limit", c.Query("limit"), historyDefault, 1, historyMost)
	if err != nil {
		s.fail(c, err)
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), coreTimeout)
	defer cancel()
	messages, err := s.core.History(ctx, conversation.ID, after, int(limit))
	if err != nil {
		s.fail(c, err)
		return
	}
	out := make([]messageJSON, len(messages))
	for i, m := range messages {
		out[i] = messageOf(m)
	}
	c.JSON(http.StatusOK, gin.H{"messages": out})
}

// maxSeq is the largest number that every JSON reader holds exactly (RFC 8259, section 6).
const maxSeq = 1<<53 - 1

// number reads a whole number from a query or a header; an empty one means the default.
func number(field, value string, byDefault, least, most int64) (int64, error) {
	if value == "" {
		return byDefault, nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < least || n > most {
		return 0, &badRequestError{field: field, reason: reasonMalformed}
	}
	return n, nil
}
