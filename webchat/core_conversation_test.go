package webchat_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"schalter/bridge"
)

// What the core of the handlers' tests knows of conversations.

func (m *memory) Close(ctx context.Context, id bridge.ConversationID) error {
	if err := m.enter(ctx, "Close"); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if c := m.conversations[id]; c.State != bridge.Closed {
		c.State, c.Life = bridge.Closed, bridge.Life{ClosedBy: bridge.ByCitizen, ReopenUntil: m.now.Add(time.Hour)}
	}
	m.hub.Notify(id)
	return nil
}

func (m *memory) Forget(ctx context.Context, id bridge.ConversationID) error {
	if err := m.enter(ctx, "Forget"); err != nil {
		return err
	}
	defer m.mu.Unlock()
	m.conversations[id].State = bridge.Closed
	maps.DeleteFunc(m.tokens, func(_ string, of bridge.ConversationID) bool { return of == id })
	m.hub.Notify(id)
	return nil
}

func (m *memory) Rate(ctx context.Context, id bridge.ConversationID, r bridge.Rating) error {
	if r.Score < 1 || r.Score > 5 {
		return &bridge.InvalidError{Field: "score", Reason: bridge.ReasonNotOffered}
	}
	if err := m.enter(ctx, "Rate"); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if m.conversations[id].State != bridge.Closed {
		return bridge.ErrNotClosed
	}
	m.rating = r
	return nil
}

func (m *memory) Stay(ctx context.Context, id bridge.ConversationID) error {
	if err := m.enter(ctx, "Stay"); err != nil {
		return err
	}
	defer m.mu.Unlock()
	m.idleEnds = time.Time{}
	m.hub.Notify(id)
	return nil
}

func (m *memory) Reopen(ctx context.Context, id bridge.ConversationID) (bridge.Conversation, error) {
	if err := m.enter(ctx, "Reopen"); err != nil {
		return bridge.Conversation{}, err
	}
	defer m.mu.Unlock()
	c := m.conversations[id]
	if c.State == bridge.Closed {
		c.State, c.Clerk, c.Life, m.notice = bridge.Waiting, "", bridge.Life{}, nil
	}
	return *c, nil
}

func (m *memory) Open(ctx context.Context, o bridge.Opening) (bridge.Opened, error) {
	if _, err := m.Area(o.Area); err != nil {
		return bridge.Opened{}, fmt.Errorf("open: %w", err)
	}
	if !slices.Contains(bridge.Languages, o.Language) {
		return bridge.Opened{}, &bridge.InvalidError{Field: "language", Reason: bridge.ReasonNotOffered}
	}
	if o.Message != nil {
		if err := check(*o.Message); err != nil {
			return bridge.Opened{}, err
		}
	}
	if err := m.enter(ctx, "Open"); err != nil {
		return bridge.Opened{}, err
	}
	defer m.mu.Unlock()
	m.opened = o
	token := bridge.NewID() + bridge.NewID()
	if before, ok := m.keys[o.Key]; ok && o.Key != "" {
		then := m.openings[o.Key]
		if then.Name != o.Name || then.Area != o.Area {
			return bridge.Opened{}, bridge.ErrKeyReused
		}
		m.tokens[token] = before.Conversation.ID
		before.Token, before.Repeated = token, true
		return before, nil
	}
	c := &bridge.Conversation{
		ID: bridge.ConversationID(bridge.NewID()), Number: int64(4711 + len(m.conversations)), Area: o.Area,
		State: bridge.Waiting, Name: o.Name, Language: o.Language, PageURL: o.PageURL, CreatedAt: time.Now(),
	}
	m.conversations[c.ID] = c
	m.tokens[token] = c.ID
	opened := bridge.Opened{Token: token}
	if o.Message != nil {
		message := m.append(c, bridge.Message{Direction: bridge.FromCitizenDirection, ClientID: o.Message.ClientID, Text: o.Message.Text})
		opened.Message = &message
	}
	opened.Conversation = *c
	m.keys[o.Key], m.openings[o.Key] = opened, o
	return opened, nil
}

func (m *memory) SetLanguage(ctx context.Context, id bridge.ConversationID, language string) error {
	if err := m.enter(ctx, "SetLanguage"); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if !slices.Contains(bridge.Languages, language) {
		return &bridge.InvalidError{Field: "language", Reason: bridge.ReasonNotOffered}
	}
	m.conversations[id].Language = language
	return nil
}

// change changes a conversation and tells, as a commit would.
func (m *memory) change(id bridge.ConversationID, f func(*bridge.Conversation)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(m.conversations[id])
	m.hub.Notify(id)
}

// end is what a clerk's closing does.
func (m *memory) end(id bridge.ConversationID) {
	m.change(id, func(c *bridge.Conversation) {
		c.State, c.Life = bridge.Closed, bridge.Life{ClosedBy: bridge.ByClerk, ReopenUntil: time.Now().Add(time.Hour)}
	})
}

func (m *memory) Authorize(ctx context.Context, id bridge.ConversationID, token string) (bridge.Conversation, error) {
	if err := m.enter(ctx, "Authorize"); err != nil {
		return bridge.Conversation{}, err
	}
	defer m.mu.Unlock()
	if m.tokens[token] != id {
		return bridge.Conversation{}, bridge.ErrUnauthorized
	}
	return *m.conversations[id], nil
}

func (m *memory) Look(ctx context.Context, id bridge.ConversationID) (bridge.Snapshot, error) {
	if err := m.enter(ctx, "Look"); err != nil {
		return bridge.Snapshot{}, err
	}
	defer m.mu.Unlock()
	c, ok := m.conversations[id]
	if !ok {
		return bridge.Snapshot{}, bridge.ErrNotFound
	}
	snapshot := bridge.Snapshot{Conversation: *c, Delayed: m.delayed, Hours: m.notice, IdleEndsAt: m.idleEnds}
	if c.State == bridge.Waiting {
		snapshot.ExpectedWait, snapshot.WaitKnown, snapshot.OfferRequest = m.expected, m.expected > 0, m.offer
		for other := range maps.Values(m.conversations) {
			if other.Area == c.Area && other.State == bridge.Waiting && other.Number <= c.Number {
				snapshot.Position++
			}
		}
	}
	return snapshot, nil
}

// TypingByCitizen and ReadByCitizen note what they were told.
func (m *memory) TypingByCitizen(c bridge.Conversation, writes bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.typed = append(m.typed, writes)
}

func (m *memory) ReadByCitizen(ctx context.Context, c bridge.Conversation, seq int64) error {
	if err := m.enter(ctx, "ReadByCitizen"); err != nil {
		return err
	}
	defer m.mu.Unlock()
	m.read = append(m.read, seq)
	return nil
}

// signals returns what was told of typing and reading so far.
func (m *memory) signals() ([]bool, []int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.typed), slices.Clone(m.read)
}

func (m *memory) ClerkPicture(ctx context.Context, c bridge.Conversation) (bridge.Picture, error) {
	if err := m.enter(ctx, "ClerkPicture"); err != nil {
		return bridge.Picture{}, err
	}
	defer m.mu.Unlock()
	m.pictured++
	if c.ClerkID == "" {
		return bridge.Picture{}, bridge.ErrNotFound
	}
	if m.picture != nil {
		return bridge.Picture{Type: "image/png", Data: m.picture}, nil
	}
	return bridge.Picture{Type: "image/png", Data: []byte("\x89PNG of " + string(c.ClerkID))}, nil
}

func (m *memory) state(id bridge.ConversationID) bridge.State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.conversations[id].State
}

// only returns the one conversation there is.
func (m *memory) only(t *testing.T) bridge.ConversationID {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.conversations) != 1 {
		t.Fatalf("%d conversations, want one", len(m.conversations))
	}
	for id := range m.conversations {
		return id
	}
	return ""
}

// count is how many conversations there are.
func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.conversations)
}
