package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// RequestID is a ULID. It is also the transaction ID and the marker of the lobby's notice.
type RequestID string

// Request is what a citizen leaves when nobody can be reached.
type Request struct {
	ID RequestID
	// Number is of the same series as those of conversations.
	Number   int64
	Area     ServiceAreaID
	Language string
	Name     string
	// Email or Phone says how the citizen is answered; with neither, the citizen comes back for
	// the answer with the number.
	Email string
	Phone string
	Text  string
	State RequestState
	// Notice is the lobby's notice; empty until it is posted.
	Notice EventID
	// Clerk, Answer and AnsweredAt are of the last answer.
	Clerk      string
	Answer     string
	AnsweredAt time.Time
	// Conversation is the one that goes on with it; empty until it is picked up.
	Conversation ConversationID
	CreatedAt    time.Time
}

// RequestState is where a request stands: open → answered → done, or open → done.
type RequestState string

// The states of a request.
const (
	RequestOpen     RequestState = "open"
	RequestAnswered RequestState = "answered"
	RequestDone     RequestState = "done"
)

// RequestFor is how long a request can be picked up.
const RequestFor = 60 * 24 * time.Hour

// RequestStore is what Tx keeps about requests.
type RequestStore interface {
	InsertRequest(Request) error
	// Request, and the others that read one, lock it; ErrNotFound when there is none.
	Request(RequestID) (Request, error)
	RequestByNotice(EventID) (Request, error)
	RequestByNumber(int64) (Request, error)
	// OpenRequests are those of an area that nobody has answered, in the order of their numbers.
	OpenRequests(ServiceAreaID) ([]Request, error)
	// RequestByToken finds what a token picks up, if the token was made since a time.
	RequestByToken(tokenHash []byte, since time.Time) (Request, error)
	AddRequestToken(RequestID, []byte, time.Time) error
	// RequestByKey and AddRequestKey as ByIdempotencyKey and AddIdempotencyKey.
	RequestByKey(keyHash []byte, since time.Time) (RequestID, []byte, error)
	AddRequestKey(keyHash, digest []byte, id RequestID, at time.Time) error
	// SaveRequest writes state, notice, answer and conversation.
	SaveRequest(Request) error
}

// NewRequest is what a browser sends.
type NewRequest struct {
	Area     ServiceAreaID
	Language string
	Name     string
	Email    string
	Phone    string
	Text     string
	// Address and Key as in Opening.
	Address string
	Key     string
}

// LeftRequest is a stored request and the token that picks it up, shown once.
type LeftRequest struct {
	Request  Request
	Token    string
	Repeated bool
}

var phoneForm = regexp.MustCompile(`^\+?[0-9][0-9 ()/.'-]{5,28}[0-9]$`)

func (r NewRequest) check(byMail bool) error {
	if !slices.Contains(Languages, r.Language) {
		return &InvalidError{Field: "language", Reason: ReasonNotOffered}
	}
	if err := checkText("name", r.Name, MaxName, false); err != nil {
		return err
	}
	if strings.TrimSpace(r.Text) == "" {
		return &InvalidError{Field: "text", Reason: ReasonRequired}
	}
	if err := checkText("text", r.Text, MaxText, true); err != nil {
		return err
	}
	if r.Email != "" {
		a, err := mail.ParseAddress(r.Email)
		switch {
		case !byMail:
			return &InvalidError{Field: "email", Reason: ReasonNotOffered}
		case err != nil || a.Address != r.Email || len(r.Email) > 254 || !strings.Contains(r.Email[strings.LastIndexByte(r.Email, '@'):], "."):
			return &InvalidError{Field: "email", Reason: ReasonMalformed}
		}
	}
	if r.Phone != "" && !phoneForm.MatchString(r.Phone) {
		return &InvalidError{Field: "phone", Reason: ReasonMalformed}
	}
	return nil
}

// AnswersByMail reports whether requests can be answered by e-mail.
func (b *Bridge) AnswersByMail() bool { return b.mailer != nil }

// LeaveRequest stores a request; the area's lobby is told. It may be left at any time. When it
// returns without error, everything is committed. The same key gives the same request.
// Errors: *InvalidError, ErrUnknownArea, ErrBlocked, ErrKeyReused, ErrUnavailable.
func (b *Bridge) LeaveRequest(ctx context.Context, in NewRequest) (LeftRequest, error) {
	area, err := b.offered(in.Area)
	if err != nil {
		return LeftRequest{}, err
	}
	if err := in.check(b.AnswersByMail()); err != nil {
		return LeftRequest{}, err
	}
	out := LeftRequest{Token: newToken()}
	id := RequestID(NewID())
	err = b.store.Update(ctx, func(tx Tx) error {
		now := b.now()
		out.Request, out.Repeated = Request{}, false
		if in.Key != "" {
			earlier, digest, err := tx.RequestByKey(hash(in.Key), now.Add(-IdempotencyFor))
			if err == nil {
				if !slices.Equal(digest, in.digest()) {
					return ErrKeyReused
				}
				out.Repeated = true
				if out.Request, err = tx.Request(earlier); err != nil {
					return err
				}
				return tx.AddRequestToken(earlier, hash(out.Token), now)
			}
			if !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		if err := b.admitAddress(tx, in.Address, now); err != nil {
			return err
		}
		number, err := tx.NextNumber()
		if err != nil {
			return err
		}
		r := Request{
			ID: id, Number: number, Area: area.ID, Language: in.Language, Name: in.Name, Email: in.Email,
			Phone: in.Phone, Text: in.Text, State: RequestOpen, CreatedAt: now,
		}
		if err := tx.InsertRequest(r); err != nil {
			return err
		}
		if err := tx.AddRequestToken(id, hash(out.Token), now); err != nil {
			return err
		}
		if in.Key != "" {
			if err := tx.AddRequestKey(hash(in.Key), in.digest(), id, now); err != nil {
				return err
			}
		}
		out.Request = r
		return b.tell(tx, Entry{ID: string(id), Stream: lobbyStream(area.ID), Kind: PostRequest, Area: area.ID}, b.requestNotice(r, area))
	})
	if err != nil {
		return LeftRequest{}, fmt.Errorf("leave request: %w", err)
	}
	b.Wake()
	return out, nil
}

func (r NewRequest) digest() []byte {
	return hash(strings.Join([]string{string(r.Area), r.Language, r.Name, r.Email, r.Phone, r.Text}, "\x00"))
}

// requestNotice is what the lobby sees: who, how to answer, the text.
func (b *Bridge) requestNotice(r Request, area ServiceArea) textPayload {
	reach := b.texts.say("request_by_number", nil)
	switch {
	case r.Email != "":
		reach = b.texts.say("request_by_mail", map[string]string{"Email": r.Email})
		if r.Phone != "" {
			reach += " · ☎ " + r.Phone
		}
	case r.Phone != "":
		reach = b.texts.say("request_by_phone", map[string]string{"Phone": r.Phone})
	}
	data := b.requestData(r)
	data["Reach"] = reach
	return textPayload{Text: b.texts.say("request_notice", data), Mentions: area.Clerks}
}

func (b *Bridge) requestData(r Request) map[string]string {
	name := r.Name
	if name == "" {
		name = b.texts.say("guest", map[string]string{"Number": strconv.FormatInt(r.Number, 10)})
	}
	return map[string]string{
		"Number": strconv.FormatInt(r.Number, 10), "Name": name, "Language": b.texts.say("language_"+r.Language, nil),
		"Time": b.texts.clock(r.CreatedAt), "Text": r.Text, "Clerk": r.Clerk,
	}
}

// pickUp is the first half of an opening that goes on with a request: it returns the request, and
// the conversation that went on with it before, if there is one.
func (b *Bridge) pickUp(tx Tx, o Opening, now time.Time) (Request, error) {
	if o.Request == "" {
		return Request{}, nil
	}
	r, err := tx.RequestByToken(hash(o.Request), now.Add(-RequestFor))
	if errors.Is(err, ErrNotFound) {
		return Request{}, &InvalidError{Field: "request", Reason: ReasonNotOffered}
	}
	if err == nil && r.Area != o.Area {
		err = &InvalidError{Field: "service_area", Reason: ReasonNotOffered}
	}
	return r, err
}

// carryOver puts a request and its answer at the beginning of the conversation that goes on with
// it: the citizen's text as the first message, for the clerks and the citizen.
func (b *Bridge) carryOver(tx Tx, c *Conversation, r Request, now time.Time) ([]Entry, error) {
	_, claimed, err := b.accept(tx, c, CitizenMessage{ClientID: "request", Text: r.Text}, now)
	if err != nil {
		return nil, err
	}
	note := b.texts.say("request_picked_up", b.requestData(r))
	if r.Answer != "" {
		c.LastSeq++
		b.spoke(c, FromClerkDirection, now)
		_, err := tx.InsertMessage(Message{
			ID: MessageID(NewID()), Conversation: c.ID, Seq: c.LastSeq, Direction: FromClerkDirection,
			Sender: r.Clerk, Text: r.Answer, CreatedAt: r.AnsweredAt,
		})
		if err != nil {
			return nil, err
		}
		note += "\n" + b.texts.say("request_answer_was", map[string]string{"Clerk": r.Clerk, "Answer": r.Answer})
	}
	if err := tx.SaveConversation(*c); err != nil {
		return nil, err
	}
	r.Conversation = c.ID
	if err := tx.SaveRequest(r); err != nil {
		return nil, err
	}
	return claimed, b.tell(tx, Entry{Stream: deskStream(c.ID), Conversation: c.ID, Area: c.Area}, textPayload{Text: note, Notice: true})
}

// goOn opens a conversation that went on with a request before, for whoever holds the token. It does
// nothing when that one is over: the request needs another.
func (b *Bridge) goOn(tx Tx, out *Opened, r Request, o Opening, now time.Time) (claimed []Entry, over bool, err error) {
	c, err := tx.LockConversation(r.Conversation)
	if err != nil || c.over(now) {
		return nil, true, err
	}
	if c.State == Closed {
		if err := b.takeUp(tx, &c); err != nil {
			return nil, false, err
		}
	}
	if err := tx.AddToken(c.ID, hash(out.Token), now); err != nil {
		return nil, false, err
	}
	if o.Message != nil {
		m, err := tx.MessageByClientID(c.ID, o.Message.ClientID)
		if errors.Is(err, ErrNotFound) {
			m, claimed, err = b.accept(tx, &c, *o.Message, now)
		}
		if err != nil {
			return nil, false, err
		}
		out.Message = &m
	}
	out.Conversation, out.Repeated = c, true
	return claimed, false, nil
}
