package webchat_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"schalter/bridge"
)

// What the core of the handlers' tests knows of files.

func (m *memory) TicketFor(ctx context.Context, id bridge.ConversationID, file bridge.MessageID) (string, error) {
	if err := m.enter(ctx, "TicketFor"); err != nil {
		return "", err
	}
	defer m.mu.Unlock()
	for _, msg := range m.messages[id] {
		if msg.ID == file && msg.File != nil {
			return "t-" + string(file), nil
		}
	}
	return "", bridge.ErrUnknownFile
}

func (m *memory) fileBy(ctx context.Context, method string, id bridge.ConversationID, file bridge.MessageID, ticket string) (bridge.File, error) {
	if err := m.enter(ctx, method); err != nil {
		return bridge.File{}, err
	}
	defer m.mu.Unlock()
	for _, msg := range m.messages[id] {
		if msg.ID == file && msg.File != nil && ticket == "t-"+string(file) {
			return *msg.File, nil
		}
	}
	return bridge.File{}, bridge.ErrUnknownFile
}

// FileContent is the file's own URI, as text.
func (m *memory) FileContent(ctx context.Context, id bridge.ConversationID, file bridge.MessageID, ticket string) (bridge.Content, error) {
	f, err := m.fileBy(ctx, "FileContent", id, file, ticket)
	if err != nil {
		return bridge.Content{}, err
	}
	size := int64(len(f.URI))
	if f.Size == 0 {
		size = -1
	}
	return bridge.Content{File: f, Size: size, Body: io.NopCloser(strings.NewReader(string(f.URI)))}, nil
}

func (m *memory) FilePreview(ctx context.Context, id bridge.ConversationID, file bridge.MessageID, ticket string) (bridge.Picture, error) {
	f, err := m.fileBy(ctx, "FilePreview", id, file, ticket)
	if err == nil && !f.Previewed() {
		err = bridge.ErrUnknownFile
	}
	if m.picture != nil {
		return bridge.Picture{Type: "image/png", Data: m.picture}, err
	}
	return bridge.Picture{Type: "image/png", Data: []byte("\x89PNG of " + f.Name)}, err
}

// Fingerprints knows those of citizens' files.
func (m *memory) Fingerprints(ctx context.Context, id bridge.ConversationID) ([]bridge.Message, error) {
	if err := m.enter(ctx, "Fingerprints"); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var out []bridge.Message
	for _, message := range m.messages[id] {
		if message.File != nil {
			out = append(out, message)
		}
	}
	return out, nil
}

func (m *memory) FileFromCitizen(ctx context.Context, id bridge.ConversationID, in bridge.NewFile) (bridge.Message, error) {
	data, err := io.ReadAll(in.Body)
	if err != nil {
		return bridge.Message{}, err
	}
	if err := m.enter(ctx, "FileFromCitizen"); err != nil {
		return bridge.Message{}, err
	}
	defer m.mu.Unlock()
	return m.append(m.conversations[id], bridge.Message{
		Direction: bridge.FromCitizenDirection, ClientID: in.ClientID, Text: in.Name,
		File: &bridge.File{
			Name: in.Name, Type: "application/pdf", Size: int64(len(data)), URI: bridge.MediaURI(data), Request: in.Request, Verdict: m.verdict, SHA256: fmt.Sprintf("%x", sha256.Sum256(data)),
		},
	}), nil
}
