package webchat

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"
)

// logged writes one line for each request: method, route pattern, status, milliseconds, and the
// conversation's ID. Never a path, query, header, body or address.
func (s *Server) logged(c *gin.Context) {
	start := time.Now()
	log := s.log
	if id, ok := conversationID(c); ok {
		log = log.With().Str("conversation", string(id)).Logger()
	}
	c.Request = c.Request.WithContext(log.WithContext(c.Request.Context()))
	c.Next()
	level := zerolog.InfoLevel
	if c.FullPath() == "/healthz" || c.FullPath() == "/readyz" || c.FullPath() == "/metrics" {
		level = zerolog.DebugLevel
	}
	log.WithLevel(level).Str("method", method(c.Request.Method)).Str("route", c.FullPath()).
		Int("status", c.Writer.Status()).Int64("ms", time.Since(start).Milliseconds()).Msg("request")
}

// method keeps free text that a caller sends as a method out of the log.
func method(m string) string {
	if slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}, m) {
		return m
	}
	return "other"
}

// recovered answers a panic as an internal problem. The log gets its type and where it was, not its
// text, which may contain anything.
func (s *Server) recovered(c *gin.Context) {
	defer func() {
		if v := recover(); v != nil {
			zerolog.Ctx(c.Request.Context()).Error().Str("route", c.FullPath()).Str("panic", fmt.Sprintf("%T", v)).
				Bytes("stack", debug.Stack()).Msg("panic in a request")
			s.refuse(c, problem{kind: internal})
		}
	}()
	c.Next()
}

// secured sets the headers that every answer has. The page's own policy is in page.go.
func secured(c *gin.Context) {
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if strings.HasPrefix(c.Request.URL.Path, "/api/") {
		c.Header("Cache-Control", "no-store")
	}
	c.Next()
}

// crossOrigin lets pages of the allowed origins call the API (Fetch standard, "CORS protocol").
// There are no cookies, so credentials are never allowed.
func (s *Server) crossOrigin(c *gin.Context) {
	c.Writer.Header().Add("Vary", "Origin")
	origin := c.GetHeader("Origin")
	allowed := s.origins[origin]
	if allowed {
		c.Header("Access-Control-Allow-Origin", origin)
		c.Header("Access-Control-Expose-Headers", "Retry-After")
	}
	if c.Request.Method != http.MethodOptions || c.GetHeader("Access-Control-Request-Method") == "" {
		c.Next()
		return
	}
	if !allowed {
		s.refuse(c, problem{kind: originNotAllowed})
		return
	}
	c.Header("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
	c.Header("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Last-Event-ID")
	c.Header("Access-Control-Max-Age", "600")
	c.AbortWithStatus(http.StatusNoContent)
}
