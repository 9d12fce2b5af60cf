package bridge

import (
	"context"
	"time"
)

// Store keeps everything that is promised to anyone. Reads see committed state only.
// Methods return ErrUnavailable (wrapped) when the database cannot be reached.
type Store interface {
	// Update runs f in one transaction and commits it; when f fails, nothing has happened and
	// the error is f's. f may run more than once (a deadlock is tried again) and must do nothing
	// but call its Tx.
	Update(ctx context.Context, f func(Tx) error) error

	Conversation(ctx context.Context, id ConversationID) (Conversation, error)
	// Authorized returns the conversation if tokenHash opens it, else ErrUnauthorized.
	Authorized(ctx context.Context, id ConversationID, tokenHash []byte) (Conversation, error)
	// Messages returns at most limit messages with a seq above after, in order.
	Messages(ctx context.Context, id ConversationID, after int64, limit int) ([]Message, error)
	// Message and Relation return ErrNotFound when there is none.
	Message(context.Context, MessageID) (Message, error)
	Relation(ctx context.Context, id string) (Relation, error)
	// Changed returns at most limit messages with a seq above after, up to upTo, that have changed
	// since a revision, in order of seq.
	Changed(ctx context.Context, id ConversationID, since, after, upTo int64, limit int) ([]Message, error)
	// QueuePosition counts the waiting conversations of the area up to and with this one.
	QueuePosition(ctx context.Context, c Conversation) (int, error)
	AreaRooms(ctx context.Context) ([]AreaRooms, error)
	// DueLives returns conversations whose life is to be looked at, at most limit, the longest due
	// first.
	DueLives(ctx context.Context, now time.Time, limit int) ([]ConversationID, error)
	// ServingRooms are the rooms of citizens' conversations that are not closed, in the order of their IDs.
	ServingRooms(ctx context.Context) ([]ServingRoom, error)
	// KnownRooms are all rooms that have been adopted or discarded.
	KnownRooms(ctx context.Context) ([]RoomID, error)
	HoursStore
	AreaChangeStore
	StaffStore
	SignalStore
	GuestStore
	TurnStore
	LobbyStore
	TrainingStore
	FileStore
	FormStore
	InternalStore

	// Claim takes up to limit entries that are due, each the first of its stream, for owner
	// until now+ClaimFor. Entries of other owners that are gone are taken over as Unsure.
	Claim(ctx context.Context, owner string, now time.Time, limit int) ([]Entry, error)
	// NextDue returns when the next unclaimed entry falls due; zero when there is none.
	NextDue(ctx context.Context) (time.Time, error)

	// Pending reports whether a stream holds an entry of a kind; "" is any kind.
	Pending(ctx context.Context, stream string, kind EntryKind) (bool, error)

	// TakeSync makes owner the one replica that reads the bot's /sync, if nobody alive is.
	TakeSync(ctx context.Context, owner string, now time.Time) (SyncLease, bool, error)
	// KnownEvents returns which of the events have been seen.
	KnownEvents(ctx context.Context, ids []EventID) (map[EventID]bool, error)

	// Heartbeat tells the other replicas that owner is alive; they wait AliveFor after the last.
	Heartbeat(ctx context.Context, owner string, now time.Time) error
	// Retire gives up everything that owner holds. Its entries in flight become Unsure.
	Retire(ctx context.Context, owner string) error
}

// Tx is one transaction. Rows are locked in one order to avoid deadlocks: conversation first,
// then its messages and outbox entries.
type Tx interface {
	// NextNumber issues the next conversation number.
	NextNumber() (int64, error)
	InsertConversation(Conversation) error
	// LockConversation reads the conversation and keeps others from changing it until the end of
	// the transaction. ErrNotFound when there is none.
	LockConversation(ConversationID) (Conversation, error)
	// LockConversationByRoom is LockConversation for the conversation that a room was made for,
	// whether or not it is the one that serves.
	LockConversationByRoom(RoomID) (Conversation, error)
	// SaveConversation writes everything that can change, but for the room (see Adopt) and for what
	// was read (see ReceiptTx).
	SaveConversation(Conversation) error
	AddToken(ConversationID, []byte, time.Time) error
	// DeleteTokens kills everything that opens a conversation.
	DeleteTokens(ConversationID) error
	// ByIdempotencyKey finds the conversation opened with this key since a time, and the digest
	// of what was asked for then. ErrNotFound when there is none.
	ByIdempotencyKey(keyHash []byte, since time.Time) (ConversationID, []byte, error)
	AddIdempotencyKey(keyHash, digest []byte, id ConversationID, at time.Time) error

	// InsertMessage stores a message; false when its event or client_id is there already.
	InsertMessage(Message) (bool, error)
	// MessageByClientID returns ErrNotFound when there is none.
	MessageByClientID(ConversationID, string) (Message, error)
	SetMessageEvent(MessageID, EventID) error
	SetMessageFailed(MessageID) error
	// Message and MessageByEvent return ErrNotFound when there is none.
	Message(MessageID) (Message, error)
	MessageByEvent(EventID) (Message, error)
	// SaveMessage writes everything that can change, but for event and failure.
	SaveMessage(Message) error
	// LastMessages returns the newest messages of a conversation, at most limit, in order.
	LastMessages(c Conversation, limit int) ([]Message, error)
	// MessageSeq returns the seq of a message.
	MessageSeq(MessageID) (int64, error)
	// EventIsOurs reports whether a message or an entry already owns this event.
	EventIsOurs(EventID) (bool, error)

	// Enqueue appends an entry to its stream. If owner is not empty and the stream is empty, the
	// entry is claimed for owner at once and true is returned.
	// An entry whose ID is there already is left as it is.
	Enqueue(e Entry, owner string, now time.Time) (claimed bool, err error)
	// Entry returns ErrNotFound when the entry is done.
	Entry(id string) (Entry, error)
	// InFlight returns the entry of a stream that was sent and is not confirmed. ErrNotFound.
	InFlight(stream string) (Entry, error)
	// FinishEntry removes an entry that is done. False when it is gone already.
	FinishEntry(id string) (bool, error)
	// WithdrawEntry removes an entry that nobody has begun to do; false when somebody has.
	WithdrawEntry(id string) (bool, error)
	// SettleEntry writes phase, barrier, attempts and due time of an entry, and ends its claim,
	// if the claim is still the one that the entry was handed out with; otherwise false.
	SettleEntry(Entry) (bool, error)
	// ReleaseBarrier makes the entry due now if it waits for exactly this barrier.
	ReleaseBarrier(id, nonce string, now time.Time) (bool, error)
	// PostponeBarrier sets when the next barrier is due, if the entry waits for exactly this one.
	PostponeBarrier(id, nonce string, due time.Time) error
	// MoveEntry sends an entry, of which nobody knows what it came to, to another room, anew.
	MoveEntry(id string, room RoomID, now time.Time) error
	// ReleaseOwner makes everything that owner has claimed Unsure and due now.
	ReleaseOwner(owner string, now time.Time) error
	// ReleaseStream makes what owner has claimed in a stream Unsure and due now.
	ReleaseStream(stream, owner string, now time.Time) error
	// ClaimNext claims the first entry of a stream if it is due. ErrNotFound when none is.
	ClaimNext(stream, owner string, now time.Time) (Entry, error)

	// AreaRooms returns the rooms of an area; the zero value with the ID when none are made.
	AreaRooms(ServiceAreaID) (AreaRooms, error)
	SaveAreaRooms(AreaRooms) error
	// Adopt makes room the one that serves owner, unless another does already. It returns the
	// room that serves owner now.
	Adopt(owner RoomOwner, room RoomID) (RoomID, error)
	// Abandon undoes Adopt, if room is still the one.
	Abandon(owner RoomOwner, room RoomID) error
	// Spare is how many aliases an area's room, the admin room or a clerk's has lost for good; RaiseSpare counts
	// one more.
	Spare(RoomOwner) (int, error)
	RaiseSpare(RoomOwner) error

	// AdvanceSync moves the token from since to next, if the lease is still ours; else ErrLost.
	AdvanceSync(lease SyncLease, next string) error
	// Seen records an event; false when it was recorded before.
	Seen(EventID, RoomID) (bool, error)
	// SetAside keeps the ID and the error class of an event that could not be used.
	SetAside(id EventID, room RoomID, class string, at time.Time) error
	// SetUserName remembers what a clerk is called.
	SetUserName(UserID, string) error
	// UserName returns "" when the name is not known.
	UserName(UserID) (string, error)

	// WasSeen reports whether an event was recorded.
	WasSeen(EventID) (bool, error)

	RelationTx
	HoursTx
	AreaChangeTx
	RatingStore
	DriftStore
	StaffTx
	ClerkTx
	CannedTx
	StrangerTx
	GuestTx
	BlockTx
	TurnTx
	LobbyTx
	TrainingTx
	GuideTx
	InternalTx
	RequestStore
	ReceiptTx
	FilesTx
	BotFileTx
	DocumentTx
	FormTx

	// Savepoint runs f such that its failure undoes f only. An error of the database itself ends
	// the transaction.
	Savepoint(f func() error) error
}

// RelationTx keeps what was done to messages after they were written.
type RelationTx interface {
	// AddRelation stores a relation; false when its ID, event or client_id is there already.
	AddRelation(Relation) (bool, error)
	// SaveRelation writes message, target, texts and whether it is undone.
	SaveRelation(Relation) error
	RemoveRelation(id string) error
	// Relation, RelationByEvent and RelationByClientID return ErrNotFound when there is none.
	Relation(id string) (Relation, error)
	RelationByEvent(EventID) (Relation, error)
	RelationByClientID(ConversationID, string) (Relation, error)
	// SetRelationEvent sets the event of a citizen's relation, once.
	SetRelationEvent(id string, event EventID) error
	// Relations returns those of a message, Awaiting those that wait for an event, in no order.
	Relations(MessageID) ([]Relation, error)
	Awaiting(EventID) ([]Relation, error)
	// EraseTexts empties the texts of a message's relations.
	EraseTexts(MessageID) error
	// TouchReplies gives the messages that answer a message a revision.
	TouchReplies(MessageID, int64) error
}

// SyncLease is the right to read the bot's /sync.
type SyncLease struct {
	// Owner is the replica that holds it.
	Owner string
	// Generation rises each time the lease changes hands; it fences the commits of the former.
	Generation int64
	// Since is the next_batch of the last committed response; empty before the first.
	Since string
}

const (
	// ClaimFor is how long a claim on an outbox entry lasts. Longer than any call to the
	// homeserver (matrix.Timeout), so that a live owner never loses it.
	ClaimFor = 60 * time.Second
	// AliveFor is how long a replica counts as alive after its last heartbeat.
	AliveFor = 5 * time.Second
	// HeartbeatEvery is how often a replica says that it is alive.
	HeartbeatEvery = time.Second
)
