package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"schalter/bridge/openinghours"
)

// Mail is an e-mail to a citizen.
type Mail struct {
	// ID makes the Message-ID: the same mail, sent again because nobody knows whether it had
	// been sent, has the same one.
	ID      string
	To      string
	Subject string
	Text    string
}

// Mailer sends e-mail. An error that wraps ErrRefused will not go away by trying again.
type Mailer interface {
	Send(context.Context, Mail) error
}

func requestStream(id RequestID) string { return "request:" + string(id) }

// mailPayload is the payload of SendMail. Address and token are not in it: the one stands with the
// request, the other is made when the mail is sent.
type mailPayload struct {
	Request RequestID `json:"request"`
	Clerk   string    `json:"clerk"`
	Answer  string    `json:"answer"`
}

var doneCommand = regexp.MustCompile(`(?i)^!(?:erledigt|done)\s+#?([0-9]{1,15})$`)

// fromLobby takes what a clerk of an area did in its lobby: a reply to a request's notice answers it, a
// ✅ under it or !erledigt marks it as done.
func (b *Bridge) fromLobby(tx Tx, area ServiceArea, ev Event) error {
	var r Request
	var err error
	command := doneCommand.FindStringSubmatch(strings.TrimSpace(ev.Text))
	switch {
	case ev.Kind == ClerkReaction && strings.HasPrefix(ev.Key, DoneKey), ev.Kind == ClerkText && ev.ReplyTo != "":
		r, err = tx.RequestByNotice(ev.ReplyTo)
	case ev.Kind == ClerkText && command != nil:
		number, _ := strconv.ParseInt(command[1], 10, 64) // at most 15 digits
		r, err = tx.RequestByNumber(number)
	default:
		return nil
	}
	if errors.Is(err, ErrNotFound) || err == nil && r.Area != area.ID {
		if command != nil {
			return b.tell(tx, Entry{Stream: lobbyStream(area.ID), Area: area.ID}, textPayload{
				Text: b.texts.say("request_unknown", map[string]string{"Number": command[1]}), Notice: true})
		}
		return nil
	}
	if err != nil {
		return err
	}
	clerk, err := b.clerkName(tx, ev.Sender)
	if err != nil {
		return err
	}
	if ev.Kind == ClerkReaction || command != nil {
		return b.markDone(tx, r, clerk)
	}
	return b.answer(tx, r, clerk, ev.Text)
}

func (b *Bridge) markDone(tx Tx, r Request, clerk string) error {
	if r.State == RequestDone {
		return nil
	}
	r.State = RequestDone
	if r.Clerk == "" {
		r.Clerk = clerk
	}
	if err := tx.SaveRequest(r); err != nil {
		return err
	}
	return b.tellLobby(tx, r, "request_done", clerk)
}

// answer stores a clerk's answer, and sends it where there is an address.
func (b *Bridge) answer(tx Tx, r Request, clerk, text string) error {
	r.State, r.Clerk, r.Answer, r.AnsweredAt = RequestAnswered, clerk, text, b.now()
	if err := tx.SaveRequest(r); err != nil {
		return err
	}
	if r.Email == "" || b.mailer == nil {
		key := "request_waits_for_number"
		if r.Phone != "" {
			key = "request_phone_only"
		}
		return b.tellLobby(tx, r, key, clerk)
	}
	payload, err := json.Marshal(mailPayload{Request: r.ID, Clerk: clerk, Answer: text})
	if err != nil {
		return fmt.Errorf("encode payload: %w", err)
	}
	now := b.now()
	_, err = tx.Enqueue(Entry{
		ID: NewID(), Stream: requestStream(r.ID), Kind: SendMail, Area: r.Area, Payload: payload,
		Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return err
}

func (b *Bridge) tellLobby(tx Tx, r Request, key, clerk string) error {
	data := b.requestData(r)
	data["Clerk"], data["Phone"] = clerk, r.Phone
	return b.tell(tx, Entry{Stream: lobbyStream(r.Area), Area: r.Area}, textPayload{Text: b.texts.say(key, data), Notice: true})
}

// performSendMail sends an answer. The lobby is told what became of it.
func (b *Bridge) performSendMail(ctx context.Context, e Entry) (func(Tx) error, error) {
	var p mailPayload
	if err := json.Unmarshal(e.Payload, &p); err != nil || b.mailer == nil {
		return b.mailFailed(e, p), nil
	}
	token := newToken()
	var r Request
	// The token first: the link must work when the mail arrives.
	err := b.store.Update(ctx, func(tx Tx) error {
		var err error
		if r, err = tx.Request(p.Request); err != nil {
			return err
		}
		return tx.AddRequestToken(r.ID, hash(token), b.now())
	})
	if err != nil {
		return nil, fmt.Errorf("prepare mail: %w: %w", err, ErrNotSent)
	}
	err = b.mailer.Send(ctx, b.mail(e.ID, r, p, token))
	if errors.Is(err, ErrRefused) {
		b.log.Warn().Err(err).Str("entry", e.ID).Msg("mail refused")
		return b.mailFailed(e, p), nil
	}
	if err != nil {
		return nil, fmt.Errorf("send mail: %w", err)
	}
	return func(tx Tx) error {
		done, err := tx.FinishEntry(e.ID)
		if err != nil || !done {
			return err
		}
		return b.tellLobby(tx, r, "request_mailed", p.Clerk)
	}, nil
}

func (b *Bridge) mailFailed(e Entry, p mailPayload) func(Tx) error {
	return func(tx Tx) error {
		done, err := tx.FinishEntry(e.ID)
		if err != nil || !done {
			return err
		}
		r, err := tx.Request(p.Request)
		if err != nil {
			return err
		}
		r.State = RequestOpen
		if err := tx.SaveRequest(r); err != nil {
			return err
		}
		return b.tellLobby(tx, r, "request_mail_failed", p.Clerk)
	}
}

// mail writes an answer in the citizen's language. The token stands behind the #, which browsers
// keep to themselves.
func (b *Bridge) mail(id string, r Request, p mailPayload, token string) Mail {
	words := b.citizens[r.Language]
	data := map[string]string{
		"Number": strconv.FormatInt(r.Number, 10), "Name": r.Name, "City": b.city, "Clerk": p.Clerk, "Answer": p.Answer,
		"Date": dateText(openinghours.DateOf(r.CreatedAt.In(b.zone))), "Text": "> " + strings.ReplaceAll(r.Text, "\n", "\n> "),
		"Link": strings.TrimSuffix(b.publicURL, "/") + "/#request=" + token + "&service_area=" + string(r.Area),
		"Area": string(r.Area), "Hours": "",
	}
	if area, err := b.Area(r.Area); err == nil {
		data["Area"], data["Hours"] = area.NameIn(r.Language), area.Hours.Describe(r.Language)
	}
	return Mail{ID: id, To: r.Email, Subject: words.say("mail_subject", data), Text: words.say("mail_text", data)}
}
