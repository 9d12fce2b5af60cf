package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"schalter/bridge/form"
)

// The cards of forms: a FormCard asks the citizen to fill in a form, an AnswersCard marks the citizen's
// message that has the answers, which its text says.
const (
	FormCard    CardKind = "form"
	AnswersCard CardKind = "answers"
)

// FormRef says which form a card is about; the card's title is the form's.
type FormRef struct {
	Key string `json:"key"`
	// Answer is the citizen's message with the answers; of a FormCard, empty while there are none.
	Answer MessageID `json:"answer,omitempty"`
}

// AreaForm is a form that an area's clerks send by its key.
type AreaForm struct {
	Key  string
	Form *form.Form
}

// SentForm is a form as it was sent. What the config says later does not change it.
type SentForm struct {
	// Message asks for it.
	Message MessageID
	Key     string
	// Source is what form.Parse reads.
	Source []byte
	// Digest is a hash of the answers; empty while there are none.
	Digest []byte
}

// FormTx is what Tx keeps of forms.
type FormTx interface {
	AddForm(SentForm) error
	// SaveDigest notes a hash of what a form was answered with.
	SaveDigest(form MessageID, digest []byte) error
	// SentForm is the form of a message. ErrNotFound when it has none.
	SentForm(MessageID) (SentForm, error)
}

// FormStore is what Store reads of forms.
type FormStore interface {
	// SentForm as FormTx's.
	SentForm(context.Context, MessageID) (SentForm, error)
}

func (m Message) asksForForm() bool {
	return m.Card != nil && m.Card.Kind == FormCard && m.Card.Form != nil
}

// formByOrder sends the citizen a form: !formular KEY. Without a key it lists the area's forms, and those that
// were sent.
func (b *Bridge) formByOrder(tx Tx, o order) (string, error) {
	switch {
	case !o.area.Staffs(o.by):
		return o.words.say("wrong_not_staffed", nil), nil
	case o.rest == "":
		return listForms(tx, o)
	case o.c.State == Closed:
		return o.words.say("room_closed_already", nil), nil
	}
	i := slices.IndexFunc(o.area.Forms, func(f AreaForm) bool { return strings.EqualFold(f.Key, o.rest) })
	if i < 0 {
		return "", wrong("form_key", "Name", clip(o.rest), "Names", formKeys(o.area))
	}
	f := o.area.Forms[i]
	title := f.Form.Title(o.c.Language)
	said := []string{b.citizens[o.c.Language].say("form_asked", map[string]string{"Name": title})}
	for _, one := range f.Form.Fields(o.c.Language, b.now()) {
		said = append(said, "– "+one.Title)
	}
	m := Message{ID: MessageID(NewID()), Text: strings.Join(said, "\n"), Card: &Card{Kind: FormCard, Title: title, Form: &FormRef{Key: f.Key}}}
	if _, err := b.sendByOrder(tx, o, m); err != nil {
		return "", err
	}
	if err := tx.AddForm(SentForm{Message: m.ID, Key: f.Key, Source: f.Form.Source()}); err != nil {
		return "", err
	}
	return "", b.enqueueDocument(tx, *o.c, PostDocument, string(m.ID), m.ID)
}

func formKeys(a ServiceArea) string {
	var keys []string
	for _, f := range a.Forms {
		keys = append(keys, f.Key)
	}
	if len(keys) == 0 {
		return "–"
	}
	return strings.Join(keys, ", ")
}

func listForms(tx Tx, o order) (string, error) {
	var out []string
	for _, f := range o.area.Forms {
		out = append(out, "!"+o.words.spell(sendForm)+" "+f.Key+" – "+f.Form.Title(o.words.lang))
	}
	if len(out) == 0 {
		out = []string{o.words.say("forms_none", nil)}
	}
	cards, err := tx.Cards(o.c.ID)
	if err != nil {
		return "", err
	}
	for _, m := range cards {
		if m.asksForForm() {
			out = append(out, formNotice(o.words, *m.Card))
		}
	}
	return strings.Join(out, "\n"), nil
}

// formNotice is a form that was sent, as clerks see it.
func formNotice(words *texts, card Card) string {
	data := map[string]string{"Name": card.Title}
	if card.Form.Answer != "" {
		return words.say("form_come", data)
	}
	return words.say("form_open", data)
}

// Form is what a message asks the citizen to fill in, and the day that counts for it.
// Errors: ErrUnknownMessage when it asks for none, ErrUnavailable.
func (b *Bridge) Form(ctx context.Context, id ConversationID, asked MessageID) (*form.Form, time.Time, error) {
	m, err := b.store.Message(ctx, asked)
	if errors.Is(err, ErrNotFound) || err == nil && (m.Conversation != id || !m.asksForForm()) {
		err = ErrUnknownMessage
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("find form: %w", err)
	}
	sent, err := b.store.SentForm(ctx, asked)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read form: %w", err)
	}
	f, err := form.Parse(sent.Source)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read form: %w", err)
	}
	return f, b.now().In(b.zone), nil
}
