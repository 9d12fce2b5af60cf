package bridge

import (
	"errors"
	"fmt"
	"time"

	"schalter/bridge/fileguard"
)

// What callers of the core test for. Their texts are for the log; webchat has the citizen's words.
var (
	ErrUnstaffed          = errors.New("nobody serves this service area now")
	ErrUnknownArea        = errors.New("unknown service area")
	ErrUnauthorized       = errors.New("token does not open this conversation")
	ErrClientIDReused     = errors.New("client_id was used for another text")
	ErrKeyReused          = errors.New("idempotency key was used for another conversation")
	ErrConversationClosed = errors.New("conversation is closed")
	ErrNotClosed          = errors.New("conversation is not closed")
	ErrRated              = errors.New("conversation is rated already")
	ErrOver               = errors.New("conversation is over, and its token dead")
	ErrBlocked            = errors.New("a clerk has blocked this browser")
	ErrUnavailable        = errors.New("store is not available")
	ErrNotFound           = errors.New("not found")
	ErrUnknownFile        = errors.New("no such file in this conversation, or its ticket has expired")
	ErrNoFiles            = errors.New("service area takes no files")
	ErrTooManyFiles       = errors.New("conversation has as many files as it may")
	ErrFileTooLarge       = errors.New("file is larger than the area allows")
	ErrScannerAway        = errors.New("the malware scanner gives no verdict now")
	ErrFileType           = fileguard.ErrType
	ErrFileTwofold        = fileguard.ErrTwofold
	ErrFileImage          = fileguard.ErrImage
	ErrUnknownMessage     = errors.New("no such message in this conversation")
	ErrUnchangeable       = errors.New("message can't be changed: another's, deleted, or never delivered")
)

// InvalidError says which field of a citizen's input was refused, and why.
type InvalidError struct {
	// Field is the JSON name of the field.
	Field string
	// Reason is one of the Reason constants.
	Reason string
}

// The reasons of an InvalidError.
const (
	ReasonRequired   = "required"
	ReasonTooLong    = "too_long"
	ReasonControl    = "control_characters"
	ReasonEncoding   = "invalid_utf8"
	ReasonMalformed  = "malformed"
	ReasonNotOffered = "not_offered"
)

func (e *InvalidError) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Reason) }

// ClosedError says that a service area takes no new conversation now.
type ClosedError struct {
	Area ServiceAreaID
	// OpensAt is the next opening; zero when none is known.
	OpensAt time.Time
}

func (e *ClosedError) Error() string { return fmt.Sprintf("service area %s is closed", e.Area) }

// What a call to the homeserver came to, when it did not succeed. Rooms wraps one of these; the
// outbox decides by them whether an entry may be repeated. An error that wraps none of them counts
// as ErrUnanswered, the cautious reading.
var (
	// ErrNotSent: the homeserver has certainly not acted (connection refused, 429, our own
	// precondition). The call may be repeated as it is, later.
	ErrNotSent = errors.New("homeserver has not acted")
	// ErrUnanswered: the homeserver may have acted or may still act. Never repeated on a timer.
	ErrUnanswered = errors.New("homeserver gave no usable answer")
	// ErrRefused: the homeserver understood and refused; the same call will not succeed.
	ErrRefused = errors.New("homeserver refused")
	// ErrForbidden: refused because of membership or power; the room needs mending first.
	ErrForbidden = errors.New("homeserver forbade")
	// ErrNotIn: the room was not left, because we are not in it.
	ErrNotIn = errors.New("not in the room")
	// ErrAliasTaken: the alias belongs to a room that is not ours.
	ErrAliasTaken = errors.New("alias belongs to another room")
	// ErrRoomBroken: the room came to exist half made and cannot be completed.
	ErrRoomBroken = errors.New("room cannot be completed")
	// ErrNotYet: something else must be done first; not a failure.
	ErrNotYet = errors.New("not yet")
	// ErrLost: the commit was fenced off, because another replica has taken over.
	ErrLost = errors.New("another replica has taken over")
)
