package webchat

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// postMessage answers POST /api/v1/conversations/{id}/messages: 202 once the message is committed.
// The same client_id with the same text gives the same message.
func (s *Server) postMessage(c *gin.Context, conversation bridge.Conversation) {
	if wait := s.sending.allow(conversation.ID); wait > 0 {
		s.refuse(c, problem{kind: rateLimited, retryAfter: wait})
		return
	}
	raw, err := s.readJSON(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	var in bridge.CitizenMessage
	var replyTo string
	err = decodeObject(raw, "", fields{
		"client_id": text("client_id", &in.ClientID),
		"text":      text("text", &in.Text),
		"reply_to":  optional(text("reply_to", &replyTo)),
	})
	if err == nil && replyTo != "" && !isULID(replyTo) {
		err = &bridge.InvalidError{Field: "reply_to", Reason: bridge.ReasonMalformed}
	}
	in.ReplyTo = bridge.MessageID(replyTo)
	if err != nil {
		s.fail(c, err)
		return
	}
	// A browser that goes away does not undo what it asked for.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), coreTimeout)
	defer cancel()
	m, err := s.core.FromCitizen(ctx, conversation.ID, in)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusAccepted, receipt(m))
}

// decodeText reads {client_id, text}; path, if any, is what errors put before the names.
func decodeText(raw json.RawMessage, path string, into *bridge.CitizenMessage) error {
	prefix := ""
	if path != "" {
		prefix = path + "."
	}
	return decodeObject(raw, path, fields{
		"client_id": text(prefix+"client_id", &into.ClientID),
		"text":      text(prefix+"text", &into.Text),
	})
}
