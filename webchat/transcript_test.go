package webchat_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/webchat"
)

// The transcript is a page of its own, in the conversation's language, for whoever has the token.
func TestTranscript(t *testing.T) {
	h := newHouse(t, func(o *webchat.Options) {
		o.Controllers = map[string]string{"de": "Verantwortlich: Stadt Aarau", "fr": "Responsable: Ville d'Aarau"}
	})
	o := h.open(`{"service_area":"fundbuero","language":"fr","name":"Luc","message":{"client_id":"1","text":"<script>x</script>\nBonjour"}}`)
	h.core.fromClerk(o.ID, "Nora Keller", "Bonjour Monsieur")
	h.core.fromClerk(o.ID, "Nora Keller", "secret")
	h.core.amend(o.ID, 3, func(m *bridge.Message) { m.Text, m.DeletedAt = "", time.Now() })
	h.core.end(o.ID)
	a := h.get(o.path()+"/transcript", "Authorization", o.bearer(), "Accept-Language", "de")
	page := string(a.body)
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "text/html; charset=utf-8" || a.header.Get("Content-Disposition") != `attachment; filename="chat-4711.html"` || a.header.Get("Content-Language") != "fr-CH" {
		t.Fatalf("%d %v", a.status, a.header)
	}
	for _, want := range []string{
		`<html lang="fr-CH">`, "Conversation n° 4711", "Objets trouvés", "Luc", "&lt;script&gt;x&lt;/script&gt;\nBonjour", "Nora Keller", "Bonjour Monsieur",
		"Message supprimé", "Responsable: Ville d&#39;Aarau", "@media print",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the transcript lacks %q", want)
		}
	}
	for _, not := range []string{"secret", "<script", "<link", "src=", o.Token} {
		if strings.Contains(page, not) {
			t.Errorf("the transcript has %q", not)
		}
	}
	if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("its policy is %q", policy)
	}
	h.get(o.path()+"/transcript").wantProblem(t, 401, "unauthorized", "")
	if res, err := http.Get(h.http.URL + "/plain/transcript"); err != nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("without the cookie: %v, %v", res, err)
	}
	var counter struct{ Controller string }
	h.get("/api/v1/counter?lang=de-simple").into(t, 200, &counter)
	if counter.Controller != "Verantwortlich: Stadt Aarau" {
		t.Errorf("in plain German: %q", counter.Controller)
	}
}
