package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// DocumentCard asks the citizen for a document, which its title names.
const DocumentCard CardKind = "document"

// Document is what a DocumentCard asks for, and what has come. It is open while nothing has.
type Document struct {
	// Hint is what the clerk said about it, at most MaxDocumentHint characters; may be empty.
	Hint string `json:"hint,omitempty"`
	// Answers are the files that answer it, in the order in which they came.
	Answers []DocumentAnswer `json:"answers,omitempty"`
}

// DocumentAnswer is a file that answers a request for a document: the receipt, for both sides.
type DocumentAnswer struct {
	Message MessageID `json:"message"`
	Name    string    `json:"name"`
	// SHA256 of the file as it is in the room, in hexadecimal.
	SHA256 string `json:"sha256"`
}

// Bounds of a request for a document, in characters.
const (
	MaxDocumentName = 80
	MaxDocumentHint = 300
)

// DocumentTx is what Tx reads for documents.
type DocumentTx interface {
	// Cards are the messages of a conversation that show a card, in order.
	Cards(ConversationID) ([]Message, error)
}

// documentByOrder asks the citizen for a document: !dokument NAME [hint]; a name of several words stands
// in quotes. Without a name it lists what was asked for.
func (b *Bridge) documentByOrder(tx Tx, o order) (string, error) {
	switch {
	case !o.area.Staffs(o.by):
		return o.words.say("wrong_not_staffed", nil), nil
	case o.rest == "":
		return listDocuments(tx, o)
	case o.c.State == Closed:
		return o.words.say("room_closed_already", nil), nil
	case !o.area.Files.Taken():
		return o.words.say("document_no_files", nil), nil
	}
	name, hint, err := readDocument(o.rest)
	if err != nil {
		return "", err
	}
	text := b.citizens[o.c.Language].say("document_asked", map[string]string{"Name": name})
	if hint != "" {
		text += "\n" + hint
	}
	m := Message{ID: MessageID(NewID()), Text: text, Card: &Card{Kind: DocumentCard, Title: name, Document: &Document{Hint: hint}}}
	if _, err := b.sendByOrder(tx, o, m); err != nil {
		return "", err
	}
	return "", b.enqueueDocument(tx, *o.c, PostDocument, string(m.ID), m.ID)
}

// readDocument reads "NAME [hint]". The error is a *commandError.
func readDocument(rest string) (name, hint string, err error) {
	var said []string
	for i, w := range fields(strings.Map(straight, rest)) {
		text := strings.Join(strings.Fields(w.text), " ")
		switch {
		case i == 0:
			name = text
		case w.quoted:
			said = append(said, "«"+text+"»")
		default:
			said = append(said, text)
		}
	}
	hint = strings.Join(said, " ")
	if name == "" || utf8.RuneCountInString(name) > MaxDocumentName || utf8.RuneCountInString(hint) > MaxDocumentHint {
		return "", "", wrong("document")
	}
	return name, hint, nil
}

func listDocuments(tx Tx, o order) (string, error) {
	cards, err := tx.Cards(o.c.ID)
	if err != nil {
		return "", err
	}
	var out []string
	for _, m := range cards {
		if m.Card.Kind == DocumentCard {
			out = append(out, documentNotice(o.words, *m.Card))
		}
	}
	if len(out) == 0 {
		return o.words.say("documents_none", nil), nil
	}
	return strings.Join(out, "\n"), nil
}

// documentNotice is a request for a document as clerks see it, with what has come.
func documentNotice(words *texts, card Card) string {
	data := map[string]string{"Name": card.Title, "Hint": card.Document.Hint}
	if len(card.Document.Answers) == 0 {
		return words.say("document_open", data)
	}
	out := []string{words.say("document_come", data)}
	for _, a := range card.Document.Answers {
		out = append(out, "    "+a.Name+" · SHA-256 "+a.SHA256)
	}
	return strings.Join(out, "\n")
}

// documentPayload is the payload of PostDocument and EditDocument.
type documentPayload struct {
	Message MessageID `json:"message"`
}

func (b *Bridge) enqueueDocument(tx Tx, c Conversation, kind EntryKind, id string, message MessageID) error {
	payload, err := json.Marshal(documentPayload{message})
	if err != nil {
		return fmt.Errorf("encode payload: %w", err)
	}
	now := b.now()
	_, err = tx.Enqueue(Entry{
		ID: id, Stream: deskStream(c.ID), Kind: kind, Conversation: c.ID, Area: c.Area, Sender: b.rooms.BotID(),
		Payload: payload, Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
}

// cardNotice is what the room shows of a message that asks the citizen for something; "" for every other.
func (b *Bridge) cardNotice(m Message) string {
	switch {
	case m.asksForDocument():
		return documentNotice(b.texts, *m.Card)
	case m.asksForLocation():
		return b.locationNotice(b.texts, *m.Card.Location)
	case m.asksForForm():
		return formNotice(b.texts, *m.Card)
	}
	return ""
}

// performDocument posts the notice of what the citizen was asked for, or edits it to what it is now.
func (b *Bridge) performDocument(ctx context.Context, e Entry) (func(Tx) error, error) {
	nothing := func(tx Tx) error { return finish(tx, e) }
	var p documentPayload
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		return nil, fmt.Errorf("decode payload: %w: %w", err, ErrRefused)
	}
	m, err := b.store.Message(ctx, p.Message)
	if err != nil {
		return nil, fmt.Errorf("read message: %w: %w", err, ErrNotSent)
	}
	notice := b.cardNotice(m)
	if notice == "" || e.Kind == EditDocument && m.Event == "" {
		return nothing, nil // it was taken back, or its notice was refused
	}
	room, err := b.roomOf(ctx, e)
	if err != nil {
		return nil, err
	}
	out := OutgoingMessage{Room: room, As: e.Sender, Entry: e.ID, Text: notice, Notice: true}
	if e.Kind == EditDocument {
		out.Replaces = m.Event
	}
	event, err := b.rooms.Send(ctx, out)
	if err != nil {
		return nil, err
	}
	return func(tx Tx) error { return b.confirm(tx, e, event) }, nil
}

// documentPosted records which event is the notice: what is done to it is done to the request.
func (b *Bridge) documentPosted(tx Tx, c *Conversation, e Entry, event EventID) error {
	if err := tx.SetMessageEvent(MessageID(e.ID), event); err != nil || c.Awaited == 0 {
		return err
	}
	return b.comesDelivered(tx, c, MessageID(e.ID))
}

func (m Message) asksForDocument() bool {
	return m.Card != nil && m.Card.Kind == DocumentCard && m.Card.Document != nil
}

// documentAsked is the message that a file answers. *InvalidError when it asks for none.
func documentAsked(tx Tx, c Conversation, request MessageID) (Message, error) {
	m, err := tx.Message(request)
	if errors.Is(err, ErrNotFound) || err == nil && (m.Conversation != c.ID || !m.asksForDocument()) {
		return Message{}, &InvalidError{Field: "request", Reason: ReasonNotOffered}
	}
	return m, err
}

// answerDocument notes that a file, if it may be passed on, answers the request that it names, and has
// both sides see it. The caller saves the conversation.
func (b *Bridge) answerDocument(tx Tx, c *Conversation, m Message) error {
	if m.File.Verdict != "" {
		return nil
	}
	return b.changeAnswers(tx, c, m.File, func(have []DocumentAnswer) []DocumentAnswer {
		return append(have, DocumentAnswer{m.ID, m.File.Name, m.File.SHA256})
	})
}

// reopenDocument takes back what a file has answered: it was deleted, or the homeserver refuses it. f may
// be nil. The caller saves the conversation.
func (b *Bridge) reopenDocument(tx Tx, c *Conversation, file MessageID, f *File) error {
	return b.changeAnswers(tx, c, f, func(have []DocumentAnswer) []DocumentAnswer {
		return slices.DeleteFunc(have, func(a DocumentAnswer) bool { return a.Message == file })
	})
}

func (b *Bridge) changeAnswers(tx Tx, c *Conversation, f *File, change func([]DocumentAnswer) []DocumentAnswer) error {
	if f == nil || f.Request == "" {
		return nil
	}
	m, err := documentAsked(tx, *c, f.Request)
	if invalid := (*InvalidError)(nil); errors.As(err, &invalid) {
		return nil // the request was taken back itself
	}
	if err != nil {
		return err
	}
	m.Card.Document.Answers = change(m.Card.Document.Answers)
	if _, err := saveChanged(tx, c, m); err != nil {
		return err
	}
	return b.enqueueDocument(tx, *c, EditDocument, NewID(), m.ID)
}
