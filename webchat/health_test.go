package webchat_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"schalter/webchat"
)

func TestHealth(t *testing.T) {
	var reason error
	h := newHouse(t, func(o *webchat.Options) { o.Ready = func(context.Context) error { return reason } })
	var v struct{ Status string }
	h.get("/healthz").into(t, 200, &v)
	h.get("/readyz").into(t, 200, &v)
	if v.Status != "ready" {
		t.Errorf("status %q", v.Status)
	}
	reason = errors.New("schema is too new")
	h.get("/readyz").wantProblem(t, 503, "unavailable", "")
	h.get("/healthz").into(t, 200, &v)
	if !strings.Contains(h.log.String(), "schema is too new") {
		t.Error("the log does not say why")
	}
}
