package webchat

import (
	"context"
	"net/http"
	"time"

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

// postStay answers POST /api/v1/conversations/{id}/stay: the citizen is still there.
func (s *Server) postStay(c *gin.Context, conversation bridge.Conversation) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), coreTimeout)
	defer cancel()
	if err := s.core.Stay(ctx, conversation.ID); err != nil {
		s.fail(c, err)
		return
	}
	s.getConversation(c, conversation)
}

// idleJSON tells a citizen that the conversation ends for silence.
type idleJSON struct {
	EndsAt time.Time `json:"ends_at"`
	Text   string    `json:"text"`
}

func (s *Server) idleJSON(snapshot bridge.Snapshot, lang string) *idleJSON {
	area, err := s.core.Area(snapshot.Conversation.Area)
	if err != nil || snapshot.IdleEndsAt.IsZero() {
		return nil
	}
	return &idleJSON{EndsAt: wireTime(snapshot.IdleEndsAt), Text: s.texts.say(lang, "idle", map[string]string{
		"Ends": s.clock(lang, snapshot.IdleEndsAt, hoursOf(area).Zone()),
	})}
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

// deleteConversation answers DELETE /api/v1/conversations/{id}: ended, and deleted from the citizen's
// device, for the token opens nothing any more.
func (s *Server) deleteConversation(c *gin.Context, conversation bridge.Conversation) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), coreTimeout)
	defer cancel()
	if err := s.core.Forget(ctx, conversation.ID); err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
