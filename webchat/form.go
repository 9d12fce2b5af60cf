package webchat

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
	"schalter/bridge/form"
)

// formJSON is what a citizen is asked to fill in.
type formJSON struct {
	ID    bridge.MessageID `json:"id"`
	Title string           `json:"title"`
	Intro string           `json:"intro,omitempty"`
	// Language is that of the texts, as pages mark it.
	Language string       `json:"language"`
	Fields   []form.Field `json:"fields"`
}

// markOf is how pages mark a language.
func markOf(lang string) string {
	if lang == bridge.PlainGerman {
		lang = bridge.Languages[0]
	}
	return catalogueOf[lang]
}

// getForm answers GET /api/v1/conversations/{id}/forms/{message}: the form that a message asks to be filled in,
// as it was sent, in the request's language.
func (s *Server) getForm(c *gin.Context, conversation bridge.Conversation) {
	message := c.Param("message")
	if !isULID(message) {
		s.refuse(c, problem{kind: unknownMessage})
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), coreTimeout)
	defer cancel()
	read, today, err := s.core.Form(ctx, conversation.ID, bridge.MessageID(message))
	if err != nil {
		s.fail(c, err)
		return
	}
	lang := languageOf(c)
	marked := lang
	if !read.Speaks(lang) {
		marked = bridge.Languages[0]
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, formJSON{
		ID: bridge.MessageID(message), Title: read.Title(lang), Intro: read.Intro(lang), Language: markOf(marked), Fields: read.Fields(lang, today),
	})
}

// postAnswers answers POST /api/v1/conversations/{id}/forms/{message}/answers: 202 once the answers are committed.
// The same client_id with the same answers is the same message.
func (s *Server) postAnswers(c *gin.Context, conversation bridge.Conversation) {
	if wait := s.sending.allow(conversation.ID); wait > 0 {
		s.refuse(c, problem{kind: rateLimited, retryAfter: wait})
		return
	}
	message := c.Param("message")
	if !isULID(message) {
		s.refuse(c, problem{kind: unknownMessage})
		return
	}
	in := bridge.FormAnswers{Language: languageOf(c)}
	raw, err := s.readJSON(c)
	if err == nil {
		err = decodeObject(raw, "", fields{"client_id": text("client_id", &in.ClientID), "answers": func(raw json.RawMessage) error {
			in.Answers = raw
			return nil
		}})
	}
	if err == nil && in.Answers == nil {
		err = &badRequestError{field: "answers", reason: bridge.ReasonRequired}
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	// A browser that goes away does not undo what it asked for.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), coreTimeout)
	defer cancel()
	m, err := s.core.AnswerForm(ctx, conversation.ID, bridge.MessageID(message), in)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusAccepted, receipt(m))
}
