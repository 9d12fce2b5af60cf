package webchat

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"schalter/bridge"
)

// requestOffer says how a request can be answered, and what happens with what is left; to be shown
// before it is sent, without a box to tick.
type requestOffer struct {
	AnsweredBy []string `json:"answered_by"`
	Notice     string   `json:"notice"`
}

func (s *Server) requestOffer(lang string) requestOffer {
	o := requestOffer{AnsweredBy: []string{"phone", "number"}, Notice: s.texts.say(lang, "request_notice", nil)}
	if s.core.AnswersByMail() {
		o.AnsweredBy = append([]string{"email"}, o.AnsweredBy...)
	}
	return o
}

// leftJSON answers a request. The token picks it up, in this answer only.
type leftJSON struct {
	Number      int64   `json:"number"`
	Token       string  `json:"token"`
	ServiceArea areaRef `json:"service_area"`
	// AnsweredBy is email, phone or number; Text says it as a sentence.
	AnsweredBy string `json:"answered_by"`
	Text       string `json:"text"`
}

// postRequest answers POST /api/v1/requests: 201 once the request is committed. The same
// Idempotency-Key gives the same number.
func (s *Server) postRequest(c *gin.Context) {
	if wait := s.opening.allow(addressKey(c.ClientIP())); wait > 0 {
		s.refuse(c, problem{kind: rateLimited, retryAfter: wait})
		return
	}
	in, err := s.readRequest(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	in.Address = addressKey(c.ClientIP())
	// A browser that goes away does not undo what it asked for.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), coreTimeout)
	defer cancel()
	left, err := s.core.LeaveRequest(ctx, in)
	if err != nil {
		s.fail(c, err)
		return
	}
	r := left.Request
	by, text := s.leftText(r)
	c.JSON(http.StatusCreated, leftJSON{Number: r.Number, Token: left.Token, ServiceArea: s.areaRef(r.Area, r.Language), AnsweredBy: by, Text: text})
}

// leftText says how a request is answered: in one word, and in its language.
func (s *Server) leftText(r bridge.Request) (by, text string) {
	by = "number"
	if r.Email != "" {
		by = "email"
	} else if r.Phone != "" {
		by = "phone"
	}
	return by, s.texts.say(r.Language, "request_left_"+by, map[string]string{"Number": strconv.FormatInt(r.Number, 10)})
}

func (s *Server) readRequest(c *gin.Context) (bridge.NewRequest, error) {
	var in bridge.NewRequest
	raw, err := s.readJSON(c)
	if err != nil {
		return in, err
	}
	var area string
	err = decodeObject(raw, "", fields{
		"service_area": text("service_area", &area),
		"language":     optional(text("language", &in.Language)),
		"name":         optional(text("name", &in.Name)),
		"email":        optional(text("email", &in.Email)),
		"phone":        optional(text("phone", &in.Phone)),
		"text":         text("text", &in.Text),
	})
	c.Set(languageKey, in.Language)
	if err != nil {
		return in, err
	}
	if area == "" {
		return in, &bridge.InvalidError{Field: "service_area", Reason: bridge.ReasonRequired}
	}
	if in.Language == "" {
		in.Language = languageOf(c)
	}
	in.Area, in.Name = bridge.ServiceAreaID(area), strings.TrimSpace(in.Name)
	in.Email, in.Phone = strings.TrimSpace(in.Email), strings.TrimSpace(in.Phone)
	in.Key, err = idempotencyKey(c.GetHeader(idempotencyHeader))
	return in, err
}
