package webchat_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"schalter/webchat"
)

func TestMetricsAreForThisMachine(t *testing.T) {
	h := newHouse(t, func(o *webchat.Options) {
		o.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "schalter_streams 0") })
	})
	for _, c := range []struct {
		from, header string
		want         int
	}{
		{"127.0.0.1:4711", "", 200}, {"[::1]:4711", "", 200}, {"[::ffff:127.0.0.1]:4711", "", 200},
		{"192.0.2.7:4711", "", 404}, {"[2001:db8::1]:4711", "", 404},
		{"127.0.0.1:4711", "X-Forwarded-For", 404}, {"127.0.0.1:4711", "Forwarded", 404}, {"127.0.0.1:4711", "X-Forwarded-Proto", 404},
	} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.RemoteAddr = c.from
		if c.header != "" {
			r.Header.Set(c.header, "192.0.2.7")
		}
		w := httptest.NewRecorder()
		h.server.Handler().ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("from %s with %q: %d", c.from, c.header, w.Code)
		}
	}
}

func TestHubCountsStreams(t *testing.T) {
	hub := webchat.NewHub()
	_, endA := hub.Subscribe("a")
	_, endB := hub.Subscribe("a")
	if n := hub.Streams(); n != 2 {
		t.Errorf("%d streams", n)
	}
	endA()
	endB()
	if n := hub.Streams(); n != 0 {
		t.Errorf("%d streams after the end", n)
	}
}
