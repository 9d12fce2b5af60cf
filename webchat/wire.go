package webchat

import (
	"time"

	"schalter/bridge"
)

// areaRef names a service area beside something else.
type areaRef struct {
	ID   bridge.ServiceAreaID `json:"id"`
	Name string               `json:"name"`
}

func (s *Server) areaRef(id bridge.ServiceAreaID, lang string) areaRef {
	area, err := s.core.Area(id)
	if err != nil {
		// An area that was taken out of the config still has conversations.
		return areaRef{ID: id, Name: string(id)}
	}
	return areaRef{ID: id, Name: area.NameIn(lang)}
}

// conversationJSON is a conversation as it stands now.
type conversationJSON struct {
	ID          bridge.ConversationID `json:"id"`
	Number      int64                 `json:"number"`
	State       bridge.State          `json:"state"`
	ServiceArea areaRef               `json:"service_area"`
	// Clerk is null while nobody serves the citizen.
	Clerk *string `json:"clerk"`
	// ClerkAvatar is the path of the clerk's picture, if there is one; null while nobody serves.
	ClerkAvatar *string `json:"clerk_avatar"`
	// QueuePosition counts from 1; null unless the conversation waits.
	QueuePosition *int `json:"queue_position"`
	// ExpectedWait is null unless the conversation waits and it is known.
	ExpectedWait *int `json:"expected_wait_seconds"`
	// OfferRequest: it has waited for long; the citizen may rather leave a request.
	OfferRequest bool  `json:"offer_request"`
	LastSeq      int64 `json:"last_seq"`
	DeliveredSeq int64 `json:"delivered_seq"`
	// ReadSeq: up to here a clerk has read the citizen's messages.
	ReadSeq int64 `json:"read_seq"`
	Delayed bool  `json:"delayed"`
	// Closing is null while the end of the opening is far.
	Closing *closingJSON `json:"closing"`
	// ClosedBy and ReopenUntil are null unless the conversation is closed.
	ClosedBy    *bridge.Closer `json:"closed_by"`
	ReopenUntil *time.Time     `json:"reopen_until"`
	// Files that can be sent now; null for none.
	Files *filesJSON `json:"files"`
	// Idle is null until the citizen is warned.
	Idle *idleJSON `json:"idle"`
}

func (s *Server) conversationJSON(snapshot bridge.Snapshot, lang string) conversationJSON {
	c := snapshot.Conversation
	out := conversationJSON{
		ID: c.ID, Number: c.Number, State: c.State, ServiceArea: s.areaRef(c.Area, lang),
		LastSeq: c.LastSeq, DeliveredSeq: c.DeliveredSeq, ReadSeq: c.ReadSeq, Delayed: snapshot.Delayed,
		Closing: s.closingJSON(snapshot, lang), Idle: s.idleJSON(snapshot, lang),
	}
	if c.Clerk != "" {
		out.Clerk = &c.Clerk
	}
	out.ClerkAvatar = clerkAvatar(c)
	out.Files = s.filesTaken(c)
	if c.State == bridge.Closed {
		until := wireTime(c.Life.ReopenUntil)
		out.ClosedBy, out.ReopenUntil = &c.Life.ClosedBy, &until
	}
	if snapshot.Position > 0 {
		out.QueuePosition = &snapshot.Position
	}
	out.ExpectedWait, out.OfferRequest = seconds(snapshot.ExpectedWait, snapshot.WaitKnown), snapshot.OfferRequest
	return out
}

// What has become of a citizen's message.
const (
	stored    = "stored"
	delivered = "delivered"
	failed    = "failed"
)

func stateOf(m bridge.Message) string {
	switch {
	case m.Direction != bridge.FromCitizenDirection:
		return ""
	case m.Failed:
		return failed
	case m.Event != "":
		return delivered
	}
	return stored
}

// receiptJSON answers a citizen's message. The text is not repeated: the browser has it.
type receiptJSON struct {
	ID        bridge.MessageID `json:"id"`
	Seq       int64            `json:"seq"`
	State     string           `json:"state"`
	ClientID  string           `json:"client_id"`
	CreatedAt time.Time        `json:"created_at"`
}

func receipt(m bridge.Message) receiptJSON {
	return receiptJSON{ID: m.ID, Seq: m.Seq, State: stateOf(m), ClientID: m.ClientID, CreatedAt: wireTime(m.CreatedAt)}
}

// messageJSON is one entry of the history and of the stream.
type messageJSON struct {
	ID        bridge.MessageID `json:"id"`
	Seq       int64            `json:"seq"`
	Direction bridge.Direction `json:"direction"`
	// Kind is "file" with File; a text has none.
	Kind string    `json:"kind,omitempty"`
	File *fileJSON `json:"file,omitempty"`
	// ClientID and State go with the citizen's messages, Sender and HTML with a clerk's.
	ClientID  string    `json:"client_id,omitempty"`
	State     string    `json:"state,omitempty"`
	Sender    string    `json:"sender,omitempty"`
	Text      string    `json:"text"`
	HTML      string    `json:"html,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	// Language is the conversation's when it was written; absent for old ones.
	Language string `json:"language,omitempty"`
	// Emote: said of oneself.
	Emote   bool       `json:"emote,omitempty"`
	ReplyTo *quoteJSON `json:"reply_to,omitempty"`
	// EditedAt is when it got its present text.
	EditedAt *time.Time `json:"edited_at,omitempty"`
	// Deleted: nothing of what it said is left.
	Deleted   bool           `json:"deleted,omitempty"`
	Reactions []reactionJSON `json:"reactions,omitempty"`
	// Card says the same as Text, to be shown as something to act on.
	Card *bridge.Card `json:"card,omitempty"`
}

// quoteJSON is the message that another one answers, as it is now.
type quoteJSON struct {
	ID        bridge.MessageID `json:"id"`
	Seq       int64            `json:"seq"`
	Direction bridge.Direction `json:"direction"`
	Sender    string           `json:"sender,omitempty"`
	Text      string           `json:"text"`
	Deleted   bool             `json:"deleted,omitempty"`
}

type reactionJSON struct {
	Key   string `json:"key"`
	Count int    `json:"count"`
	Mine  bool   `json:"mine"`
}

func messageOf(m bridge.Message) messageJSON {
	out := messageJSON{
		ID: m.ID, Seq: m.Seq, Direction: m.Direction, Kind: kindOf(m), File: fileOf(m), ClientID: m.ClientID, State: stateOf(m),
		Sender: m.Sender, Text: m.Text, HTML: m.HTML, CreatedAt: wireTime(m.CreatedAt), Emote: m.Emote, Deleted: m.Deleted(), Card: m.Card, Language: m.Language,
	}
	if q := m.Quote; q.Seq > 0 {
		out.ReplyTo = &quoteJSON{ID: m.ReplyTo, Seq: q.Seq, Direction: q.Direction, Sender: q.Sender, Text: q.Text, Deleted: q.Deleted}
	}
	if !m.EditedAt.IsZero() {
		at := wireTime(m.EditedAt)
		out.EditedAt = &at
	}
	for _, r := range m.Reactions {
		out.Reactions = append(out.Reactions, reactionJSON(r))
	}
	return out
}

func wireTime(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
