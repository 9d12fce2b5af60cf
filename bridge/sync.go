package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Event is one event of the bot's /sync, already read by the Matrix adapter.
type Event struct {
	ID     EventID
	Room   RoomID
	Sender UserID
	Kind   EventKind
	At     time.Time
	// Marker is the entry's ID in an Echo or BarrierEcho; Nonce the barrier's.
	Marker string
	Nonce  string
	// Owner of a RoomCreated.
	Owner RoomOwner
	// Text and HTML of a ClerkText or ClerkEdit, cleaned and sanitised. Emote: said of oneself, as in
	// «nods».
	Text  string
	HTML  string
	Emote bool
	// File of a ClerkText or ClerkEdit; nil for none. Then Text is what stands beside it as its sender
	// wrote it: a caption if Captioned, else the uncleaned name.
	File      *File
	Captioned bool
	// Thread is the event that the thread of a ClerkText begins with; empty outside threads.
	Thread EventID
	// Mentions are the users whom a ClerkText mentions.
	Mentions []UserID
	// ReplyTo is the event that a ClerkText answers, or that a ClerkEdit, a ClerkReaction or a
	// Redaction is about; Key is the reaction itself.
	ReplyTo EventID
	Key     string
	// Class of an Unreadable: what was wrong, in a few fixed words.
	Class string
}

// ClassEncryptedFile is the class of an Unreadable that is a file which only clients can read.
const ClassEncryptedFile = "encrypted_file"

// EventKind says what an event means to the bridge.
type EventKind string

// The kinds of events.
const (
	// ClerkText is a message of anybody who is not one of our own users.
	ClerkText EventKind = "clerk_text"
	// ClerkJoined is the joining of anybody who is not one of our own users.
	ClerkJoined EventKind = "clerk_joined"
	// ClerkLeft is the going of anybody who is not one of our own users, by themselves or put out by us.
	ClerkLeft EventKind = "clerk_left"
	// StateChanged is a piece of a room's state that somebody else than the bot has set, the bot or a
	// ghost going, or somebody being put out by others than the bot.
	StateChanged EventKind = "state_changed"
	// ClerkReaction is a reaction of anybody who is not one of our own users.
	ClerkReaction EventKind = "clerk_reaction"
	// ClerkEdit replaces what the same user has said.
	ClerkEdit EventKind = "clerk_edit"
	// Redaction deletes an event. Anybody may be its sender: the homeserver has allowed it.
	Redaction EventKind = "redaction"
	// Redacted is a message or reaction of anybody who is not one of our own users, of which a
	// redaction has left the shell.
	Redacted EventKind = "redacted"
	// Echo is a message of one of our own users, with its marker.
	Echo EventKind = "echo"
	// BareEcho is a redacted message of one of our own users: its marker is gone.
	BareEcho EventKind = "bare_echo"
	// BareReaction is a redacted reaction of one of our own users.
	BareReaction EventKind = "bare_reaction"
	// BarrierEcho is a barrier of one of our own users.
	BarrierEcho EventKind = "barrier_echo"
	// RoomCreated is the creation of a room by the bot for an owner.
	RoomCreated EventKind = "room_created"
	// Unreadable is an event of a kind that we read, with content that we can't.
	Unreadable EventKind = "unreadable"
	// Other is everything else. It is only marked as seen.
	Other EventKind = "other"
)

// Batch is one response of the bot's /sync, gaps filled.
type Batch struct {
	Lease SyncLease
	// Next is the response's next_batch.
	Next string
	// Names are display names that the response told, by user.
	Names map[UserID]string
	// Events in the order of each room's timeline.
	Events []Event
	// Receipts of people who are not our own users.
	Receipts []Receipt
	// Typing are the people who write in a room now, by room; only rooms in which that has changed.
	Typing map[RoomID][]UserID
}

// Durable reports whether the batch holds anything that must be committed. What does not, only who
// is typing, may be given to ShowTyping instead, and its token with the next batch: after a crash it
// is read again, and does no harm.
func (b Batch) Durable() bool { return len(b.Events) > 0 || len(b.Names) > 0 || len(b.Receipts) > 0 }

// TakeSync makes this replica the one that reads /sync, if no other alive one does.
func (b *Bridge) TakeSync(ctx context.Context) (SyncLease, bool, error) {
	lease, ours, err := b.store.TakeSync(ctx, b.replica, b.now())
	b.noteLease(ours)
	return lease, ours, err
}

// KnownEvents returns which of the events have been taken already.
func (b *Bridge) KnownEvents(ctx context.Context, ids []EventID) (map[EventID]bool, error) {
	return b.store.KnownEvents(ctx, ids)
}

// HomeserverAnswers tells the core whether /sync came back.
func (b *Bridge) HomeserverAnswers(yes bool) { b.down.Store(!yes) }

// FromMatrix takes a response of the bot's /sync: all its effects and its next_batch are
// committed together, or nothing is. One bad event is set aside and harms no other. ErrLost when
// another replica reads /sync now.
func (b *Bridge) FromMatrix(ctx context.Context, batch Batch) error {
	b.names.forLease(batch.Lease)
	effects, err := b.commitBatch(ctx, batch, false)
	if err == nil {
		b.names.learn(batch.Names)
	} else if !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrLost) {
		// Something in it can't be stored. Again, each event by itself.
		effects, err = b.commitBatch(ctx, batch, true)
	}
	if err != nil {
		return fmt.Errorf("take sync response: %w", err)
	}
	b.noteSync(batch)
	if effects.aside > 0 {
		b.log.Warn().Int("events", effects.aside).Msg("events set aside")
	}
	if b.staffNews.Swap(false) {
		effects.changed[AreasNews] = true
	}
	if effects.changed[AreasNews] {
		// Before the next response is read: a clerk who was removed is not heard any more.
		if err := b.reread(ctx); err != nil {
			b.log.Warn().Err(err).Msg("what is in force not read again yet")
		}
		b.HoursMayHaveChanged()
	}
	if len(batch.Events) == 1 { // otherwise another one may have changed it
		for _, m := range effects.messages {
			b.browsers.Deliver(m)
		}
	}
	for _, m := range effects.messages {
		b.browsers.Typing(m.Conversation, "") // the text is there; who goes on typing is told anew
	}
	for id := range effects.changed {
		b.browsers.Notify(id)
	}
	b.ShowTyping(ctx, batch.Typing)
	if len(batch.Events) > 0 {
		b.Wake()
	}
	return nil
}

// effects is what a batch has done.
type effects struct {
	changed map[ConversationID]bool
	// messages are those that it stored, in order.
	messages []Message
	// aside counts the events that could not be used.
	aside int
}

// commitBatch takes a batch in one transaction. If apart, a savepoint for each event lets the bad
// ones fail by themselves; otherwise the first one ends it. Savepoints cost as much as the rest, and
// nearly no batch needs them.
func (b *Bridge) commitBatch(ctx context.Context, batch Batch, apart bool) (effects, error) {
	var e effects
	err := b.store.Update(ctx, func(tx Tx) error {
		e = effects{changed: map[ConversationID]bool{}}
		tx = &noting{Tx: tx, messages: &e.messages}
		if err := tx.AdvanceSync(batch.Lease, batch.Next); err != nil {
			return err
		}
		try := func(f func() error) error { return f() }
		if apart {
			try = tx.Savepoint
		}
		for user, name := range b.names.news(batch.Names) {
			err := try(func() error { return tx.SetUserName(user, name) })
			if err != nil && (!apart || errors.Is(err, ErrUnavailable)) {
				return err
			}
		}
		for _, ev := range batch.Events {
			err := try(func() error { return b.take(tx, ev, e.changed) })
			if err != nil && (!apart || errors.Is(err, ErrUnavailable)) {
				return err
			}
			if err != nil {
				e.aside++
				// An ID that the database can't hold either is counted in the log alone.
				err := tx.Savepoint(func() error { return b.setAside(tx, ev, "not_stored") })
				if errors.Is(err, ErrUnavailable) {
					return err
				}
			} else if ev.Kind == Unreadable {
				e.aside++
			}
		}
		for _, r := range batch.Receipts {
			// One that can't be used is an ID that the database can't hold. The next one says more.
			err := try(func() error { return b.readByClerk(tx, r, e.changed) })
			if err != nil && (!apart || errors.Is(err, ErrUnavailable)) {
				return err
			}
		}
		return nil
	})
	return e, err
}

// noting is a transaction that remembers which messages it has stored.
type noting struct {
	Tx
	messages *[]Message
}

func (n *noting) InsertMessage(m Message) (bool, error) {
	stored, err := n.Tx.InsertMessage(m)
	if stored {
		*n.messages = append(*n.messages, m)
	}
	return stored, err
}

// SaveMessage forgets a message that has changed since: it is no longer what was stored.
func (n *noting) SaveMessage(m Message) error {
	*n.messages = slices.DeleteFunc(*n.messages, func(old Message) bool { return old.ID == m.ID })
	return n.Tx.SaveMessage(m)
}

// Savepoint forgets what was stored in vain.
func (n *noting) Savepoint(f func() error) error {
	before := len(*n.messages)
	err := n.Tx.Savepoint(f)
	if err != nil {
		*n.messages = (*n.messages)[:before]
	}
	return err
}

func (b *Bridge) setAside(tx Tx, ev Event, class string) error {
	if _, err := tx.Seen(ev.ID, ev.Room); err != nil {
		return err
	}
	return tx.SetAside(ev.ID, ev.Room, class, b.now())
}

// take gives one event its effect. An event that was seen before has had it.
func (b *Bridge) take(tx Tx, ev Event, changed map[ConversationID]bool) error {
	fresh, err := tx.Seen(ev.ID, ev.Room)
	if err != nil || !fresh {
		return err
	}
	var c ConversationID
	switch ev.Kind {
	case ClerkText, ClerkJoined, ClerkLeft:
		c, err = b.FromClerk(tx, ev)
	case ClerkEdit, ClerkReaction, Redaction, Redacted:
		c, err = b.FromClerkLater(tx, ev)
	case Echo:
		c, err = b.echo(tx, ev)
	case BareEcho, BareReaction:
		c, err = b.bareEcho(tx, ev)
	case BarrierEcho:
		err = b.barrierEcho(tx, ev)
	case StateChanged:
		b.suspects.suspect(ev.Room)
	case RoomCreated:
		_, err = b.adopt(tx, ev.Owner, ev.Room)
	case Unreadable:
		if err = tx.SetAside(ev.ID, ev.Room, ev.Class, b.now()); err == nil {
			_, err = b.FromClerkLater(tx, ev)
		}
	}
	if c != "" {
		changed[c] = true
	}
	return err
}
