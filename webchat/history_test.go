package webchat_test

import (
	"strconv"
	"testing"

	"schalter/bridge"
)

func TestHistory(t *testing.T) {
	h := newHouse(t)
	o := h.open(`{"service_area":"fundbuero","message":{"client_id":"a","text":"eins"}}`)
	get := func(query string) (out struct{ Messages []streamed }) {
		t.Helper()
		h.get(o.path()+"/messages"+query, "Authorization", o.bearer()).into(t, 200, &out)
		return out
	}
	h.core.deliver(o.ID)
	h.core.fromClerk(o.ID, "Nora Keller", "zwei")
	h.core.mu.Lock()
	c := h.core.conversations[o.ID]
	h.core.append(c, bridge.Message{Direction: bridge.FromCitizenDirection, ClientID: "b", Text: "drei", Failed: true})
	h.core.append(c, bridge.Message{Direction: bridge.FromCitizenDirection, ClientID: "c", Text: "vier"})
	h.core.mu.Unlock()

	all := get("").Messages
	if len(all) != 4 {
		t.Fatalf("%d messages", len(all))
	}
	for i, want := range []streamed{
		{Seq: 1, Direction: "citizen", Text: "eins", State: "delivered"},
		{Seq: 2, Direction: "clerk", Text: "zwei", Sender: "Nora Keller"},
		{Seq: 3, Direction: "citizen", Text: "drei", State: "failed"},
		{Seq: 4, Direction: "citizen", Text: "vier", State: "stored"},
	} {
		if all[i] != want {
			t.Errorf("got %+v, want %+v", all[i], want)
		}
	}
	if some := get("?after=1&limit=2").Messages; len(some) != 2 || some[0].Seq != 2 {
		t.Errorf("a page: %+v", some)
	}
	if none := get("?after=" + strconv.Itoa(1<<53-1)).Messages; none == nil || len(none) != 0 {
		t.Errorf("beyond the end: %+v, want an empty list", none)
	}
	for query, field := range map[string]string{
		"?after=-1": "after", "?after=1.5": "after", "?after=99999999999999999999": "after", "?limit=0": "limit", "?limit=501": "limit", "?limit=x": "limit",
	} {
		h.get(o.path()+"/messages"+query, "Authorization", o.bearer()).wantProblem(t, 400, "bad-request", field)
	}
	h.core.setFail("History", bridge.ErrUnavailable)
	h.get(o.path()+"/messages", "Authorization", o.bearer()).wantProblem(t, 503, "unavailable", "")
}
