package bridge

import (
	"crypto/rand"
	"strings"

	"github.com/oklog/ulid/v2"
)

// ConversationID is a ULID. It names one citizen's chat for ever; the room carries it in its
// creation content, so that the room can be recognised after any crash.
type ConversationID string

// MessageID is a ULID. For a citizen's message it is also the Matrix transaction ID and the
// marker by which the echo is recognised.
type MessageID string

// ServiceAreaID is the short name of a service area in config, URLs and commands: lower-case
// letters, digits and hyphens, at most 40 characters.
type ServiceAreaID string

// RoomID, EventID and UserID are Matrix identifiers. The core compares them and never takes
// them apart.
type (
	RoomID  string
	EventID string
	UserID  string
)

// NewID returns a new ULID: unique, and sorting by the time it was made.
func NewID() string {
	return ulid.MustNew(ulid.Now(), rand.Reader).String()
}

// ghostLocalpart is the localpart of the ghost that speaks for a conversation's citizen. Matrix
// wants lower case (specification, appendix "User Identifiers").
func ghostLocalpart(c ConversationID) string {
	return "citizen_" + strings.ToLower(string(c))
}
