package bridge

import (
	"cmp"
	"slices"
	"time"
)

// Relation is something done to a message after it was written. What a message is now follows
// from its relations alone, in whatever order they came: see Message.apply.
type Relation struct {
	// ID is the event's for what came from Matrix, and the outbox entry's for what a citizen did.
	ID           string
	Conversation ConversationID
	Kind         RelationKind
	// Message is empty while the message has not come; then Target is its event.
	Message MessageID
	Target  EventID
	// Event is the relation's own event; empty for a citizen's that is not delivered.
	Event EventID
	// Sender is empty for the citizen.
	Sender UserID
	// ClientID is the browser's own name for a citizen's edit.
	ClientID string
	// Key is the reaction itself; of an AwaitedReply, the message that answers.
	Key string
	// Text, HTML and Emote of an OriginalText or an Edit; erased with the message.
	Text  string
	HTML  string
	Emote bool
	// Undone: taken back, but still known, because its event may come to light again.
	Undone bool
	// Place orders what a citizen did: the conversation's revision then. Zero for a clerk's, whose
	// order is that of Matrix (specification, "Event replacements"): At, then Event.
	Place int64
	At    time.Time
}

// RelationKind says what was done.
type RelationKind string

// The kinds of relations.
const (
	// OriginalText is not a deed: it keeps what a message said before it was edited.
	OriginalText RelationKind = "original"
	Edit         RelationKind = "edit"
	// ReactionTo is one person's reaction.
	ReactionTo RelationKind = "reaction"
	// AwaitedReply waits for the message that another one answers.
	AwaitedReply RelationKind = "reply"
	// AwaitedRedaction waits for the event that was redacted before it came.
	AwaitedRedaction RelationKind = "redaction"
)

// ReactionCount is how many people have put one reaction under a message.
type ReactionCount struct {
	Key   string `json:"key"`
	Count int    `json:"count"`
	// Mine: the citizen is among them.
	Mine bool `json:"mine,omitempty"`
}

// before says whether r comes before s among the relations of one message.
func (r Relation) before(s Relation) int {
	return cmp.Or(cmp.Compare(r.Place, s.Place), r.At.Compare(s.At), cmp.Compare(r.Event, s.Event), cmp.Compare(r.ID, s.ID))
}

// apply makes the message what its relations say. A deleted one stays so.
func (m Message) apply(relations []Relation) Message {
	if m.Deleted() {
		return m
	}
	all := slices.DeleteFunc(slices.Clone(relations), func(r Relation) bool { return r.Undone })
	slices.SortFunc(all, Relation.before)
	m.Reactions = countReactions(all)
	for _, r := range all {
		if r.Kind == OriginalText {
			m.Text, m.HTML, m.Emote, m.EditedAt = r.Text, r.HTML, r.Emote, time.Time{}
		}
	}
	for _, r := range all { // the last one stays
		if r.Kind == Edit {
			m.Text, m.HTML, m.Emote, m.EditedAt = r.Text, r.HTML, r.Emote, r.At
		}
	}
	return m
}

// countReactions adds up reactions, the oldest first. A person counts once.
func countReactions(sorted []Relation) []ReactionCount {
	var out []ReactionCount
	type one struct {
		by  UserID
		key string
	}
	counted := map[one]bool{}
	for _, r := range sorted {
		if r.Kind != ReactionTo || counted[one{r.Sender, r.Key}] {
			continue
		}
		counted[one{r.Sender, r.Key}] = true
		i := slices.IndexFunc(out, func(c ReactionCount) bool { return c.Key == r.Key })
		if i < 0 {
			i, out = len(out), append(out, ReactionCount{Key: r.Key})
		}
		out[i].Count++
		out[i].Mine = out[i].Mine || r.Sender == ""
	}
	return out
}

// original keeps what the message says before its first edit.
func (m Message) original() Relation {
	return Relation{
		ID: "original-" + string(m.ID), Conversation: m.Conversation, Kind: OriginalText, Message: m.ID,
		Text: m.Text, HTML: m.HTML, Emote: m.Emote, At: m.CreatedAt,
	}
}

// addRelation gives a relation of a known message its effect.
func addRelation(tx Tx, c *Conversation, m Message, r Relation) (Message, error) {
	r.Message, r.Target = m.ID, ""
	if r.Kind == Edit {
		if _, err := tx.AddRelation(m.original()); err != nil {
			return m, err
		}
	}
	if _, err := tx.AddRelation(r); err != nil {
		return m, err
	}
	return recast(tx, c, m)
}

// recast writes down what a message is after its relations have changed.
func recast(tx Tx, c *Conversation, m Message) (Message, error) {
	relations, err := tx.Relations(m.ID)
	if err != nil {
		return m, err
	}
	now := m.apply(relations)
	if now.Text == m.Text && now.HTML == m.HTML && now.Emote == m.Emote && now.EditedAt.Equal(m.EditedAt) &&
		slices.Equal(now.Reactions, m.Reactions) {
		return m, nil
	}
	return saveChanged(tx, c, now)
}

// erase deletes a message: nothing of what it ever said is kept.
func erase(tx Tx, c *Conversation, m Message, at time.Time) (Message, error) {
	if m.Deleted() {
		return m, nil
	}
	m.Text, m.HTML, m.Emote, m.ReplyTo, m.EditedAt, m.Reactions, m.DeletedAt = "", "", false, "", time.Time{}, nil, at
	m.Card = nil
	if err := tx.EraseTexts(m.ID); err != nil {
		return m, err
	}
	if m.File != nil {
		m.File = nil
		if err := tx.RemoveFile(m.ID); err != nil {
			return m, err
		}
	}
	return saveChanged(tx, c, m)
}

// saveChanged stores a changed message under the conversation's next revision. Those that quote it
// change with it. The caller saves the conversation.
func saveChanged(tx Tx, c *Conversation, m Message) (Message, error) {
	c.Revision++
	m.Revision = c.Revision
	if err := tx.SaveMessage(m); err != nil {
		return m, err
	}
	return m, tx.TouchReplies(m.ID, c.Revision)
}

// await keeps a relation until the event comes that it is about.
func await(tx Tx, c *Conversation, r Relation) error {
	r.Message = ""
	fresh, err := tx.AddRelation(r)
	if fresh {
		c.Awaited++
	}
	return err
}

// comes gives a message everything that has waited for it.
func comes(tx Tx, c *Conversation, m Message) error {
	if c.Awaited == 0 {
		return nil
	}
	waiting, err := tx.Awaiting(m.Event)
	if err != nil || len(waiting) == 0 {
		return err
	}
	var deleted Relation
	for _, r := range waiting {
		c.Awaited--
		r.Message, r.Target = m.ID, ""
		keep := false
		switch r.Kind {
		case Edit:
			if keep = m.editableBy(r.Sender); keep {
				_, err = tx.AddRelation(m.original())
			}
		case ReactionTo:
			keep = true
		case AwaitedReply:
			err = answers(tx, c, MessageID(r.Key), m.ID)
		case AwaitedRedaction:
			deleted = r
		}
		if err != nil {
			return err
		}
		if keep {
			err = tx.SaveRelation(r)
		} else {
			err = tx.RemoveRelation(r.ID)
		}
		if err != nil {
			return err
		}
	}
	if deleted.ID != "" {
		_, err = erase(tx, c, m, deleted.At)
	} else {
		_, err = recast(tx, c, m)
	}
	return err
}

// answers sets what a message answers, which has come after it.
func answers(tx Tx, c *Conversation, id, to MessageID) error {
	m, err := tx.Message(id)
	if err != nil || m.Deleted() {
		return err
	}
	m.ReplyTo = to
	_, err = saveChanged(tx, c, m)
	return err
}

// drop removes what waits for an event, and reports whether its redaction was among it.
func drop(tx Tx, c *Conversation, event EventID) (redacted bool, err error) {
	if c.Awaited == 0 {
		return false, nil
	}
	waiting, err := tx.Awaiting(event)
	for _, r := range waiting {
		c.Awaited--
		redacted = redacted || r.Kind == AwaitedRedaction
		if err := tx.RemoveRelation(r.ID); err != nil {
			return false, err
		}
	}
	return redacted, err
}

// redactedEarly takes an event whose redaction came before it: nothing of it is used, and what
// else waits for it is dropped.
func redactedEarly(tx Tx, c *Conversation, event EventID) (bool, error) {
	if c.Awaited == 0 {
		return false, nil
	}
	waiting, err := tx.Awaiting(event)
	if err != nil || !slices.ContainsFunc(waiting, func(r Relation) bool { return r.Kind == AwaitedRedaction }) {
		return false, err
	}
	return drop(tx, c, event)
}

// editableBy reports whether an edit of this sender counts: that of the clerk who wrote it.
func (m Message) editableBy(sender UserID) bool {
	return m.Direction == FromClerkDirection && m.Sender != "" && m.SenderID == sender && !m.Deleted()
}

// comesDelivered is comes for a citizen's message, whose event has just become known.
func (b *Bridge) comesDelivered(tx Tx, c *Conversation, id MessageID) error {
	m, err := tx.Message(id)
	if err != nil {
		return err
	}
	if err := comes(tx, c, m); err != nil || m.File == nil {
		return err
	}
	if now, err := tx.Message(id); err != nil || !now.Deleted() {
		return err
	}
	return b.reopenDocument(tx, c, id, m.File)
}
