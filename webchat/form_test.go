package webchat_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/form"
)

// A form is fetched in the request's language and handed in; what is wrong is named at its field, in that language.
func TestForm(t *testing.T) {
	h := newHouse(t)
	o := h.open(`{"service_area":"fundbuero","message":{"client_id":"a","text":"Grüezi"}}`)
	asked := h.core.ask(t, o.ID, `{"type": "object", "title": "Hund anmelden", "x-title": {"fr": "Annoncer un chien"}, "required": ["hund"], "properties": {
		"hund": {"type": "string", "title": "Name", "x-title": {"fr": "Nom"}, "maxLength": 20},
		"seit": {"type": "string", "format": "date", "title": "Seit", "x-latest": "today"},
		"wo": {"type": "object", "x-kind": "address", "title": "Wo"}}}`)
	token := []string{"Authorization", "Bearer " + o.Token}
	path := o.path() + "/forms/" + string(asked)
	for query, want := range map[string]string{
		"":          `"title":"Hund anmelden","language":"de-CH","fields":[{"name":"hund","kind":"text","title":"Name","required":true,"max_length":20},`,
		"?lang=fr":  `"title":"Annoncer un chien","language":"fr-CH","fields":[{"name":"hund","kind":"text","title":"Nom",`,
		"?lang=it":  `"title":"Hund anmelden","language":"de-CH"`,
		"?lang=fr&": `{"name":"seit","kind":"date","title":"Seit","latest":"` + h.core.now.Format("2006-01-02") + `"}`,
	} {
		if a := h.get(path+query, token...); a.status != 200 || !strings.Contains(string(a.body), want) {
			t.Errorf("%s: %d %s\nwant %s", query, a.status, a.body, want)
		}
	}
	other := h.open(`{"service_area":"fundbuero","message":{"client_id":"a","text":"Grüezi"}}`)
	for _, wrong := range []string{"/forms/x", "/forms/01JZZZZZZZZZZZZZZZZZZZZZZZ", "/forms/" + string(h.core.messagesOf(o.ID)[0].ID)} {
		h.get(o.path()+wrong, token...).wantProblem(t, 404, "unknown-message", "")
	}
	h.get(path, "Authorization", "Bearer "+other.Token).wantProblem(t, 401, "unauthorized", "")
	h.get(other.path()+"/forms/"+string(asked), "Authorization", "Bearer "+other.Token).wantProblem(t, 404, "unknown-message", "")

	send := func(body string) answer { return h.post(path+"/answers?lang=fr", body, token...) }
	send(`{"client_id":"f1"}`).wantProblem(t, 400, "bad-request", "answers")
	send(`{"client_id":"f1","answers":{},"more":1}`).wantProblem(t, 400, "bad-request", "more")
	a := send(`{"client_id":"f1","answers":{"wo":{"street":"x"},"` + strings.Repeat("y", 100) + `":1}}`)
	a.wantProblem(t, 422, "form-invalid", "")
	var p struct{ Errors []bridge.FormWrong }
	if err := json.Unmarshal(a.body, &p); err != nil || len(p.Errors) != 4 || p.Errors[0] != (bridge.FormWrong{Field: "hund", Reason: form.Required, Detail: "fr required"}) ||
		p.Errors[1].Field != "wo/postcode" || len(p.Errors[3].Field) > 70 {
		t.Errorf("%v %+v", err, p)
	}
	first := send(`{"client_id":"f1","answers":{"hund":"Rex"}}`)
	if first.status != 202 || !strings.Contains(string(first.body), `"client_id":"f1"`) {
		t.Errorf("%d %s", first.status, first.body)
	}
	if again := send(`{"client_id":"f1","answers":{"hund":"Rex"}}`); again.status != 202 || string(again.body) != string(first.body) {
		t.Errorf("again %d %s", again.status, again.body)
	}
	send(`{"client_id":"f2","answers":{"hund":"Rex"}}`).wantProblem(t, 409, "form-answered", "")
	if a := h.get(o.path()+"/messages", token...); !strings.Contains(string(a.body), `"card":{"kind":"form","title":"Hund anmelden","form":{"key":"hund","answer":"`) || !strings.Contains(string(a.body), `"card":{"kind":"answers"`) {
		t.Errorf("history %s", a.body)
	}
}

// ask has a clerk send a form.
func (m *memory) ask(t testing.TB, id bridge.ConversationID, source string) bridge.MessageID {
	t.Helper()
	f, err := form.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.conversations[id]
	asked := m.append(c, bridge.Message{Direction: bridge.FromClerkDirection, Sender: "Nora Keller", Text: "Bitte füllen Sie dieses Formular aus: " + f.Title("de"), Card: &bridge.Card{
		Kind: bridge.FormCard, Title: f.Title(c.Language), Form: &bridge.FormRef{Key: "hund"},
	}})
	m.forms[asked.ID] = f
	return asked.ID
}

func (m *memory) Form(ctx context.Context, id bridge.ConversationID, asked bridge.MessageID) (*form.Form, time.Time, error) {
	if err := m.enter(ctx, "Form"); err != nil {
		return nil, time.Time{}, err
	}
	defer m.mu.Unlock()
	for _, old := range m.messages[id] {
		if f := m.forms[asked]; old.ID == asked && f != nil {
			return f, m.now, nil
		}
	}
	return nil, time.Time{}, bridge.ErrUnknownMessage
}

func (m *memory) AnswerForm(ctx context.Context, id bridge.ConversationID, asked bridge.MessageID, in bridge.FormAnswers) (bridge.Message, error) {
	if err := m.enter(ctx, "AnswerForm"); err != nil {
		return bridge.Message{}, err
	}
	defer m.mu.Unlock()
	f := m.forms[asked]
	if f == nil {
		return bridge.Message{}, bridge.ErrUnknownMessage
	}
	_, wrong, err := f.Judge(in.Answers, m.now)
	if err != nil {
		return bridge.Message{}, &bridge.InvalidError{Field: "answers", Reason: bridge.ReasonMalformed}
	}
	if wrong != nil {
		out := &bridge.FormError{}
		for _, w := range wrong {
			out.Wrong = append(out.Wrong, bridge.FormWrong{Field: w.Field, Reason: w.Reason, Detail: in.Language + " " + string(w.Reason)})
		}
		return bridge.Message{}, out
	}
	for _, old := range m.messages[id] {
		if old.ClientID == in.ClientID {
			return old, nil
		}
	}
	for i, old := range m.messages[id] {
		if old.ID == asked && old.Card.Form.Answer != "" {
			return bridge.Message{}, bridge.ErrFormAnswered
		}
		if old.ID == asked {
			defer func() {
				card := *old.Card
				card.Form = &bridge.FormRef{Key: old.Card.Form.Key, Answer: m.messages[id][len(m.messages[id])-1].ID}
				m.conversations[id].Revision++
				m.messages[id][i].Card, m.messages[id][i].Revision = &card, m.conversations[id].Revision
			}()
		}
	}
	return m.append(m.conversations[id], bridge.Message{Direction: bridge.FromCitizenDirection, ClientID: in.ClientID, Text: string(in.Answers), Card: &bridge.Card{
		Kind: bridge.AnswersCard, Title: f.Title("de"), Form: &bridge.FormRef{Key: "hund"},
	}}), nil
}
