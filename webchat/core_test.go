package webchat_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
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

func (m *memory) Area(id bridge.ServiceAreaID) (bridge.ServiceArea, error) {
	for _, a := range m.Areas() {
		if a.ID == id {
			return a, nil
		}
	}
	return bridge.ServiceArea{}, bridge.ErrUnknownArea
}

func (m *memory) setDelayed(delayed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.delayed = delayed
}

func (m *memory) Delayed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.delayed
}
