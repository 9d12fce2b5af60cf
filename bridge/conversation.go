package bridge

import "time"

// State is where a conversation stands in its life: waiting → active → closed.
type State string

// The states of a conversation.
const (
	Waiting State = "waiting"
	Active  State = "active"
	Closed  State = "closed"
)

// Conversation is one citizen's chat.
type Conversation struct {
	ID ConversationID
	// Number is what people say aloud, "#4711". Unique, ascending, never issued again.
	Number int64
	Area   ServiceAreaID
	State  State
	// Name is what the citizen chose to be called; may be empty. At most 80 characters.
	Name string
	// Language is one of Languages.
	Language string
	// PageURL is the page the chat was started from, without query and fragment; may be empty.
	PageURL string
	// Ghost is the Matrix user that speaks for this citizen.
	Ghost UserID
	// Room is the conversation's Matrix room; empty until it is made.
	Room RoomID
	// Notice is the lobby's notice of this chat; empty until it is posted.
	Notice EventID
	// Clerk is the display name of the clerk who serves the citizen; empty while waiting.
	Clerk string
	// ClerkID is that clerk, for as long as they are in the room; empty for nobody.
	ClerkID UserID
	// LastSeq is the seq of the newest message; 0 means none.
	LastSeq int64
	// DeliveredSeq is the seq of the newest message of the citizen that is in the room, as its
	// event ID proves; 0 means none. Delivery is in order, so everything before it is there too.
	DeliveredSeq int64
	// Revision rises with each change of a message that was there already.
	Revision int64
	// Awaited counts the relations whose message has not come.
	Awaited int64
	// ReadSeq is the seq of the newest message of the citizen that a clerk has read, CitizenReadSeq
	// the seq up to which the citizen has read; 0 means nothing. They only rise, and are written by
	// ReceiptTx alone.
	ReadSeq        int64
	CitizenReadSeq int64
	CreatedAt      time.Time
	Life           Life
	// Trainee is the clerk for whom it is training, with a simulated citizen; empty for every other.
	Trainee UserID
}

// Languages are the languages a citizen can choose, the first being the default.
var Languages = []string{"de", "fr", "it", "en", PlainGerman}

// PlainGerman is Leichte Sprache, by the variant of BCP 47. What is not written in it is said in German.
const PlainGerman = "de-simple"

// Direction says who wrote a message.
type Direction string

// The directions of a message.
const (
	FromCitizenDirection Direction = "citizen"
	FromClerkDirection   Direction = "clerk"
)

// Message is one entry of a conversation, in either direction.
type Message struct {
	ID           MessageID
	Conversation ConversationID
	// Seq counts from 1 within the conversation, without gaps, in the order of commits.
	Seq       int64
	Direction Direction
	// ClientID is the browser's own name for a citizen's message; empty for a clerk's.
	ClientID string
	// Sender is the clerk's display name when it was written; empty for the citizen's own messages.
	Sender string
	// SenderID is that clerk; empty for the citizen's own messages, and for old ones.
	SenderID UserID
	// Text is plain text: for a citizen at most MaxText characters, for a clerk whatever fits
	// into a Matrix event.
	Text string
	// HTML is sanitised to Matrix's allow-list; empty when there is only plain text.
	HTML string
	// Emote: said of oneself, as in «nods».
	Emote bool
	// File is what it brings along; nil for none. Then Text is the caption, or else the file's name.
	File *File
	// Card is what it shows beside its text; nil for nearly all.
	Card *Card
	// ReplyTo is the message that this one answers, Quote what that one says now.
	ReplyTo MessageID
	Quote   Quote
	// Event is the Matrix event; empty for a citizen's message that is not delivered yet.
	Event EventID
	// Failed is set when the homeserver refused the message for good; it is then set aside.
	Failed bool
	// EditedAt is when it got its present text; zero when it has its first one.
	EditedAt time.Time
	// DeletedAt is not zero when it was deleted; then nothing of what it said is left.
	DeletedAt time.Time
	Reactions []ReactionCount
	// Revision is the conversation's when the message was last changed; 0 means never.
	Revision  int64
	CreatedAt time.Time
	// Language is that of the conversation when it was stored; empty for old ones. Read only.
	Language string
	// Training keeps a message that is stored from being counted.
	Training bool
}

// Deleted reports whether nothing but the place of the message is left.
func (m Message) Deleted() bool { return !m.DeletedAt.IsZero() }

// Quote is the message that another one answers, as it is now.
type Quote struct {
	Seq       int64
	Direction Direction
	// Sender is the clerk's display name.
	Sender string
	// Text is the first MaxQuote characters.
	Text    string
	Deleted bool
}

// quoted is what another message quotes of this one.
func (m Message) quoted() Quote {
	text := []rune(m.Text)
	return Quote{
		Seq: m.Seq, Direction: m.Direction, Sender: m.Sender, Text: string(text[:min(len(text), MaxQuote)]), Deleted: m.Deleted(),
	}
}

// MaxQuote is how much of a message is quoted, in characters.
const MaxQuote = 200

// MaxText is the longest text of a citizen's message, in characters (Unicode code points).
const MaxText = 4000

// MaxName is the longest name a citizen can give, in characters.
const MaxName = 80
