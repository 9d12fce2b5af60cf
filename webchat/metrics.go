package webchat

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/gin-gonic/gin"
)

// Streams is how many streams are open in this process.
func (h *Hub) Streams() int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	n := 0
	for _, streams := range h.streams {
		n += len(streams)
	}
	return n
}

// getMetrics answers GET /metrics to programs on this machine that ask directly. Whoever comes
// through a proxy is told that there is nothing, even if the proxy stands on this machine: it
// serves the public.
func (s *Server) getMetrics(c *gin.Context) {
	if !direct(c.Request) {
		s.refuse(c, problem{kind: notFound})
		return
	}
	s.metrics.ServeHTTP(c.Writer, c.Request)
}

var proxyHeaders = []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Real-Ip", "Via"}

func direct(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && from.Addr().Unmap().IsLoopback() &&
		!slices.ContainsFunc(proxyHeaders, func(h string) bool { return r.Header.Get(h) != "" })
}
