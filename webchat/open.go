package webchat

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// idempotencyHeader makes an opening safe to repeat (draft-ietf-httpapi-idempotency-key-header).
const idempotencyHeader = "Idempotency-Key"

// openedJSON answers an opening. The token is in no other answer.
type openedJSON struct {
	ID          bridge.ConversationID `json:"id"`
	Token       string                `json:"token"`
	Number      int64                 `json:"number"`
	State       bridge.State          `json:"state"`
	ServiceArea areaRef               `json:"service_area"`
	Message     *receiptJSON          `json:"message,omitempty"`
}

// postConversation answers POST /api/v1/conversations. A repetition with the same key is answered
// like the first time, with a fresh token: only the hash of the first one is known.
func (s *Server) postConversation(c *gin.Context) {
	address := addressKey(c.ClientIP())
	if wait := s.opening.allow(address); wait > 0 {
		s.refuse(c, problem{kind: rateLimited, retryAfter: wait})
		return
	}
	opening, err := s.readOpening(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	opening.Address = address
	// A browser that goes away does not undo what it asked for.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), coreTimeout)
	defer cancel()
	opened, err := s.begin(ctx, address, opening)
	if err != nil {
		s.fail(c, withinMessage(err))
		return
	}
	conversation := opened.Conversation
	out := openedJSON{
		ID: conversation.ID, Token: opened.Token, Number: conversation.Number, State: conversation.State,
		ServiceArea: s.areaRef(conversation.Area, conversation.Language),
	}
	if opened.Message != nil {
		r := receipt(*opened.Message)
		out.Message = &r
	}
	c.Header("Location", "/api/v1/conversations/"+string(conversation.ID))
	c.JSON(http.StatusCreated, out)
}

// begin opens a conversation, unless too many of the same address wait already.
func (s *Server) begin(ctx context.Context, address string, opening bridge.Opening) (bridge.Opened, error) {
	queue := waitingKey{address: address, area: opening.Area}
	full, err := s.waiting.full(ctx, s.core, queue)
	if err != nil {
		return bridge.Opened{}, err
	}
	if full {
		return bridge.Opened{}, &refusedError{problem{kind: tooManyWaiting, retryAfter: tooManyWaitingWait}}
	}
	opened, err := s.core.Open(ctx, opening)
	if err == nil {
		s.waiting.add(queue, opened.Conversation.ID)
	}
	return opened, err
}

// readOpening reads the request.
func (s *Server) readOpening(c *gin.Context) (bridge.Opening, error) {
	var o bridge.Opening
	raw, err := s.readJSON(c)
	if err != nil {
		return o, err
	}
	var area, pageURL string
	err = decodeObject(raw, "", fields{
		"service_area": text("service_area", &area),
		"language":     optional(text("language", &o.Language)),
		"name":         optional(text("name", &o.Name)),
		"request":      optional(text("request", &o.Request)),
		"page_url":     optional(text("page_url", &pageURL)),
		"message": optional(func(raw json.RawMessage) error {
			o.Message = &bridge.CitizenMessage{}
			return decodeText(raw, "message", o.Message)
		}),
	})
	c.Set(languageKey, o.Language)
	if err != nil {
		return o, err
	}
	if area == "" {
		return o, &bridge.InvalidError{Field: "service_area", Reason: bridge.ReasonRequired}
	}
	if o.Language == "" {
		o.Language = languageOf(c)
	}
	o.Area, o.Name = bridge.ServiceAreaID(area), strings.TrimSpace(o.Name)
	if o.PageURL, err = bareURL(pageURL); err != nil {
		return o, err
	}
	o.Key, err = idempotencyKey(c.GetHeader(idempotencyHeader))
	return o, err
}

// withinMessage names a refused field of the first message as it is named in this request.
func withinMessage(err error) error {
	var wrong *bridge.InvalidError
	if errors.As(err, &wrong) && (wrong.Field == "client_id" || wrong.Field == "text") {
		return &bridge.InvalidError{Field: "message." + wrong.Field, Reason: wrong.Reason}
	}
	return err
}

// bareURL cuts query, fragment and user name off a page's address: they may tell about the person.
func bareURL(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return "", &bridge.InvalidError{Field: "page_url", Reason: bridge.ReasonMalformed}
	}
	bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return bare.String(), nil
}

// idempotencyKey is a structured string, `"…"`, or the bare text that many send instead.
func idempotencyKey(header string) (string, error) {
	key := header
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	printable := !strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' })
	if header != "" && (len(key) < 16 || len(key) > 128 || !printable) {
		return "", &badRequestError{field: idempotencyHeader, reason: reasonMalformed}
	}
	return key, nil
}
