package bridge

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"time"

	"schalter/bridge/form"
)

const (
	// MaxAnswers is how long a form's answers may be, in bytes of JSON: room for what Matrix takes in one event.
	MaxAnswers = 12_000
	// maxTable is how long they are shown as a table, in bytes of text and HTML; beyond, in lines only.
	maxTable = 40_000
)

// ErrFormAnswered: the form has its answers already.
var ErrFormAnswered = errors.New("form is answered")

// FormError says what is wrong with the answers to a form.
type FormError struct{ Wrong []FormWrong }

func (e *FormError) Error() string { return fmt.Sprintf("%d answers are wrong", len(e.Wrong)) }

// FormWrong is what is wrong with one answer. Field as in form.Wrong; Detail is for the citizen.
type FormWrong struct {
	Field  string      `json:"field"`
	Reason form.Reason `json:"reason"`
	Detail string      `json:"detail"`
}

// FormAnswers are what a citizen sends. ClientID as with CitizenMessage.
type FormAnswers struct {
	ClientID string
	// Language in which the form was read: of errors, and of what the citizen's message says.
	Language string
	// Answers are a JSON object of values by the fields' names, at most MaxAnswers bytes.
	Answers []byte
}

// AnswerForm takes the answers to a form. When it returns without error, they are committed and will reach the
// room, once: as a message of the citizen's with a table, and as a JSON file. The same ClientID with the same
// answers gives the same message. What was handed in stays: its message can't be edited or deleted by the citizen.
// Errors: *FormError, *InvalidError, ErrUnknownMessage, ErrFormAnswered, ErrClientIDReused, ErrConversationClosed,
// ErrUnavailable.
func (b *Bridge) AnswerForm(ctx context.Context, id ConversationID, asked MessageID, in FormAnswers) (Message, error) {
	switch {
	case !clientIDForm.MatchString(in.ClientID):
		return Message{}, &InvalidError{Field: "client_id", Reason: ReasonMalformed}
	case !slices.Contains(Languages, in.Language):
		return Message{}, &InvalidError{Field: "language", Reason: ReasonNotOffered}
	case len(in.Answers) > MaxAnswers:
		return Message{}, &InvalidError{Field: "answers", Reason: ReasonTooLong}
	}
	var m Message
	var claimed []Entry
	err := b.store.Update(ctx, func(tx Tx) error {
		claimed = nil
		c, err := tx.LockConversation(id)
		if err != nil {
			return err
		}
		request, err := tx.Message(asked)
		if errors.Is(err, ErrNotFound) || err == nil && (request.Conversation != id || !request.asksForForm()) {
			return ErrUnknownMessage
		}
		if err != nil {
			return err
		}
		sent, err := tx.SentForm(asked)
		if err != nil {
			return fmt.Errorf("read form: %w", err)
		}
		f, err := form.Parse(sent.Source)
		if err != nil {
			return fmt.Errorf("read form: %w", err)
		}
		answers, err := b.examine(tx, c, f, in)
		if err != nil {
			return err
		}
		written, err := json.Marshal(answers)
		if err != nil {
			return fmt.Errorf("encode answers: %w", err)
		}
		m, err = tx.MessageByClientID(id, in.ClientID)
		switch {
		case err == nil && m.ID == request.Card.Form.Answer && bytes.Equal(sent.Digest, hash(string(written))):
			return nil // the same again
		case err == nil:
			return ErrClientIDReused
		case !errors.Is(err, ErrNotFound):
			return err
		case request.Card.Form.Answer != "":
			return ErrFormAnswered
		case c.State == Closed:
			return ErrConversationClosed
		}
		m, claimed, err = b.handIn(tx, &c, f, request, in, answers, written)
		return err
	})
	if err != nil {
		b.doubtIf(err, conversationStream(id))
		return Message{}, fmt.Errorf("answer form: %w", err)
	}
	b.dispatch(claimed)
	b.Wake() // for the notice and the file
	b.browsers.Notify(id)
	return m, nil
}

// examine holds answers against a form, and the files that they name against the conversation's.
func (b *Bridge) examine(tx Tx, c Conversation, f *form.Form, in FormAnswers) (form.Answers, error) {
	answers, wrong, err := f.Judge(in.Answers, b.now().In(b.zone))
	if err != nil {
		return answers, &InvalidError{Field: "answers", Reason: ReasonMalformed}
	}
	if wrong == nil {
		for field, id := range answers.Files() {
			m, err := tx.Message(MessageID(id))
			if err != nil && !errors.Is(err, ErrNotFound) {
				return answers, err
			}
			if err != nil || m.Conversation != c.ID || m.Direction != FromCitizenDirection || m.File == nil || m.File.Verdict == Infected || m.Failed {
				wrong = append(wrong, form.Wrong{Field: field, Reason: form.Offered})
			}
		}
	}
	if wrong == nil {
		return answers, nil
	}
	words := b.citizens[in.Language]
	out := &FormError{}
	for _, w := range wrong {
		limit := w.Limit
		if day, err := time.Parse("2006-01-02", limit); err == nil {
			limit = day.Format("2.1.2006")
		}
		out.Wrong = append(out.Wrong, FormWrong{w.Field, w.Reason, words.say("form_"+string(w.Reason), map[string]string{"Limit": limit})})
	}
	return answers, out
}

// handIn stores the answers and everything that they bring about.
func (b *Bridge) handIn(tx Tx, c *Conversation, f *form.Form, request Message, in FormAnswers, answers form.Answers, written []byte) (Message, []Entry, error) {
	now := b.now()
	key := request.Card.Form.Key
	theirs, err := b.rows(tx, answers, b.citizens[in.Language], in.Language)
	if err != nil {
		return Message{}, nil, err
	}
	ours, err := b.rows(tx, answers, b.texts, b.texts.lang)
	if err != nil {
		return Message{}, nil, err
	}
	payload, err := formTable(f.Title(b.texts.lang), ours).encode()
	if err != nil {
		return Message{}, nil, err
	}
	m := Message{ID: MessageID(NewID()), ClientID: in.ClientID, Text: formLines(f.Title(in.Language), theirs)}
	m.Card = &Card{Kind: AnswersCard, Title: f.Title(in.Language), Form: &FormRef{Key: key}}
	m, claimed, err := b.appendMessage(tx, c, m, Entry{Kind: SendMessage, Payload: payload}, now)
	if err != nil {
		return Message{}, nil, err
	}
	request.Card.Form.Answer = m.ID
	if _, err := saveChanged(tx, c, request); err != nil {
		return Message{}, nil, err
	}
	if err := tx.SaveConversation(*c); err != nil {
		return Message{}, nil, err
	}
	if err := tx.SaveDigest(request.ID, hash(string(written))); err != nil {
		return Message{}, nil, err
	}
	if err := b.enqueueDocument(tx, *c, EditDocument, NewID(), request.ID); err != nil {
		return Message{}, nil, err
	}
	return m, claimed, b.postAnswers(tx, *c, f, key, in.Language, answers, now)
}

// rows are the answers as somebody reads them.
func (b *Bridge) rows(tx Tx, answers form.Answers, words *texts, language string) ([]form.Row, error) {
	files := map[string]string{}
	for _, id := range answers.Files() {
		m, err := tx.Message(MessageID(id))
		if err != nil {
			return nil, err
		}
		files[id] = m.File.Name + " · SHA-256 " + m.File.SHA256
	}
	return answers.Rows(form.Words{
		Language: language, Yes: words.say("form_yes", nil), No: words.say("form_no", nil),
		Date: func(day time.Time) string { return day.Format("2.1.2006") }, File: func(id string) string { return files[id] },
	}), nil
}

// formLines are answers in plain text.
func formLines(title string, rows []form.Row) string {
	out := []string{title}
	for _, r := range rows {
		out = append(out, r.Title+": "+r.Text)
	}
	return strings.Join(out, "\n")
}

// formTable is what the room sees of answers.
func formTable(title string, rows []form.Row) textPayload {
	var table strings.Builder
	table.WriteString("<p><strong>📋 " + html.EscapeString(title) + "</strong></p><table><tbody>")
	for _, r := range rows {
		table.WriteString("<tr><th>" + html.EscapeString(r.Title) + "</th><td>" + strings.ReplaceAll(html.EscapeString(r.Text), "\n", "<br>") + "</td></tr>")
	}
	table.WriteString("</tbody></table>")
	p := textPayload{Text: formLines("📋 "+title, rows)}
	if table.Len()+len(p.Text) <= maxTable {
		p.HTML = table.String()
	}
	return p
}

// AnswersFile is the JSON file of a form's answers.
type AnswersFile struct {
	Form  string `json:"form"`
	Title string `json:"title"`
	// Conversation is its number.
	Conversation int64     `json:"conversation"`
	Answered     time.Time `json:"answered_at"`
	// Language in which the form was read.
	Language string `json:"language"`
	// Answers are as the citizen sent them, tidied; of a file, the message that brought it.
	Answers json.Marshaler `json:"answers"`
	// Files are those that the answers name, by the fields' names.
	Files map[string]AnsweredFile `json:"files,omitempty"`
}

// AnsweredFile is a file that came with answers.
type AnsweredFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// postAnswers has the answers come into the room as a JSON file.
func (b *Bridge) postAnswers(tx Tx, c Conversation, f *form.Form, key, language string, answers form.Answers, now time.Time) error {
	out := AnswersFile{Form: key, Title: f.Title(b.texts.lang), Conversation: c.Number, Answered: now.UTC(), Language: language, Answers: answers, Files: map[string]AnsweredFile{}}
	for field, id := range answers.Files() {
		m, err := tx.Message(MessageID(id))
		if err != nil {
			return err
		}
		out.Files[field] = AnsweredFile{m.File.Name, m.File.SHA256}
	}
	content, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("encode answers: %w", err)
	}
	content = append(content, '\n')
	id := NewID()
	// One piece: it is far smaller than ChunkSize.
	if err := tx.AddChunk(MessageID(id), 0, content, now, now.Add(-chunksFor)); err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	name := cmp.Or(CleanFileName(key), "form") + "-" + strconv.FormatInt(c.Number, 10) + ".json"
	file := File{Name: name, Type: "application/json", Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), Pending: true}
	return b.post(tx, Entry{Stream: deskStream(c.ID), Conversation: c.ID, Area: c.Area}, id, file)
}
