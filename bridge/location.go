package bridge

import (
	"context"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// LocationCard asks the citizen to show on which page of the city's site they are.
const LocationCard CardKind = "location"

// Location is what a citizen shows of the page they are on. It is theirs to show, and to take back.
type Location struct {
	// Shared: they agree, and the page is told whenever they come to another one.
	Shared bool `json:"shared,omitempty"`
	// Title of the page, at most MaxLocationTitle characters; may be empty.
	Title string `json:"title,omitempty"`
	// URL is origin and path of the page, never query or fragment; at most MaxPageURL bytes.
	URL string `json:"url,omitempty"`
	// At is when they came there; UTC.
	At time.Time `json:"at,omitzero"`
}

// MaxLocationTitle is the longest title of a page, in characters.
const MaxLocationTitle = 200

// locationByOrder asks the citizen to show their page: !wo. Where they have been asked already, it says what
// has come of it; those who don't want to are not asked over and over.
func (b *Bridge) locationByOrder(tx Tx, o order) (string, error) {
	switch {
	case !o.area.Staffs(o.by):
		return o.words.say("wrong_not_staffed", nil), nil
	case o.c.State == Closed:
		return o.words.say("room_closed_already", nil), nil
	}
	cards, err := tx.Cards(o.c.ID)
	if err != nil {
		return "", err
	}
	for _, m := range cards {
		if m.asksForLocation() {
			return b.locationNotice(o.words, *m.Card.Location), nil
		}
	}
	words := b.citizens[o.c.Language]
	m := Message{ID: MessageID(NewID()), Text: words.say("location_asked", nil)}
	m.Card = &Card{Kind: LocationCard, Title: words.say("location_title", nil), Location: &Location{}}
	if _, err := b.sendByOrder(tx, o, m); err != nil {
		return "", err
	}
	return "", b.enqueueDocument(tx, *o.c, PostDocument, string(m.ID), m.ID)
}

// locationNotice is the page as clerks see it.
func (b *Bridge) locationNotice(words *texts, at Location) string {
	switch {
	case at.At.IsZero():
		return words.say("location_open", nil)
	case !at.Shared:
		return words.say("location_hidden", map[string]string{"Time": words.clock(at.At.In(b.zone))})
	}
	page := at.URL
	if at.Title != "" {
		page = at.Title + " · " + page
	}
	return words.say("location_shown", map[string]string{"Page": page, "Time": words.clock(at.At.In(b.zone))})
}

func (m Message) asksForLocation() bool {
	return m.Card != nil && m.Card.Kind == LocationCard && m.Card.Location != nil
}

// ShowLocation notes on which page of the city's site the citizen is, as they agree to by answering the message
// that asked for it; clerks see it at once. The same page again changes nothing.
// Errors: *InvalidError for title or path, ErrUnknownMessage for one that doesn't ask, ErrConversationClosed,
// ErrUnavailable.
func (b *Bridge) ShowLocation(ctx context.Context, id ConversationID, asked MessageID, title, page string) (Message, error) {
	if !utf8.ValidString(title) {
		return Message{}, &InvalidError{Field: "title", Reason: ReasonEncoding}
	}
	title = strings.Join(strings.Fields(strings.Map(straight, title)), " ")
	if err := checkText("title", title, MaxLocationTitle, false); err != nil {
		return Message{}, err
	}
	u, err := url.Parse(page)
	switch {
	case len(page) > MaxPageURL:
		return Message{}, &InvalidError{Field: "path", Reason: ReasonTooLong}
	case err != nil || !strings.HasPrefix(u.Path, "/") || strings.ContainsAny(page, "?#") || u.User != nil || u.Opaque != "":
		return Message{}, &InvalidError{Field: "path", Reason: ReasonMalformed}
	}
	return b.locate(ctx, id, asked, Location{Shared: true, Title: title, URL: u.String()})
}

// HideLocation has the citizen's page no longer be shown; what the room said of it is replaced there.
// Errors: as ShowLocation.
func (b *Bridge) HideLocation(ctx context.Context, id ConversationID, asked MessageID) (Message, error) {
	return b.locate(ctx, id, asked, Location{})
}

func (b *Bridge) locate(ctx context.Context, id ConversationID, asked MessageID, at Location) (Message, error) {
	m, err := b.amend(ctx, id, asked, func(tx Tx, c *Conversation, m Message, now time.Time) (amendment, error) {
		if !m.asksForLocation() {
			return amendment{}, ErrUnknownMessage
		}
		if have := m.Card.Location; have.Shared == at.Shared && have.Title == at.Title && have.URL == at.URL {
			return amendment{message: m}, nil
		}
		if c.State == Closed && at.Shared {
			return amendment{}, ErrConversationClosed
		}
		at.At = now.UTC().Truncate(time.Millisecond)
		m.Card.Location = &at
		m, err := saveChanged(tx, c, m)
		if err != nil {
			return amendment{}, err
		}
		return amendment{message: m}, b.enqueueDocument(tx, *c, EditDocument, NewID(), m.ID)
	})
	if err == nil {
		b.Wake()
	}
	return m, err
}
