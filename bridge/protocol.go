package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Protocol is what was said in a conversation, as it is filed: the JSON file of !protokoll, and what its
// page shows. Times are UTC in the file.
type Protocol struct {
	Number   int64     `json:"number"`
	Area     string    `json:"service_area"`
	AreaName string    `json:"service_area_name"`
	State    State     `json:"state"`
	Language string    `json:"language"`
	Citizen  string    `json:"citizen"`
	Page     string    `json:"page,omitempty"`
	Begun    time.Time `json:"begun_at"`
	// Ended, ClosedBy and Reason are of a closed conversation; Reason, which citizens never see, goes with
	// the notes.
	Ended    *time.Time `json:"ended_at,omitempty"`
	ClosedBy Closer     `json:"closed_by,omitempty"`
	Reason   string     `json:"reason,omitempty"`
	// Made and MadeBy: when and by whom it was asked for.
	Made   time.Time `json:"made_at"`
	MadeBy string    `json:"made_by"`
	// WithNotes: what clerks wrote to each other is among the entries. Unreadable counts what of it can't
	// be read any more.
	WithNotes  bool            `json:"with_notes"`
	Unreadable int             `json:"unreadable_notes,omitempty"`
	Entries    []ProtocolEntry `json:"messages"`
	Files      []ProtocolFile  `json:"files"`
}

// ProtocolEntry is a message, or a note.
type ProtocolEntry struct {
	// Seq is the message's place; 0 for a note.
	Seq int64     `json:"seq,omitempty"`
	At  time.Time `json:"at"`
	// From is citizen, clerk or note.
	From   string `json:"from"`
	Sender string `json:"sender"`
	Text   string `json:"text"`
	// AnswersTo is the seq of the message that it answers; 0 for none.
	AnswersTo int64      `json:"answers_to,omitempty"`
	Edited    *time.Time `json:"edited_at,omitempty"`
	Deleted   *time.Time `json:"deleted_at,omitempty"`
	// Undelivered: the homeserver has refused it for good.
	Undelivered bool   `json:"undelivered,omitempty"`
	File        string `json:"file,omitempty"`
}

// ProtocolFile is a file that was sent in the conversation.
type ProtocolFile struct {
	// Seq is its message's place.
	Seq  int64  `json:"seq"`
	From string `json:"from"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size,omitempty"`
	// SHA256 in hexadecimal; empty where the file can't be had any more.
	SHA256 string `json:"sha256"`
}

const fromNote = "note"

// protocolPayload is the payload of WriteProtocol.
type protocolPayload struct {
	Notes bool      `json:"notes"`
	By    string    `json:"by"`
	At    time.Time `json:"at"`
	// Language is of the words.
	Language string `json:"language"`
}

// notesWords stand behind !protokoll for what clerks wrote to each other.
var notesWords = map[string]bool{"notizen": true, "notiz": true, "mit notizen": true, "notes": true, "with notes": true}

// protocolByOrder has what was said written into two files, which come into the room: !protokoll, with
// internal notes: !protokoll notizen.
func (b *Bridge) protocolByOrder(tx Tx, o order) (string, error) {
	notes := notesWords[strings.ToLower(strings.Join(strings.Fields(o.rest), " "))]
	switch {
	case o.rest != "" && !notes:
		return "", wrong("protocol")
	case o.c.LastSeq == 0:
		return "", nil
	}
	now := b.now()
	payload, err := json.Marshal(protocolPayload{Notes: notes, By: o.name, At: now, Language: o.words.lang})
	if err != nil {
		return "", fmt.Errorf("encode payload: %w", err)
	}
	_, err = tx.Enqueue(Entry{
		ID: NewID(), Stream: deskStream(o.c.ID), Kind: WriteProtocol, Conversation: o.c.ID, Area: o.c.Area,
		Payload: payload, Phase: Ready, DueAt: now, CreatedAt: now,
	}, "", now)
	return "", err
}

const (
	// protocolFor is how long one attempt to write a protocol may take; less than ClaimFor.
	protocolFor = 50 * time.Second
	// protocolAttempts is how often it is tried to have every note and SHA-256.
	protocolAttempts = 5
)

// performProtocol writes the two files. What it enqueues is committed with its own end, so that they are
// sent once.
func (b *Bridge) performProtocol(ctx context.Context, e Entry) (func(Tx) error, error) {
	ctx, cancel := context.WithTimeout(ctx, protocolFor)
	defer cancel()
	var asked protocolPayload
	if err := json.Unmarshal(e.Payload, &asked); err != nil {
		return nil, fmt.Errorf("decode payload: %w: %w", err, ErrRefused)
	}
	words := b.texts
	for _, w := range b.citizens {
		if w.lang == asked.Language {
			words = w
		}
	}
	p, err := b.protocol(ctx, e, asked, words)
	if err != nil {
		return nil, fmt.Errorf("write protocol: %w: %w", err, ErrNotSent)
	}
	page, err := p.page(words)
	if err != nil {
		return nil, err
	}
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode protocol: %w", err)
	}
	name := words.say("protocol_file", map[string]string{"Number": strconv.FormatInt(p.Number, 10)})
	ids := []string{NewID(), NewID()}
	html, err := b.botFile(ctx, ids[0], name+".html", "text/html", page)
	if err != nil {
		return nil, err
	}
	file, err := b.botFile(ctx, ids[1], name+".json", "application/json", append(data, '\n'))
	if err != nil {
		return nil, err
	}
	return func(tx Tx) error {
		if done, err := tx.FinishEntry(e.ID); err != nil || !done {
			return err
		}
		if err := b.post(tx, e, ids[0], html); err != nil {
			return err
		}
		return b.post(tx, e, ids[1], file)
	}, nil
}

// protocol gathers what was said.
func (b *Bridge) protocol(ctx context.Context, e Entry, asked protocolPayload, words *texts) (Protocol, error) {
	c, err := b.store.Conversation(ctx, e.Conversation)
	if err != nil {
		return Protocol{}, fmt.Errorf("read conversation: %w", err)
	}
	p := Protocol{
		Number: c.Number, Area: string(c.Area), AreaName: string(c.Area), State: c.State, Language: c.Language, Citizen: words.citizenName(c),
		Page: c.PageURL, Begun: c.CreatedAt.UTC(), Made: asked.At.UTC(), MadeBy: asked.By, WithNotes: asked.Notes,
		Entries: []ProtocolEntry{}, Files: []ProtocolFile{},
	}
	if area, err := b.Area(c.Area); err == nil {
		p.AreaName = area.NameIn("de")
	}
	if c.State == Closed {
		p.Ended, p.ClosedBy = since(c.Life.ClosedAt), c.Life.ClosedBy
		if asked.Notes {
			p.Reason = c.Life.Reason
		}
	}
	if err := b.eachMessage(ctx, c.ID, func(m Message) { p.Entries = append(p.Entries, protocolEntry(m, p.Citizen)) }); err != nil {
		return p, err
	}
	files, err := b.Fingerprints(ctx, c.ID)
	if err != nil && e.Attempts < protocolAttempts {
		return p, err
	}
	for _, m := range files {
		from := p.Citizen
		if m.Direction == FromClerkDirection {
			from = m.Sender
		}
		p.Files = append(p.Files, ProtocolFile{Seq: m.Seq, From: from, Name: m.File.Name, Type: m.File.Type, Size: m.File.Size, SHA256: m.File.SHA256})
	}
	if !asked.Notes {
		return p, nil
	}
	notes, unreadable, err := b.notes(ctx, c, e.Attempts >= protocolAttempts)
	p.Entries, p.Unreadable = merge(p.Entries, notes), unreadable
	return p, err
}

// merge puts notes between messages, which keep their order: it is not always that of the clocks.
func merge(messages, notes []ProtocolEntry) []ProtocolEntry {
	slices.SortStableFunc(notes, func(x, y ProtocolEntry) int { return x.At.Compare(y.At) })
	var out []ProtocolEntry
	for _, m := range messages {
		for len(notes) > 0 && notes[0].At.Before(m.At) {
			out, notes = append(out, notes[0]), notes[1:]
		}
		out = append(out, m)
	}
	return append(out, notes...)
}

// since is a time that may be none.
func since(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func protocolEntry(m Message, citizen string) ProtocolEntry {
	out := ProtocolEntry{
		Seq: m.Seq, At: m.CreatedAt.UTC(), From: string(m.Direction), Sender: citizen, Text: m.Text, AnswersTo: m.Quote.Seq,
		Edited: since(m.EditedAt), Deleted: since(m.DeletedAt), Undelivered: m.Failed,
	}
	if m.Direction == FromClerkDirection {
		out.Sender = m.Sender
	}
	if m.File != nil && m.File.Verdict == "" {
		out.File = m.File.Name
	}
	return out
}

// notes are what clerks wrote to each other, and how much of it can't be read. Only the events are kept
// here; what they say is asked of the homeserver. lenient: what it does not answer counts as unreadable.
func (b *Bridge) notes(ctx context.Context, c Conversation, lenient bool) (notes []ProtocolEntry, unreadable int, err error) {
	events, err := b.store.InternalEvents(ctx, c.ID)
	if err != nil {
		return nil, 0, fmt.Errorf("find notes: %w", err)
	}
	for _, id := range events {
		ev, err := b.rooms.Event(ctx, c.Room, id)
		if errors.Is(err, ErrNotFound) || err != nil && lenient {
			unreadable++
			continue
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read note: %w", err)
		}
		text, is := noteText(ev)
		if !is {
			continue
		}
		name := ""
		err = b.store.Update(ctx, func(tx Tx) (err error) { name, err = b.clerkName(tx, ev.Sender); return err })
		if err != nil {
			return nil, 0, fmt.Errorf("read name: %w", err)
		}
		notes = append(notes, ProtocolEntry{At: ev.At.UTC(), From: fromNote, Sender: name, Text: text})
	}
	return notes, unreadable, nil
}

// noteText is what a note says, without what marks it. Commands are none, but for !notiz.
func noteText(ev Event) (string, bool) {
	if ev.Kind != ClerkText {
		return "", false
	}
	text := strings.TrimLeftFunc(ev.said(), unseen)
	if isCommand(ev) {
		v, rest, err := vocabularies[inRoom].read(ev.Text)
		return rest, err == nil && v == writeNote
	}
	return strings.TrimSpace(strings.TrimLeft(text, "/")), true
}

// failPostFile says that the homeserver does not take a file of the bot's.
func (b *Bridge) failPostFile(tx Tx, e Entry) error {
	c, err := tx.LockConversation(e.Conversation)
	if err != nil {
		return err
	}
	if err := tx.RemoveChunks(MessageID(e.ID)); err != nil {
		return err
	}
	return b.tellRoom(tx, c, "bot_file_refused", nil)
}
