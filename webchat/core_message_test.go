package webchat_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"schalter/bridge"
)

// What the core of the handlers' tests knows of messages.

func check(in bridge.CitizenMessage) error {
	switch {
	case in.ClientID == "":
		return &bridge.InvalidError{Field: "client_id", Reason: bridge.ReasonMalformed}
	case in.Text == "":
		return &bridge.InvalidError{Field: "text", Reason: bridge.ReasonRequired}
	case len([]rune(in.Text)) > bridge.MaxText:
		return &bridge.InvalidError{Field: "text", Reason: bridge.ReasonTooLong}
	case strings.ContainsRune(in.Text, 0):
		return &bridge.InvalidError{Field: "text", Reason: bridge.ReasonControl}
	}
	return nil
}

func (m *memory) append(c *bridge.Conversation, message bridge.Message) bridge.Message {
	c.LastSeq++
	message.ID, message.Conversation, message.Seq = bridge.MessageID(bridge.NewID()), c.ID, c.LastSeq
	message.CreatedAt, message.Language = time.Now(), c.Language
	m.messages[c.ID] = append(m.messages[c.ID], message)
	m.hub.Notify(c.ID)
	return message
}

func (m *memory) FromCitizen(ctx context.Context, id bridge.ConversationID, in bridge.CitizenMessage) (bridge.Message, error) {
	if err := check(in); err != nil {
		return bridge.Message{}, err
	}
	if err := m.enter(ctx, "FromCitizen"); err != nil {
		return bridge.Message{}, err
	}
	defer m.mu.Unlock()
	for _, old := range m.messages[id] {
		if old.ClientID == in.ClientID {
			if old.Text != in.Text {
				return bridge.Message{}, bridge.ErrClientIDReused
			}
			return old, nil
		}
	}
	c := m.conversations[id]
	if c.State == bridge.Closed {
		return bridge.Message{}, bridge.ErrConversationClosed
	}
	return m.append(c, bridge.Message{Direction: bridge.FromCitizenDirection, ClientID: in.ClientID, Text: in.Text, ReplyTo: in.ReplyTo}), nil
}

func (m *memory) EditFromCitizen(ctx context.Context, id bridge.ConversationID, message bridge.MessageID, in bridge.CitizenMessage) (bridge.Message, error) {
	if err := check(in); err != nil {
		return bridge.Message{}, err
	}
	return m.own(ctx, id, message, func(old *bridge.Message) { old.Text, old.EditedAt = in.Text, m.now })
}

func (m *memory) DeleteFromCitizen(ctx context.Context, id bridge.ConversationID, message bridge.MessageID) (bridge.Message, error) {
	return m.own(ctx, id, message, func(old *bridge.Message) { old.Text, old.DeletedAt = "", m.now })
}

func (m *memory) ReactFromCitizen(ctx context.Context, id bridge.ConversationID, message bridge.MessageID, key string) (bridge.Message, error) {
	return m.own(ctx, id, message, func(old *bridge.Message) { old.Reactions = []bridge.ReactionCount{{Key: key, Count: 1, Mine: true}} })
}

func (m *memory) ShowLocation(ctx context.Context, id bridge.ConversationID, asked bridge.MessageID, title, page string) (bridge.Message, error) {
	return m.own(ctx, id, asked, func(old *bridge.Message) {
		old.Card.Location = &bridge.Location{Shared: true, Title: title, URL: page, At: m.now}
	})
}

func (m *memory) HideLocation(ctx context.Context, id bridge.ConversationID, asked bridge.MessageID) (bridge.Message, error) {
	return m.own(ctx, id, asked, func(old *bridge.Message) { old.Card.Location = &bridge.Location{At: m.now} })
}

func (m *memory) UnreactFromCitizen(ctx context.Context, id bridge.ConversationID, message bridge.MessageID, _ string) (bridge.Message, error) {
	return m.own(ctx, id, message, func(old *bridge.Message) { old.Reactions = nil })
}

// own changes a message of the citizen's.
func (m *memory) own(ctx context.Context, id bridge.ConversationID, message bridge.MessageID, f func(*bridge.Message)) (bridge.Message, error) {
	if err := m.enter(ctx, "Amend"); err != nil {
		return bridge.Message{}, err
	}
	defer m.mu.Unlock()
	for i := range m.messages[id] {
		if m.messages[id][i].ID == message {
			m.conversations[id].Revision++
			m.messages[id][i].Revision = m.conversations[id].Revision
			f(&m.messages[id][i])
			m.hub.Notify(id)
			return m.messages[id][i], nil
		}
	}
	return bridge.Message{}, bridge.ErrUnknownMessage
}

// fromClerk is what arrives from Matrix.
func (m *memory) fromClerk(id bridge.ConversationID, sender, text string) bridge.Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.conversations[id]
	c.State, c.Clerk = bridge.Active, sender
	return m.append(c, bridge.Message{Direction: bridge.FromClerkDirection, Sender: sender, Text: text, Event: "$e"})
}

// deliver is what an echo does to all of the citizen's messages.
func (m *memory) deliver(id bridge.ConversationID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.messages[id] {
		m.messages[id][i].Event = "$e"
	}
	m.conversations[id].DeliveredSeq = m.conversations[id].LastSeq
	m.hub.Notify(id)
}

func (m *memory) History(ctx context.Context, id bridge.ConversationID, after int64, limit int) ([]bridge.Message, error) {
	if err := m.enter(ctx, "History"); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var out []bridge.Message
	for _, message := range m.messages[id] {
		if message.Seq > after && len(out) < limit {
			out = append(out, message)
		}
	}
	return out, nil
}

func (m *memory) Changed(ctx context.Context, id bridge.ConversationID, since, after, upTo int64, limit int) ([]bridge.Message, error) {
	if err := m.enter(ctx, "Changed"); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var out []bridge.Message
	for _, message := range m.messages[id] {
		if message.Revision > since && message.Seq > after && message.Seq <= upTo && len(out) < limit {
			out = append(out, message)
		}
	}
	return out, nil
}

// amend changes a message and tells, as a commit would.
func (m *memory) amend(id bridge.ConversationID, seq int64, f func(*bridge.Message)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conversations[id].Revision++
	message := &m.messages[id][seq-1]
	message.Revision = m.conversations[id].Revision
	f(message)
	m.hub.Notify(id)
}

// fromClerkHTML is formatted text, as it comes out of the sanitiser or, in a test of the browser's
// own care, as nobody has sanitised it.
func (m *memory) fromClerkHTML(id bridge.ConversationID, sender, html string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.conversations[id]
	c.State, c.Clerk = bridge.Active, sender
	m.append(c, bridge.Message{Direction: bridge.FromClerkDirection, Sender: sender, Text: "…", HTML: html, Event: "$e"})
}

func (m *memory) messagesOf(id bridge.ConversationID) []bridge.Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages[id])
}
