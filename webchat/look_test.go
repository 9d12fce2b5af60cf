package webchat_test

import (
	"testing"

	"schalter/bridge"
)

func TestLook(t *testing.T) {
	h := newHouse(t)
	h.open(plainOpening)
	o := h.open(plainOpening)
	look := func(query string) (now struct {
		Number      int64
		State       string
		ServiceArea struct{ ID, Name string } `json:"service_area"`
		Clerk       *string
		Position    *int  `json:"queue_position"`
		LastSeq     int64 `json:"last_seq"`
		Delivered   int64 `json:"delivered_seq"`
		Delayed     bool
	}) {
		t.Helper()
		h.get(o.path()+query, "Authorization", o.bearer()).into(t, 200, &now)
		return now
	}
	if now := look(""); now.State != "waiting" || now.Clerk != nil || now.Position == nil || *now.Position != 2 || now.Number != o.Number || now.ServiceArea.Name != "Fundbüro" {
		t.Errorf("waiting: %+v", now)
	}
	if now := look("?lang=fr"); now.ServiceArea.Name != "Objets trouvés" {
		t.Errorf("in French: %+v", now)
	}
	h.core.fromClerk(o.ID, "Nora Keller", "Grüezi")
	h.core.setDelayed(true)
	if now := look(""); now.State != "active" || now.Clerk == nil || *now.Clerk != "Nora Keller" || now.Position != nil || now.LastSeq != 1 || !now.Delayed {
		t.Errorf("active: %+v", now)
	}
	// An area that was taken out of the config keeps its conversations.
	h.core.areas = h.core.areas[:1]
	if now := look(""); now.ServiceArea.Name != "fundbuero" {
		t.Errorf("area gone: %+v", now)
	}
	h.core.setFail("Look", bridge.ErrUnavailable)
	h.get(o.path(), "Authorization", o.bearer()).wantProblem(t, 503, "unavailable", "")
}
