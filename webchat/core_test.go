package webchat_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"schalter/bridge"
	"schalter/bridge/form"
	"schalter/bridge/openinghours"
	"schalter/config"
	"schalter/webchat"
)

// memory is a core without a database, for the handlers' tests. The rules of a citizen's input are
// bridge's own and tested there; this one knows just enough of them to be refused by.
type memory struct {
	hub *webchat.Hub

	mu            sync.Mutex
	areas         []bridge.ServiceArea
	conversations map[bridge.ConversationID]*bridge.Conversation
	tokens        map[string]bridge.ConversationID
	keys          map[string]bridge.Opened
	openings      map[string]bridge.Opening
	messages      map[bridge.ConversationID][]bridge.Message
	forms         map[bridge.MessageID]*form.Form
	delayed       bool
	// expected is how long one waits, and offer whether it has been long.
	expected time.Duration
	offer    bool
	now      time.Time
	notice   *bridge.HoursNotice
	idleEnds time.Time
	rating   bridge.Rating
	verdict  bridge.Verdict
	mail     bool
	left     []bridge.NewRequest
	typed    []bool
	read     []int64
	// picture is what clerks look like; nil is no picture that a browser could read.
	picture []byte
	// pictured counts who asked for one.
	pictured int
	// fail, by method, is what the next calls come to.
	fail map[string]error
	// failed, by method, counts those calls.
	failed map[string]int
	// hold, by method, makes calls wait until it is closed.
	hold map[string]chan struct{}
	held map[string]int
	// opened is the last opening.
	opened bridge.Opening
}

var _ webchat.Core = (*memory)(nil)

// hours reads a line of hours as meant in Aarau.
func hours(spec string) *openinghours.Hours {
	h, err := config.City{TimeZone: "Europe/Zurich", Holidays: "ch-ag-aarau"}.OpeningHours(spec)
	if err != nil {
		panic(err)
	}
	return h
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func newMemory(hub *webchat.Hub) *memory {
	names := func(de, fr string) map[string]string { return map[string]string{"de": de, "fr": fr} }
	return &memory{
		hub: hub,
		now: at("2026-11-23T09:00:00+01:00"), // a Monday
		areas: []bridge.ServiceArea{
			{ID: "einwohnerkontrolle", Name: names("Einwohnerkontrolle", "Contrôle des habitants"), Description: names("Anmelden, abmelden, umziehen", "Arrivée, départ"), Hours: hours("Mo-Fr 08:00-11:30,14:00-17:00; PH off"), CounterHours: hours("Sa[1,3] 09:30-11:30"), Clerks: []bridge.UserID{"@nora:localhost"}},
			{ID: "einbuergerungen", Name: names("Einbürgerungen", "Naturalisations"), Description: names("Gesuch, Unterlagen, Ablauf", "Demande"), Clerks: []bridge.UserID{"@nora:localhost"}},
			{ID: "hundekontrolle", Name: names("Hundekontrolle", "Chiens"), Description: names("Hund an- oder abmelden", "Chiens"), Clerks: []bridge.UserID{"@nora:localhost"}},
			{ID: "fundbuero", Name: names("Fundbüro", "Objets trouvés"), Description: names("Verloren oder gefunden", "Perdu ou trouvé"), Clerks: []bridge.UserID{"@nora:localhost"}},
			{ID: "allgemein", Name: names("Allgemeine Fragen", "Questions"), Description: names("Alles andere", "Le reste"), Clerks: []bridge.UserID{"@nora:localhost"}},
		},
		conversations: map[bridge.ConversationID]*bridge.Conversation{}, forms: map[bridge.MessageID]*form.Form{},
		tokens:   map[string]bridge.ConversationID{},
		keys:     map[string]bridge.Opened{},
		openings: map[string]bridge.Opening{},
		messages: map[bridge.ConversationID][]bridge.Message{},
		fail:     map[string]error{},
		failed:   map[string]int{},
		hold:     map[string]chan struct{}{},
		held:     map[string]int{},
	}
}

// setFail makes a method fail from now on; nil mends it.
func (m *memory) setFail(method string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail[method] = err
}

// enter locks; it gives up the lock again when the method is to fail.
func (m *memory) enter(ctx context.Context, method string) error {
	m.mu.Lock()
	if gate := m.hold[method]; gate != nil {
		m.held[method]++
		m.mu.Unlock()
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
		m.mu.Lock()
	}
	if err := m.fail[method]; err != nil {
		m.failed[method]++
		m.mu.Unlock()
		if err == errPanic {
			panic("marker-panic-text")
		}
		return fmt.Errorf("%s: %w", strings.ToLower(method), err)
	}
	return nil
}

// attempts is how many calls of a method have failed.
func (m *memory) attempts(method string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failed[method]
}

// isHeld reports whether a call of the method waits, or has waited, for its gate.
func (m *memory) isHeld(method string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held[method] > 0
}

var errPanic = errors.New("panic")

func (m *memory) Areas() []bridge.ServiceArea {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.areas)
}

func (m *memory) ExpectedWait(bridge.ServiceAreaID) (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.expected, m.expected > 0
}

func (m *memory) AnswersByMail() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mail
}

func (m *memory) LeaveRequest(ctx context.Context, in bridge.NewRequest) (bridge.LeftRequest, error) {
	if _, err := m.Area(in.Area); err != nil {
		return bridge.LeftRequest{}, err
	}
	if in.Text == "" {
		return bridge.LeftRequest{}, &bridge.InvalidError{Field: "text", Reason: bridge.ReasonRequired}
	}
	if err := m.enter(ctx, "LeaveRequest"); err != nil {
		return bridge.LeftRequest{}, err
	}
	defer m.mu.Unlock()
	m.left = append(m.left, in)
	return bridge.LeftRequest{Token: bridge.NewID(), Request: bridge.Request{
		ID: bridge.RequestID(bridge.NewID()), Number: 4711, Area: in.Area, Language: in.Language, Email: in.Email, Phone: in.Phone, Text: in.Text,
	}}, nil
}

func (m *memory) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// set moves the clock, or changes what else stands in the core, and tells as the core does.
func (m *memory) set(f func()) {
	m.mu.Lock()
	f()
	m.mu.Unlock()
	m.hub.Notify(bridge.AreasNews)
}

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

func (m *memory) Area(id bridge.ServiceAreaID) (bridge.ServiceArea, error) {
	for _, a := range m.Areas() {
		if a.ID == id {
			return a, nil
		}
	}
	return bridge.ServiceArea{}, bridge.ErrUnknownArea
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

func (m *memory) setDelayed(delayed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.delayed = delayed
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

func (m *memory) Delayed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.delayed
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

// count is how many conversations there are.
func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.conversations)
}

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
