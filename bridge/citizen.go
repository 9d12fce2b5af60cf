package bridge

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// CitizenMessage is what a browser sends.
type CitizenMessage struct {
	// ClientID is made by the browser, 1 to 64 characters of A–Z a–z 0–9 . _ -; the same one
	// again means the same message.
	ClientID string
	Text     string
	// ReplyTo is the message that it answers, of either side; empty for none.
	ReplyTo MessageID `json:",omitempty"`
}

// Opening is a citizen's wish to start a conversation.
type Opening struct {
	Area     ServiceAreaID
	Language string
	Name     string
	PageURL  string
	// Message is the first message; nil opens the conversation without one. The room is made
	// with the first message.
	Message *CitizenMessage
	// Request is the token of a request that this conversation goes on with; empty for none. The
	// request's text and answer become its first messages.
	Request string `json:",omitempty"`
	// Address is from where it comes, in the form in which addresses are told apart; empty when that is
	// not known. It is not stored (see AddressMark).
	Address string `json:"-"`
	// Key, if not empty, makes the call safe to repeat for IdempotencyFor: the same key gives
	// the same conversation with a fresh token. A random value of at least 16 characters.
	Key string
}

// IdempotencyFor is how long an opening can be repeated with the same key.
const IdempotencyFor = 24 * time.Hour

// Opened is a conversation and the token that opens it. The token is shown once, here.
type Opened struct {
	Conversation Conversation
	Token        string
	// Message is the stored first message; nil when the opening had none.
	Message *Message
	// Repeated is set when the key had opened this conversation before.
	Repeated bool
}

// Open starts a conversation. When it returns without error, everything in it is committed.
// Outside hours it fails, but an opening that is repeated still gets its conversation.
// Errors: *InvalidError, ErrUnknownArea, *ClosedError, ErrUnstaffed, ErrBlocked, ErrKeyReused,
// ErrOver, ErrUnavailable.
func (b *Bridge) Open(ctx context.Context, o Opening) (Opened, error) {
	if _, err := b.offered(o.Area); err != nil {
		return Opened{}, err
	}
	if err := o.check(); err != nil {
		return Opened{}, err
	}
	token := newToken()
	var out Opened
	var claimed []Entry
	id := ConversationID(NewID())
	err := b.store.Update(ctx, func(tx Tx) error {
		out, claimed = Opened{Token: token}, nil
		now := b.now()
		if o.Key != "" {
			earlier, digest, err := tx.ByIdempotencyKey(hash(o.Key), now.Add(-IdempotencyFor))
			if err == nil {
				return b.reopenByKey(tx, &out, o, earlier, digest, now)
			}
			if !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		if err := b.admitAddress(tx, o.Address, now); err != nil {
			return err
		}
		request, err := b.pickUp(tx, o, now)
		if err != nil {
			return err
		}
		if request.Conversation != "" {
			var over bool
			if claimed, over, err = b.goOn(tx, &out, request, o, now); err != nil || !over {
				return err
			}
		}
		area, err := b.admit(tx, o.Area)
		if err != nil {
			return err
		}
		number, err := tx.NextNumber()
		if err != nil {
			return err
		}
		c := Conversation{
			ID: id, Number: number, Area: area.ID, State: Waiting, Name: cmp.Or(o.Name, request.Name),
			Language: o.Language, PageURL: o.PageURL,
			Ghost: b.rooms.GhostID(ghostLocalpart(id)), CreatedAt: now,
		}
		area.stir(&c, now)
		if err := tx.InsertConversation(c); err != nil {
			return err
		}
		if err := tx.AddToken(c.ID, hash(token), now); err != nil {
			return err
		}
		if err := b.markAddress(tx, c.ID, o.Address, now); err != nil {
			return err
		}
		if err := b.startClosing(tx, c.ID, area); err != nil {
			return err
		}
		if err := b.startTurn(tx, c, area, now); err != nil {
			return err
		}
		if o.Key != "" {
			if err := tx.AddIdempotencyKey(hash(o.Key), o.digest(), c.ID, now); err != nil {
				return err
			}
		}
		if request.ID != "" {
			if claimed, err = b.carryOver(tx, &c, request, now); err != nil {
				return err
			}
		}
		if o.Message != nil {
			m, entries, err := b.accept(tx, &c, *o.Message, now)
			if err != nil {
				return err
			}
			out.Message, claimed = &m, append(claimed, entries...)
		}
		out.Conversation = c
		return nil
	})
	if err != nil {
		b.doubtIf(err, conversationStream(id))
		return Opened{}, fmt.Errorf("open conversation: %w", err)
	}
	b.dispatch(claimed)
	b.browsers.Notify(out.Conversation.ID)
	return out, nil
}

// reopenByKey answers a repeated opening: the answer to the first one was lost on its way, and
// the token with it, for only its hash is stored.
func (b *Bridge) reopenByKey(tx Tx, out *Opened, o Opening, id ConversationID, digest []byte, now time.Time) error {
	if !slices.Equal(digest, o.digest()) {
		return ErrKeyReused
	}
	c, err := tx.LockConversation(id)
	if err == nil && c.over(now) {
		err = ErrOver
	}
	if err != nil {
		return err
	}
	if err := tx.AddToken(id, hash(out.Token), now); err != nil {
		return err
	}
	if o.Message != nil {
		m, err := tx.MessageByClientID(id, o.Message.ClientID)
		if err != nil {
			return err
		}
		out.Message = &m
	}
	out.Conversation, out.Repeated = c, true
	return nil
}

// FromCitizen takes a citizen's message. When it returns without error, the message is committed
// and will reach the room. The same ClientID with the same text gives the same message.
// A message to a closed conversation reopens it.
// Errors: *InvalidError, ErrClientIDReused, those of Reopen.
func (b *Bridge) FromCitizen(ctx context.Context, id ConversationID, in CitizenMessage) (Message, error) {
	if err := in.check(); err != nil {
		return Message{}, err
	}
	var m Message
	var claimed []Entry
	var reopened bool
	err := b.store.Update(ctx, func(tx Tx) error {
		claimed, reopened = nil, false
		c, err := tx.LockConversation(id)
		if err != nil {
			return err
		}
		if c.State != Closed {
			m, claimed, err = b.accept(tx, &c, in, b.now())
			if !errors.Is(err, ErrClientIDReused) {
				return err
			}
		}
		// Closed, or said before: then it is the same message again.
		m, err = tx.MessageByClientID(id, in.ClientID)
		if errors.Is(err, ErrNotFound) {
			if err := b.takeUp(tx, &c); err != nil {
				return err
			}
			reopened = true
			m, claimed, err = b.accept(tx, &c, in, b.now())
			return err
		}
		// Of one that was edited or deleted, the text that was sent is not there to compare with.
		if err == nil && m.Text != in.Text && m.EditedAt.IsZero() && !m.Deleted() {
			return ErrClientIDReused
		}
		return err
	})
	if err != nil {
		b.doubtIf(err, conversationStream(id))
		return Message{}, fmt.Errorf("take citizen's message: %w", err)
	}
	b.dispatch(claimed)
	if reopened {
		b.Wake() // for what the room and the lobby are told
	}
	b.browsers.Notify(id)
	return m, nil
}

// accept stores a message with the outbox entries that will carry it. After ErrClientIDReused,
// nothing has changed.
func (b *Bridge) accept(tx Tx, c *Conversation, in CitizenMessage, now time.Time) (Message, []Entry, error) {
	m := Message{ID: MessageID(NewID()), ClientID: in.ClientID, Text: in.Text}
	if in.ReplyTo != "" {
		to, err := tx.Message(in.ReplyTo)
		if errors.Is(err, ErrNotFound) || err == nil && to.Conversation != c.ID {
			return Message{}, nil, &InvalidError{Field: "reply_to", Reason: ReasonNotOffered}
		}
		if err != nil {
			return Message{}, nil, err
		}
		m.ReplyTo, m.Quote = to.ID, to.quoted()
	}
	payload, err := textPayload{Text: m.Text, ReplyTo: m.ReplyTo}.encode()
	if err != nil {
		return Message{}, nil, err
	}
	return b.appendMessage(tx, c, m, Entry{Kind: SendMessage, Payload: payload}, now)
}

// appendMessage puts a citizen's message at the end of the conversation, and what sends it into the
// outbox, if that has a kind; before the first one, what opens the room. It returns the entries that are
// claimed.
func (b *Bridge) appendMessage(tx Tx, c *Conversation, m Message, send Entry, now time.Time) (Message, []Entry, error) {
	first := c.LastSeq == 0
	c.LastSeq++
	b.spoke(c, FromCitizenDirection, now)
	m.Conversation, m.Seq, m.Direction, m.CreatedAt, m.Training = c.ID, c.LastSeq, FromCitizenDirection, now, c.Trainee != ""
	stored, err := tx.InsertMessage(m)
	if err != nil {
		return Message{}, nil, err
	}
	if !stored {
		return Message{}, nil, ErrClientIDReused
	}
	if err := tx.SaveConversation(*c); err != nil {
		return Message{}, nil, err
	}
	var entries []Entry
	if send.Kind != "" {
		send.ID = string(m.ID)
		entries = append(entries, send)
	}
	if first {
		entries = slices.Insert(entries, 0, Entry{ID: NewID(), Kind: OpenRoom})
	}
	claimed, err := b.enqueueAsGhost(tx, *c, entries, now)
	return m, claimed, err
}

// enqueueAsGhost appends entries to a conversation's stream, and returns those that are claimed.
func (b *Bridge) enqueueAsGhost(tx Tx, c Conversation, entries []Entry, now time.Time) ([]Entry, error) {
	var claimed []Entry
	for _, e := range entries {
		e.Stream, e.Conversation, e.Area = conversationStream(c.ID), c.ID, c.Area
		if e.Kind != OpenRoom {
			e.Sender = c.Ghost
			if c.DeliveredSeq > 0 { // before, it is not complete; another one may serve in the end
				e.Room = c.Room
			}
		}
		e.Phase, e.DueAt, e.CreatedAt = Ready, now, now
		mine, err := tx.Enqueue(e, b.replica, now)
		if err != nil {
			return nil, err
		}
		if mine {
			e.Claim, e.ClaimedAt = 1, now
			claimed = append(claimed, e)
		}
	}
	return claimed, nil
}

// spoke notes who wrote last. The conversation is not saved here.
func (b *Bridge) spoke(c *Conversation, who Direction, now time.Time) {
	c.Life.SpokenBy = who
	if area, err := b.Area(c.Area); err == nil {
		area.stir(c, now)
	}
}

// Authorize returns the conversation that a token opens, else ErrUnauthorized. ErrOver when the
// conversation has ended for good, and the token with it.
func (b *Bridge) Authorize(ctx context.Context, id ConversationID, token string) (Conversation, error) {
	c, err := b.store.Authorized(ctx, id, hash(token))
	if err == nil && c.over(b.now()) {
		return Conversation{}, ErrOver
	}
	return c, err
}

// History returns at most limit messages with a seq above after, in order.
func (b *Bridge) History(ctx context.Context, id ConversationID, after int64, limit int) ([]Message, error) {
	return b.store.Messages(ctx, id, after, limit)
}

// Changed returns at most limit messages with a seq above after, up to upTo, that have changed since
// a revision of the conversation, in order of seq.
func (b *Bridge) Changed(ctx context.Context, id ConversationID, since, after, upTo int64, limit int) ([]Message, error) {
	return b.store.Changed(ctx, id, since, after, upTo, limit)
}

// Snapshot is what changes about a conversation beside its messages.
type Snapshot struct {
	Conversation Conversation
	// Position in the area's queue, from 1; 0 when the conversation does not wait.
	Position int
	// ExpectedWait goes with Position, if WaitKnown.
	ExpectedWait time.Duration
	WaitKnown    bool
	// OfferRequest: it has waited so long that the citizen may rather leave a request.
	OfferRequest bool
	// Delayed: the homeserver does not answer; messages are kept and delivered later.
	Delayed bool
	// Hours tells of the end of the opening; nil while it is far.
	Hours *HoursNotice
	// IdleEndsAt is when the conversation ends for silence; zero while that is far.
	IdleEndsAt time.Time
}

// Look returns the conversation as it stands now.
func (b *Bridge) Look(ctx context.Context, id ConversationID) (Snapshot, error) {
	c, err := b.store.Conversation(ctx, id)
	if err != nil {
		return Snapshot{}, err
	}
	s := Snapshot{Conversation: c, Delayed: b.Delayed()}
	closing, err := b.store.Closing(ctx, id)
	if err != nil {
		return Snapshot{}, err
	}
	if c.State != Closed && c.Life.Stage == CitizenWarned {
		s.IdleEndsAt = c.Life.DueAt
	}
	if c.State != Closed || c.Life.ClosedBy == ByHours {
		s.Hours = b.notice(c.Area, closing)
	}
	if c.State == Waiting {
		if s.Position, err = b.store.QueuePosition(ctx, c); err != nil {
			return Snapshot{}, err
		}
		turn, err := b.store.Turn(ctx, id)
		if err != nil {
			return Snapshot{}, err
		}
		s.ExpectedWait, s.WaitKnown = b.queues.Load().expected(c.Area, s.Position)
		if area, err := b.Area(c.Area); err == nil && !turn.Since.IsZero() {
			s.OfferRequest = !b.now().Before(turn.Since.Add(area.LeaveAfter()))
		}
	}
	return s, err
}

// newToken is 256 random bits. Only its hash is stored.
func newToken() string {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

func hash(s string) []byte {
	h := sha256.Sum256([]byte(s))
	return h[:]
}

// digest recognises the same opening again.
func (o Opening) digest() []byte {
	o.Key = ""
	b, _ := json.Marshal(o) // strings only: cannot fail
	return hash(string(b))
}
