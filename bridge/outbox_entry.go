package bridge

import (
	"encoding/json"
	"fmt"
	"time"
)

// Entry is one thing to be done to Matrix. Entries of a stream are done in order, one at a time;
// streams are independent of each other.
type Entry struct {
	// ID is a ULID: the Matrix transaction ID and the marker in the event's content.
	ID string
	// Order is given by the store when the entry is enqueued.
	Order  int64
	Stream string
	Kind   EntryKind
	// Conversation and Area say whom it is about; one of them may be empty.
	Conversation ConversationID
	Area         ServiceAreaID
	// Room and Sender are set for kinds that send an event.
	Room    RoomID
	Sender  UserID
	Payload json.RawMessage
	Phase   Phase
	// Barrier is the nonce of the barrier that is waited for in phase Barred.
	Barrier string
	// Attempts counts how often the homeserver was called for this entry.
	Attempts int
	// DueAt is when the entry may be taken up again.
	DueAt     time.Time
	CreatedAt time.Time
	// Claim is the generation of the claim it was handed out with, ClaimedAt its time.
	Claim     int64
	ClaimedAt time.Time
}

// EntryKind says what is to be done.
type EntryKind string

// The kinds of entries.
const (
	// SetUpArea makes space and lobby of an area. Stream of the area.
	SetUpArea EntryKind = "set_up_area"
	// OpenRoom makes a conversation's room. First of the conversation's stream.
	OpenRoom EntryKind = "open_room"
	// SendMessage sends a citizen's message as the ghost.
	SendMessage EntryKind = "send_message"
	// SendFile brings a citizen's file to the homeserver, and sends its message as the ghost.
	SendFile EntryKind = "send_file"
	// SendEdit and SendReaction send what a citizen did to a message, as the ghost. The entry's ID is
	// the relation's, where the text stands.
	SendEdit     EntryKind = "send_edit"
	SendReaction EntryKind = "send_reaction"
	// Redact deletes an event of the ghost's. It can be repeated as it is.
	Redact EntryKind = "redact"
	// WriteProtocol writes what was said in a conversation into two files. PostFile brings a file that was
	// made here into the conversation's room, as the bot.
	WriteProtocol EntryKind = "write_protocol"
	PostFile      EntryKind = "post_file"
	// PostDocument posts the bot's notice of a request for a document or for the citizen's page, whose message's
	// ID the entry has, in the conversation's room; EditDocument edits it.
	PostDocument EntryKind = "post_document"
	EditDocument EntryKind = "edit_document"
	// UpdateRoom brings name and suggestion in step with the conversation's state.
	UpdateRoom EntryKind = "update_room"
	// GuardRoom removes from a conversation's room whoever is neither its citizen nor one of its
	// area's clerks.
	GuardRoom EntryKind = "guard_room"
	// PostNotice posts the bot's notice in the lobby. Stream of the lobby.
	PostNotice EntryKind = "post_notice"
	// EditNotice edits such a notice; without a conversation, the board.
	EditNotice EntryKind = "edit_notice"
	// PostBoard posts the notice that is pinned in a lobby, PinBoard pins it and sets the topic.
	PostBoard EntryKind = "post_board"
	PinBoard  EntryKind = "pin_board"
	// InviteClerk invites Sender into the conversation's room.
	InviteClerk EntryKind = "invite_clerk"
	// MoveRoom hands a conversation's room from Area to the conversation's own.
	MoveRoom EntryKind = "move_room"
	// SendGuide makes the room that the bot shares with Sender, who is then sent the clerks' guide.
	SendGuide EntryKind = "send_guide"
	// SetUpAdmin makes the admin room. A stream of its own.
	SetUpAdmin EntryKind = "set_up_admin"
	// PostRequest posts the notice of a citizen's request, whose ID the entry has, in the lobby.
	PostRequest EntryKind = "post_request"
	// SendMail sends the answer to a request: the one kind that is not for Matrix. A mail whose
	// sending went unanswered is sent again, with the same Message-ID.
	SendMail EntryKind = "send_mail"
	// TellRoom posts a text of the bot in a room: the entry's, else that of its conversation, else
	// the lobby of its area.
	TellRoom EntryKind = "tell_room"
	// PlaceReaction puts a reaction of the bot under an event, in the room that TellRoom would use.
	PlaceReaction EntryKind = "place_reaction"
	// MoveReceipt moves the ghost's read receipt to what the citizen has read. A stream of its own.
	MoveReceipt EntryKind = "move_receipt"
	// MendRoom puts right what has drifted about a conversation's room. A stream of its own: what
	// waits in the others may wait for it.
	MendRoom EntryKind = "mend_room"
	// EmptyRoom has everybody leave the room of a conversation that is over. Last of the desk's
	// stream.
	EmptyRoom EntryKind = "empty_room"
	// LeaveRoom leaves a room that serves nobody. A stream of its own.
	LeaveRoom EntryKind = "leave_room"
)

// sends reports whether the entry puts a message event, or a reaction, into a room. Only those need echo and
// barrier; the other kinds can be repeated as they are.
func (k EntryKind) sends() bool {
	switch k {
	case SendMessage, SendFile, SendEdit, SendReaction, PostNotice, TellRoom, PostRequest, PlaceReaction, EditNotice, PostBoard, PostFile, PostDocument, EditDocument:
		return true
	}
	return false
}

// Phase says what is known about an entry.
type Phase string

// The phases of an entry. There is no phase "done": a done entry is gone, and what it came to
// stands with the message or the room.
const (
	// Ready: the homeserver has certainly not acted since the last knowledge.
	Ready Phase = "ready"
	// Trying: claimed by a replica that is calling the homeserver, or has died doing so.
	Trying Phase = "trying"
	// Unsure: the homeserver may have acted. Wait for the echo until DueAt, then send a barrier.
	Unsure Phase = "unsure"
	// Barred: a barrier was sent. Its echo makes the entry Ready; at DueAt another is sent.
	Barred Phase = "barred"
)

func conversationStream(c ConversationID) string { return "conversation:" + string(c) }

// deskStream keeps what only clerks see out of the way of the citizen's messages.
func deskStream(c ConversationID) string { return "desk:" + string(c) }

// receiptStream keeps receipts out of the way of everything else.
func receiptStream(c ConversationID) string { return "receipt:" + string(c) }

func mendStream(c ConversationID) string { return "mend:" + string(c) }

func areaStream(a ServiceAreaID) string  { return "area:" + string(a) }
func lobbyStream(a ServiceAreaID) string { return "lobby:" + string(a) }
func roomStream(r RoomID) string         { return "room:" + string(r) }

// textPayload is the payload of the kinds that send.
type textPayload struct {
	Text     string   `json:"text"`
	HTML     string   `json:"html,omitempty"`
	Mentions []UserID `json:"mentions,omitempty"`
	// ReplyTo is the message that it answers.
	ReplyTo MessageID `json:"reply_to,omitempty"`
	// Notice makes it an m.notice, for which clients don't notify.
	Notice bool `json:"notice,omitempty"`
}

func (p textPayload) encode() (json.RawMessage, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode payload: %w", err)
	}
	return b, nil
}
