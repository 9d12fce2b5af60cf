package webchat

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"

	"schalter/bridge"
)

// kind is one kind of problem: the last part of its type URI, its key in the catalogues, and its
// status.
type kind struct {
	name   string
	status int
}

// The kinds of problems. Names are part of the API.
var (
	badRequest         = kind{"bad-request", http.StatusBadRequest}
	unauthorized       = kind{"unauthorized", http.StatusUnauthorized}
	originNotAllowed   = kind{"origin-not-allowed", http.StatusForbidden}
	blocked            = kind{"blocked", http.StatusForbidden}
	notFound           = kind{"not-found", http.StatusNotFound}
	unknownArea        = kind{"unknown-area", http.StatusNotFound}
	methodNotAllowed   = kind{"method-not-allowed", http.StatusMethodNotAllowed}
	areaUnstaffed      = kind{"unstaffed", http.StatusConflict}
	areaClosed         = kind{"closed", http.StatusConflict}
	conversationEnded  = kind{"conversation-ended", http.StatusConflict}
	conversationOver   = kind{"conversation-ended", http.StatusUnauthorized} // the token has ended with it
	notEnded           = kind{"not-ended", http.StatusConflict}
	alreadyRated       = kind{"already-rated", http.StatusConflict}
	noFiles            = kind{"no-files", http.StatusConflict}
	tooManyFiles       = kind{"too-many-files", http.StatusConflict}
	fileTooLarge       = kind{"file-too-large", http.StatusRequestEntityTooLarge}
	fileType           = kind{"file-type", http.StatusUnprocessableEntity}
	fileSuspicious     = kind{"file-suspicious", http.StatusUnprocessableEntity}
	fileImage          = kind{"file-image", http.StatusUnprocessableEntity}
	uploadSlow         = kind{"upload-slow", http.StatusRequestTimeout}
	scannerAway        = kind{"scanner-away", http.StatusServiceUnavailable}
	unknownFile        = kind{"unknown-file", http.StatusNotFound}
	unknownMessage     = kind{"unknown-message", http.StatusNotFound}
	formInvalid        = kind{"form-invalid", http.StatusUnprocessableEntity}
	formAnswered       = kind{"form-answered", http.StatusConflict}
	unchangeable       = kind{"message-unchangeable", http.StatusConflict}
	clientIDReused     = kind{"client-id-reused", http.StatusConflict}
	tooLarge           = kind{"too-large", http.StatusRequestEntityTooLarge}
	unsupportedType    = kind{"unsupported-media-type", http.StatusUnsupportedMediaType}
	invalid            = kind{"invalid", http.StatusUnprocessableEntity}
	idempotencyReused  = kind{"idempotency-key-reused", http.StatusUnprocessableEntity}
	rateLimited        = kind{"rate-limited", http.StatusTooManyRequests}
	tooManyWaiting     = kind{"too-many-waiting", http.StatusTooManyRequests}
	tooManyStreams     = kind{"too-many-streams", http.StatusTooManyRequests}
	internal           = kind{"internal", http.StatusInternalServerError}
	unavailable        = kind{"unavailable", http.StatusServiceUnavailable}
	unavailableRetry   = 5 * time.Second
	scannerRetry       = 30 * time.Second
	tooManyWaitingWait = 30 * time.Second
)

// problem is what a citizen's browser learns about a failure (RFC 9457). It says nothing that the
// caller did not send, except when an area opens.
type problem struct {
	kind kind
	// field and reason say what was wrong with the input; may be empty.
	field  string
	reason string
	// answers are what is wrong in a form; goes with kind formInvalid.
	answers []bridge.FormWrong
	// opensAt goes with kind closed; zero means not known.
	opensAt time.Time
	// retryAfter is rounded up to seconds; zero means no such header.
	retryAfter time.Duration
}

// Reasons of bad-request and invalid, beside those of bridge.InvalidError.
const (
	reasonMalformed    = bridge.ReasonMalformed
	reasonEncoding     = bridge.ReasonEncoding
	reasonUnknownField = "unknown_field"
	reasonWrongType    = "wrong_type"
	reasonDuplicate    = "duplicate"
)

// badRequestError is a request that cannot be understood.
type badRequestError struct{ field, reason string }

func (e *badRequestError) Error() string { return e.field + ": " + e.reason }

// refusedError is a problem that is known before the core is asked.
type refusedError struct{ problem problem }

func (e *refusedError) Error() string { return e.problem.kind.name }

var errNotJSON = errors.New("body is not declared as JSON")

// fail answers a request with what an error means, and logs what nobody expects.
func (s *Server) fail(c *gin.Context, err error) {
	p := problemOf(err)
	if p.kind == internal || p.kind == unavailable {
		event := zerolog.Ctx(c.Request.Context()).Error()
		if p.kind == unavailable {
			event = zerolog.Ctx(c.Request.Context()).Warn()
		}
		event.Err(err).Str("route", c.FullPath()).Msg("request failed")
	}
	s.refuse(c, p)
}

// problemOf is the table from the core's errors to the API's problems.
func problemOf(err error) problem {
	var (
		bad     *badRequestError
		wrong   *bridge.InvalidError
		answers *bridge.FormError
		closed  *bridge.ClosedError
		tooLong *http.MaxBytesError
		refused *refusedError
	)
	switch {
	case errors.As(err, &refused):
		return refused.problem
	case errors.As(err, &bad):
		return problem{kind: badRequest, field: bad.field, reason: bad.reason}
	case errors.Is(err, errNotJSON):
		return problem{kind: unsupportedType}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF):
		return problem{kind: badRequest, reason: reasonMalformed} // the body never came to its end
	case errors.As(err, &tooLong):
		return problem{kind: tooLarge}
	case errors.As(err, &wrong):
		return problem{kind: invalid, field: wrong.Field, reason: wrong.Reason}
	case errors.As(err, &answers):
		return problem{kind: formInvalid, answers: named(answers.Wrong)}
	case errors.Is(err, bridge.ErrFormAnswered):
		return problem{kind: formAnswered}
	case errors.As(err, &closed):
		return problem{kind: areaClosed, opensAt: closed.OpensAt}
	case errors.Is(err, bridge.ErrBlocked):
		return problem{kind: blocked}
	case errors.Is(err, bridge.ErrUnstaffed):
		return problem{kind: areaUnstaffed}
	case errors.Is(err, bridge.ErrOver):
		return problem{kind: conversationOver}
	case errors.Is(err, bridge.ErrUnauthorized), errors.Is(err, bridge.ErrNotFound):
		return problem{kind: unauthorized}
	case errors.Is(err, bridge.ErrNoFiles):
		return problem{kind: noFiles}
	case errors.Is(err, bridge.ErrTooManyFiles):
		return problem{kind: tooManyFiles}
	case errors.Is(err, bridge.ErrFileTooLarge):
		return problem{kind: fileTooLarge}
	case errors.Is(err, bridge.ErrFileTwofold):
		return problem{kind: fileSuspicious}
	case errors.Is(err, bridge.ErrFileType):
		return problem{kind: fileType}
	case errors.Is(err, bridge.ErrFileImage):
		return problem{kind: fileImage}
	case errors.Is(err, bridge.ErrScannerAway):
		return problem{kind: scannerAway, retryAfter: scannerRetry}
	case errors.Is(err, bridge.ErrUnknownFile):
		return problem{kind: unknownFile}
	case errors.Is(err, bridge.ErrUnknownMessage):
		return problem{kind: unknownMessage}
	case errors.Is(err, bridge.ErrUnchangeable):
		return problem{kind: unchangeable}
	case errors.Is(err, bridge.ErrUnknownArea):
		return problem{kind: unknownArea, field: "service_area"}
	case errors.Is(err, bridge.ErrClientIDReused):
		return problem{kind: clientIDReused, field: "client_id"}
	case errors.Is(err, bridge.ErrKeyReused):
		return problem{kind: idempotencyReused, field: idempotencyHeader}
	case errors.Is(err, bridge.ErrNotClosed):
		return problem{kind: notEnded}
	case errors.Is(err, bridge.ErrRated):
		return problem{kind: alreadyRated}
	case errors.Is(err, bridge.ErrConversationClosed):
		return problem{kind: conversationEnded}
	case errors.Is(err, bridge.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return problem{kind: unavailable, retryAfter: unavailableRetry}
	}
	return problem{kind: internal}
}

// named repeats no more of what a caller calls a field than an answer needs.
func named(wrong []bridge.FormWrong) []bridge.FormWrong {
	const most = 50
	out := slices.Clone(wrong[:min(len(wrong), most)])
	for i := range out {
		out[i].Field = shortened(out[i].Field)
	}
	return out
}

// refuse answers a request with a problem, in the request's language.
func (s *Server) refuse(c *gin.Context, p problem) {
	c.Abort()
	if c.Writer.Written() {
		return
	}
	lang := languageOf(c)
	body := struct {
		Type    string             `json:"type"`
		Title   string             `json:"title"`
		Status  int                `json:"status"`
		Detail  string             `json:"detail"`
		Field   string             `json:"field,omitempty"`
		Reason  string             `json:"reason,omitempty"`
		OpensAt json.RawMessage    `json:"opens_at,omitempty"`
		Errors  []bridge.FormWrong `json:"errors,omitempty"`
	}{
		Type: "/problems/" + p.kind.name, Title: s.texts.title(lang, p.kind), Status: p.kind.status,
		Detail: s.texts.detail(lang, p), Field: p.field, Reason: p.reason, Errors: p.answers,
	}
	if p.kind == areaClosed {
		body.OpensAt = json.RawMessage("null")
		if !p.opensAt.IsZero() {
			body.OpensAt = json.RawMessage(p.opensAt.Format(`"` + time.RFC3339 + `"`))
		}
	}
	if p.retryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	if p.kind.status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", "Bearer")
	}
	text, err := json.Marshal(body)
	if err != nil {
		text = []byte(`{"type":"/problems/internal","status":500}`)
	}
	c.Header("Content-Language", lang)
	c.Header("Cache-Control", "no-store")
	c.Data(p.kind.status, "application/problem+json", text)
}
