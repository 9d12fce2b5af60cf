package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
	"unicode"
)

// MediaURI is where a homeserver keeps a file, "mxc://server/media". It never leaves the bridge:
// citizens ask for a file by its message.
type MediaURI string

// File is what a message brings along. It is known by its message's ID.
type File struct {
	// Name is cleaned: see CleanFileName. Never empty.
	Name string `json:"name"`
	// Type is a media type without parameters, "application/octet-stream" if in doubt. A clerk's
	// is what their client said.
	Type string `json:"type"`
	// Size in bytes; 0 means not known. A clerk's is what their client said.
	Size int64 `json:"size,omitempty"`
	// Width and Height of an image or video, in pixels; 0 means not known.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
	// URI is where the homeserver keeps it, or while Pending will; may be empty then.
	URI MediaURI `json:"uri,omitempty"`
	// Pending: the homeserver does not have it yet; it waits in the database.
	Pending bool `json:"pending,omitempty"`
	// SHA256 of a citizen's file, in hexadecimal, and of what they uploaded: an image is written anew.
	SHA256   string `json:"sha256,omitempty"`
	Original string `json:"original,omitempty"`
	// Verdict keeps it from everybody, its citizen included; then there is no URI.
	Verdict Verdict `json:"verdict,omitempty"`
	// Request is the message that asked for it; empty for none.
	Request MessageID `json:"request,omitempty"`
}

// Previewed reports whether a small picture of the file can be had.
func (f File) Previewed() bool { return previewTypes[f.Type] && f.URI != "" && !f.Pending }

// previewTypes are the images that may be shown. SVG is not among them: it can hold scripts.
var previewTypes = map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true}

const (
	// MaxFileName is the longest name of a file, in characters.
	MaxFileName = 120
	// MaxDownload is the largest file that is passed on to a citizen, in bytes.
	MaxDownload = 200 << 20
	// TicketFor is how long a ticket opens its file.
	TicketFor = time.Minute
)

// FilesTx is what Tx keeps about the files of messages.
type FilesTx interface {
	// SaveFile writes what a message brings along, if it still does.
	SaveFile(MessageID, File) error
	// RemoveFile takes its file from a message, with its pieces.
	RemoveFile(MessageID) error
	// AddTicket lets a ticket open a message's file until a time. What has expired by now goes.
	AddTicket(hash []byte, message MessageID, until, now time.Time) error
	// AddChunk keeps the n-th piece of a file. With the first one, pieces go that no message has and
	// that are older than a time.
	AddChunk(id MessageID, n int, data []byte, at, before time.Time) error
	RemoveChunks(MessageID) error
	// CountFiles counts the citizen's files of a conversation that are not deleted.
	CountFiles(ConversationID) (int, error)
}

// FileStore is what Store reads of the files of messages.
type FileStore interface {
	// ByTicket is the message whose file a ticket opens now. ErrNotFound when it opens none.
	ByTicket(ctx context.Context, hash []byte, now time.Time) (Message, error)
	// Chunk is the n-th piece of a file. ErrNotFound after the last one.
	Chunk(ctx context.Context, id MessageID, n int) ([]byte, error)
}

// Content is a file on its way to a citizen. Whoever gets it closes Body.
type Content struct {
	File File
	// Size of Body in bytes; negative means not known.
	Size int64
	Body io.ReadCloser
}

// FileRooms is what Rooms has of files.
type FileRooms interface {
	// Download opens a file; the context bounds it as a whole, a silence of the homeserver ends it.
	// ErrNotFound when the homeserver does not have it.
	Download(ctx context.Context, uri MediaURI) (Content, error)
	// CreateMedia reserves the address of a file. ErrNotFound when the homeserver can't.
	CreateMedia(ctx context.Context, as UserID) (MediaURI, error)
	// Upload brings a file to its URI, where one that is there stays; without one, to a new one.
	// ErrNotFound when the URI is reserved no longer.
	Upload(ctx context.Context, as UserID, f File, body io.Reader) (MediaURI, error)
	// Preview is a small picture of an image. ErrNotFound when none can be shown.
	Preview(ctx context.Context, uri MediaURI) (Picture, error)
}

// TicketFor lets whoever holds the ticket fetch the file of one message, for TicketFor.
// Errors: ErrUnknownFile, ErrUnavailable.
func (b *Bridge) TicketFor(ctx context.Context, id ConversationID, message MessageID) (string, error) {
	ticket := newToken()
	err := b.store.Update(ctx, func(tx Tx) error {
		m, err := tx.Message(message)
		if errors.Is(err, ErrNotFound) || err == nil && (m.Conversation != id || m.File == nil || m.File.Verdict != "") {
			return ErrUnknownFile
		}
		if err != nil {
			return err
		}
		now := b.now()
		return tx.AddTicket(hash(ticket), message, now.Add(TicketFor), now)
	})
	if err != nil {
		return "", fmt.Errorf("issue ticket: %w", err)
	}
	return ticket, nil
}

// ticketed returns the file that a ticket opens, if it is this one.
func (b *Bridge) ticketed(ctx context.Context, id ConversationID, message MessageID, ticket string) (File, error) {
	m, err := b.store.ByTicket(ctx, hash(ticket), b.now())
	if errors.Is(err, ErrNotFound) || err == nil && (m.Conversation != id || m.ID != message || m.File == nil || m.File.Verdict != "") {
		return File{}, ErrUnknownFile
	}
	if err != nil {
		return File{}, fmt.Errorf("look for ticket: %w", err)
	}
	return *m.File, nil
}

// FileContent opens a message's file for the holder of its ticket.
// Errors: ErrUnknownFile, ErrUnavailable, also when the homeserver does not answer.
func (b *Bridge) FileContent(ctx context.Context, id ConversationID, message MessageID, ticket string) (Content, error) {
	f, err := b.ticketed(ctx, id, message, ticket)
	if err != nil {
		return Content{}, err
	}
	if f.Pending {
		return Content{File: f, Size: f.Size, Body: &chunkReader{ctx: ctx, store: b.store, id: message}}, nil
	}
	content, err := b.rooms.Download(ctx, f.URI)
	if err == nil && content.Size > MaxDownload {
		content.Body.Close()
		err = ErrNotFound
	}
	if err != nil {
		return Content{}, fileError("download", err)
	}
	content.File = f
	return content, nil
}

// FilePreview is a small picture of a message's image, for the holder of its ticket.
// Errors: ErrUnknownFile, also when there is no preview; ErrUnavailable.
func (b *Bridge) FilePreview(ctx context.Context, id ConversationID, message MessageID, ticket string) (Picture, error) {
	f, err := b.ticketed(ctx, id, message, ticket)
	if err != nil {
		return Picture{}, err
	}
	if !f.Previewed() {
		return Picture{}, ErrUnknownFile
	}
	p, err := b.rooms.Preview(ctx, f.URI)
	if err != nil {
		return Picture{}, fileError("fetch preview", err)
	}
	return p, nil
}

// fileError is what a homeserver's refusal of a file means to a citizen.
func fileError(what string, err error) error {
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrForbidden), errors.Is(err, ErrRefused):
		return fmt.Errorf("%s: %w: %w", what, ErrUnknownFile, err)
	}
	return fmt.Errorf("%s: %w: %w", what, ErrUnavailable, err)
}

// CleanFileName is a name under which a file may be kept anywhere: the last part of a path, without
// control characters and what turns the direction of writing (so that «gpj.exe» stays what it is), at
// most MaxFileName characters, of which the ending is kept. "" when nothing is left.
func CleanFileName(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u200d' || r == '\ufe0f': // join emoji
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), strings.ContainsRune(`<>:"|?*`, r):
			return -1
		}
		return r
	}, s)
	s = strings.Trim(strings.Join(strings.Fields(s), " "), ". ")
	name := []rune(s)
	if len(name) <= MaxFileName {
		return s
	}
	ending := []rune(path.Ext(s))
	if len(ending) > 12 {
		ending = nil
	}
	return strings.TrimRight(string(name[:MaxFileName-len(ending)]), ". ") + string(ending)
}

// said is the text of what a clerk wrote or sent: of a file without a caption, its name.
func (ev Event) said() string {
	if ev.File != nil && !ev.Captioned {
		return ev.File.Name
	}
	return ev.Text
}

// encryptedFile tells a clerk whose client has encrypted a file that nobody can read it here.
func (b *Bridge) encryptedFile(tx Tx, c Conversation, ev Event) error {
	if area, err := b.Area(c.Area); err != nil || !area.Staffs(ev.Sender) {
		return nil
	}
	return b.tellRoom(tx, c, "room_file_encrypted", nil)
}
