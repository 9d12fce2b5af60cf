package webchat_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"schalter/bridge"
)

// A card is told by the stream and the history; the pages without JavaScript show a link.
func TestCards(t *testing.T) {
	h := newHouse(t)
	o := h.open(`{"service_area":"fundbuero","message":{"client_id":"a","text":"Grüezi"}}`)
	h.core.card(o.ID, "<b>Umzug</b>\nhttps://www.aarau.test/?a=1&b=2", bridge.Card{Kind: bridge.PageCard, Title: "<b>Umzug</b>", URL: "https://www.aarau.test/?a=1&b=2", Beside: true})
	e := h.stream(o, "")
	e.next("message")
	var told struct{ Card bridge.Card }
	if err := json.Unmarshal([]byte(e.next("message").data), &told); err != nil || told.Card.Title != "<b>Umzug</b>" || !told.Card.Beside {
		t.Errorf("stream %+v %v", told, err)
	}
	h.core.card(o.ID, "Bitte senden Sie uns: Pass\nVorderseite", bridge.Card{Kind: bridge.DocumentCard, Title: "Pass", Document: &bridge.Document{
		Hint: "Vorderseite", Answers: []bridge.DocumentAnswer{{Message: "01JZZZZZZZZZZZZZZZZZZZZZZZ", Name: "x.pdf", SHA256: strings.Repeat("0f", 32)}},
	}})
	history := h.get("/api/v1/conversations/"+string(o.ID)+"/messages", "Authorization", "Bearer "+o.Token)
	if !strings.Contains(string(history.body), `"card":{"kind":"page"`) {
		t.Errorf("history %s", history.body)
	}
	if want := `"document":{"hint":"Vorderseite","answers":[{"message":"01JZ`; !strings.Contains(string(history.body), want) {
		t.Errorf("history %s", history.body)
	}
	transcript := h.get("/api/v1/conversations/"+string(o.ID)+"/transcript", "Authorization", "Bearer "+o.Token)
	if want := `&lt;b&gt;Umzug&lt;/b&gt;<br><a href="https://www.aarau.test/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">`; transcript.status != http.StatusOK || !strings.Contains(string(transcript.body), want) {
		t.Errorf("transcript %s", transcript.body)
	}
}

// card has a clerk show something.
func (m *memory) card(id bridge.ConversationID, text string, card bridge.Card) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.append(m.conversations[id], bridge.Message{Direction: bridge.FromClerkDirection, Sender: "Nora Keller", Text: text, Card: &card})
}
