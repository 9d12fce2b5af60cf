package bridge

import (
	"context"
	"time"
)

// Rooms is what the core asks of Matrix. Every method may be called again after a crash and is
// given at most one deadline's time. Failures wrap ErrNotSent, ErrUnanswered, ErrRefused,
// ErrForbidden or ErrAliasTaken.
type Rooms interface {
	// BotID is the bridge's own user; GhostID the user that speaks for a conversation.
	BotID() UserID
	GhostID(localpart string) UserID
	// AliasFor is the alias under which people find something, e.g. "#schalter_4711:server".
	AliasFor(name string) string

	// Send sends a message event with the entry's ID as transaction ID and marker.
	Send(ctx context.Context, m OutgoingMessage) (EventID, error)
	// React puts a reaction under an event, with the entry's ID as transaction ID and marker. The
	// same reaction that is there already is success, and may have no event ID.
	React(ctx context.Context, r Reaction) (EventID, error)
	// Redact deletes an event of as's own. Transaction is the transaction ID.
	Redact(ctx context.Context, room RoomID, as UserID, transaction string, event EventID) error
	// SendBarrier sends the state event behind which, in the bot's /sync, an earlier event of
	// the same sender must have come.
	SendBarrier(ctx context.Context, room RoomID, as UserID, entry, nonce string) error

	// OpenRoom makes or completes the room of a conversation and returns it. Each room that
	// comes to exist on the way is reported to found before anything else is done with it;
	// found returns the room to go on with. The alias decides between two rooms: ErrRoomBroken,
	// with the room, when it leads to another one of the same owner.
	OpenRoom(ctx context.Context, r RoomPlan, found func(RoomID) (RoomID, error)) (RoomID, error)
	// UpdateRoom brings name and the space's child entry in step with the conversation.
	UpdateRoom(ctx context.Context, r RoomPlan) error
	// MoveRoom hands a conversation's room to the plan's area and space: first its join rule and the
	// space that lists it, then the invitations, then GuardRoom and UpdateRoom.
	MoveRoom(ctx context.Context, r RoomPlan) error
	// Invite asks a user into a room; one who is in it or invited stays so.
	Invite(ctx context.Context, room RoomID, user UserID) error
	// PinBoard pins an event in a lobby, alone, and sets the topic.
	PinBoard(ctx context.Context, lobby RoomID, event EventID, topic string) error
	// GuardRoom removes from a conversation's room everybody but the bot, the ghost, the area's clerks
	// and the guests.
	GuardRoom(ctx context.Context, r RoomPlan) error
	// SetUpArea makes or completes space and lobby, and brings their members in step with the
	// area's clerks. found as with OpenRoom. A failure of one of the rooms wraps a *PartError.
	SetUpArea(ctx context.Context, a AreaPlan, found func(RoomOwner, RoomID) (RoomID, error)) (AreaRooms, error)
	// SetUpAdmin makes or completes the admin room, and brings its members in step with the admins.
	// found as with OpenRoom. With ErrRoomBroken, it returns the broken room.
	SetUpAdmin(ctx context.Context, a AdminPlan, found func(RoomID) (RoomID, error)) (RoomID, error)
	// OpenDirect makes or completes the room that the bot shares with one clerk. Nobody is invited.
	// found as with OpenRoom. With ErrRoomBroken, it returns the broken room.
	OpenDirect(ctx context.Context, d DirectPlan, found func(RoomID) (RoomID, error)) (RoomID, error)
	// SetTyping shows one of our users as writing, until it is told otherwise or lasts is over; 0 ends it.
	SetTyping(ctx context.Context, room RoomID, as UserID, lasts time.Duration) error
	// MoveReceipt says that one of our users has read a room up to an event.
	MoveReceipt(ctx context.Context, room RoomID, as UserID, event EventID) error
	// JoinedRooms are the rooms that the bot is in.
	JoinedRooms(ctx context.Context) (map[RoomID]bool, error)
	// InspectRoom, InspectArea and InspectAdmin compare what is there with its plan and change
	// nothing. A room that is lost has drifted in nothing else.
	InspectRoom(ctx context.Context, r RoomPlan) ([]What, error)
	InspectArea(ctx context.Context, a AreaPlan) (AreaFindings, error)
	InspectAdmin(ctx context.Context, a AdminPlan) ([]What, error)
	// Picture is what a user looks like, small. ErrNotFound when there is none that can be shown.
	Picture(ctx context.Context, user UserID) (Picture, error)
	FileRooms
	// Event reads one event of a room, with what its own sender has made of it since. ErrNotFound when
	// the bot can't read it.
	Event(ctx context.Context, room RoomID, event EventID) (Event, error)
	// EmptyRoom ends a conversation's room: nobody writes there or comes in any more, and clerks,
	// ghost and bot leave.
	EmptyRoom(ctx context.Context, r RoomPlan) error
	// LeaveRoom leaves and forgets a room that serves nobody, which space lists no more; "" for none. It fails with ErrRefused when the
	// homeserver will not have it, and with ErrNotIn when there was nothing to leave.
	LeaveRoom(ctx context.Context, space, room RoomID) error
}

// RoomOwner says what a room is for. It stands in the room's creation content, so that a room is
// recognised as ours, and as whose, after any crash.
type RoomOwner struct {
	Conversation ConversationID
	// Area and Part name a space or a lobby; empty for a conversation. The admin room has no area, nor has
	// the one that the bot shares with User.
	Area ServiceAreaID
	Part AreaPart
	User UserID
}

// AreaPart is one of the two rooms of a service area.
type AreaPart string

// The rooms of a service area.
const (
	Space AreaPart = "space"
	Lobby AreaPart = "lobby"
)

// RoomPlan is how a conversation's room should be.
type RoomPlan struct {
	Conversation Conversation
	// Area's clerks are those who may be in the room.
	Area ServiceArea
	// Space lists the room, and its members may enter it; "" for a room that only its invited enter.
	Space RoomID
	// Retry is set when an earlier attempt may have made a room already.
	Retry bool
	// Complete is set when the room has served already: the bot comes back where it was put out.
	Complete bool
	// Age is how long ago the first attempt was; it decides when an unusable alias is given up.
	AgeSeconds int
	// Name and Topic of the room, GhostName of the citizen in it; Suggested marks it in the
	// space as waiting. Unlisted: the space lists it no longer.
	Name      string
	Topic     string
	GhostName string
	Suggested bool
	Unlisted  bool
	// Invite are clerks who are asked into the room when it moves or is mended, Guests those of other
	// areas who may be in it; they are read when the room is moved or guarded.
	Invite []UserID
	Guests []UserID
}

// AreaPlan is how a service area's rooms should be.
type AreaPlan struct {
	Area  ServiceArea
	Rooms AreaRooms
	// Retry and AgeSeconds as in RoomPlan.
	Retry      bool
	AgeSeconds int
	SpaceName  string
	LobbyName  string
	LobbyTopic string
	// SpaceAlias and LobbyAlias without sigil and server.
	SpaceAlias, LobbyAlias string
}

// PartError says in which of an area's rooms SetUpArea failed. Room may be empty.
type PartError struct {
	Part AreaPart
	Room RoomID
	Err  error
}

func (e *PartError) Error() string { return string(e.Part) + ": " + e.Err.Error() }

// Unwrap returns what it came to.
func (e *PartError) Unwrap() error { return e.Err }

// OutgoingMessage is a message event on its way to the homeserver.
type OutgoingMessage struct {
	Room RoomID
	As   UserID
	// Entry is transaction ID and marker.
	Entry string
	// Text is the plain body, HTML the formatted one; HTML may be empty.
	Text string
	HTML string
	// File sends it instead of a text, which is its name then.
	File *File
	// ReplyTo is the event that it answers, Replaces the one that it is an edit of; empty for none.
	ReplyTo  EventID
	Replaces EventID
	// Notice sends m.notice instead of m.text.
	Notice bool
	// Mentions are the users whose clients shall notify. Never nil on the wire: without the
	// field, clients look for names in the text.
	Mentions []UserID
}

// Browsers is told what citizens shall see. It never blocks.
type Browsers interface {
	// Notify says, after the commit, that a conversation has changed.
	Notify(ConversationID)
	// Deliver hands on a committed message of a clerk, so that streams need not read it. Notify
	// follows: a stream that does not get the message here finds it in the store.
	Deliver(Message)
	// Typing says which clerk is writing to the citizen now, by display name; "" means nobody. It is
	// of the moment: nothing of it is stored, and it may get lost.
	Typing(id ConversationID, clerk string)
}
