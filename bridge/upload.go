package bridge

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	stdhash "hash"
	"io"
	"time"

	"schalter/bridge/fileguard"
)

// FileRules are what an area takes of its citizens. The zero value takes nothing.
type FileRules struct {
	// MaxBytes of one file, MaxCount of files in one conversation.
	MaxBytes int64
	MaxCount int
	// Types are media types that fileguard knows.
	Types []string
	// Hold takes files also while the malware scanner is away: they wait for it.
	Hold bool
}

// Taken reports whether the area takes files at all.
func (r FileRules) Taken() bool { return r.MaxCount > 0 && r.MaxBytes > 0 && len(r.Types) > 0 }

// NewFile is a file that a browser sends. ClientID as with CitizenMessage.
type NewFile struct {
	ClientID string
	Name     string
	// Request is the message that asks for this document; empty for none.
	Request MessageID
	// Body is read once, and not to its end when it is refused.
	Body io.Reader
}

// ChunkSize is in what pieces files wait in the database, in bytes.
const ChunkSize = 256 << 10

// chunksFor is how long pieces are kept that came to be no message: an upload that broke.
const chunksFor = time.Hour

// FileFromCitizen takes a file of a citizen's. When it returns without error, the file is committed and
// will reach the room, in order with the messages; unless its Verdict says otherwise, or will. The same
// ClientID with the same bytes gives the same message. What the file is, its content decides; images are
// written anew, and what is scanned for malware is what would be sent.
// Errors: *InvalidError, ErrNoFiles, ErrFileType, ErrFileTwofold, ErrFileImage, ErrFileTooLarge,
// ErrTooManyFiles, ErrClientIDReused, ErrConversationClosed, ErrScannerAway, ErrUnavailable, those of Body.
func (b *Bridge) FileFromCitizen(ctx context.Context, id ConversationID, in NewFile) (Message, error) {
	if !clientIDForm.MatchString(in.ClientID) {
		return Message{}, &InvalidError{Field: "client_id", Reason: ReasonMalformed}
	}
	rules, err := b.fileRules(ctx, id)
	if err != nil {
		return Message{}, err
	}
	head := bufio.NewReaderSize(in.Body, fileguard.Head)
	beginning, err := head.Peek(fileguard.Head)
	if err != nil && !errors.Is(err, io.EOF) {
		return Message{}, fmt.Errorf("read file: %w", err)
	}
	kind, err := fileguard.Kind(beginning, rules.Types)
	if err != nil {
		return Message{}, err
	}
	stored := MessageID(NewID())
	defer func() { b.dropChunks(stored) }()
	raw, err := b.keep(ctx, stored, fileguard.Watch(head, kind), rules.MaxBytes)
	if err != nil {
		return Message{}, err
	}
	f := File{Name: CleanFileName(in.Name), Type: kind, Size: raw.size, SHA256: raw.digest(), Original: raw.digest(), Pending: true, Request: in.Request}
	if fileguard.IsImage(kind) {
		cleaned := MessageID(NewID())
		defer func(raw MessageID) { b.dropChunks(raw) }(stored)
		if err := b.cleanImage(ctx, &f, stored, cleaned); err != nil {
			b.dropChunks(cleaned)
			return Message{}, err
		}
		stored = cleaned
	}
	if f.Name == "" {
		f.Name = "file"
	}
	f.Name = fileguard.Name(f.Name, f.Type)
	if f.Verdict, err = b.scanNew(ctx, stored, rules); err != nil {
		return Message{}, err
	}
	f.Pending = f.Verdict == "" || f.Verdict == Unscanned
	m, fresh, err := b.acceptFile(ctx, id, stored, in.ClientID, f, rules)
	if fresh && f.Pending {
		stored = "" // the message has them
	}
	return m, err
}

// fileRules are those of a conversation's area.
func (b *Bridge) fileRules(ctx context.Context, id ConversationID) (FileRules, error) {
	c, err := b.store.Conversation(ctx, id)
	if err != nil {
		return FileRules{}, fmt.Errorf("read conversation: %w", err)
	}
	area, err := b.Area(c.Area)
	if err != nil || !area.Files.Taken() {
		return FileRules{}, ErrNoFiles
	}
	return area.Files, nil
}

// cleanImage writes an image anew, from one place to another.
func (b *Bridge) cleanImage(ctx context.Context, f *File, from, to MessageID) error {
	out := b.spool(ctx, to)
	is, err := fileguard.Clean(out, &chunkReader{ctx: ctx, store: b.store, id: from}, f.Type)
	if err == nil {
		err = out.flush()
	}
	if err != nil {
		return err
	}
	f.Type, f.Width, f.Height, f.Size, f.SHA256 = is.Type, is.Width, is.Height, out.size, out.digest()
	return nil
}

// acceptFile stores the message of a file that is in the database, with its outbox entry. fresh: it is
// not one that was there.
func (b *Bridge) acceptFile(ctx context.Context, id ConversationID, message MessageID, clientID string, f File, rules FileRules) (m Message, fresh bool, err error) {
	var claimed []Entry
	err = b.store.Update(ctx, func(tx Tx) error {
		claimed, fresh = nil, false
		c, err := tx.LockConversation(id)
		if err != nil {
			return err
		}
		m, err = tx.MessageByClientID(id, clientID)
		if err == nil {
			if !m.Deleted() && (m.File == nil || m.File.Original != f.Original) {
				return ErrClientIDReused
			}
			return nil
		}
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		if c.State == Closed {
			return ErrConversationClosed
		}
		if n, err := tx.CountFiles(id); err != nil || n >= rules.MaxCount {
			return errors.Join(err, ErrTooManyFiles)
		}
		if f.Request != "" {
			if _, err := documentAsked(tx, c, f.Request); err != nil {
				return err
			}
		}
		fresh = true
		in, send := Message{ID: message, ClientID: clientID, Text: b.aboutFile(c, f), File: &f, Failed: !f.Pending}, Entry{Kind: SendFile}
		if in.Failed {
			send.Kind = ""
		}
		if m, claimed, err = b.appendMessage(tx, &c, in, send, b.now()); err != nil {
			return err
		}
		if err := b.answerDocument(tx, &c, m); err != nil {
			return err
		}
		return errors.Join(tx.SaveConversation(c), b.tellOfFile(tx, c, f))
	})
	if err != nil {
		b.doubtIf(err, conversationStream(id))
		return Message{}, false, fmt.Errorf("take citizen's file: %w", err)
	}
	b.dispatch(claimed)
	if f.Request != "" {
		b.Wake() // for what the room is told
	}
	b.browsers.Notify(id)
	return m, fresh, nil
}

// keep reads a file into the database.
func (b *Bridge) keep(ctx context.Context, id MessageID, body io.Reader, most int64) (*spool, error) {
	out := b.spool(ctx, id)
	n, err := io.Copy(out, io.LimitReader(body, most+1))
	if err == nil && n > most {
		err = ErrFileTooLarge
	}
	if err == nil {
		err = out.flush()
	}
	if err != nil {
		return nil, fmt.Errorf("keep file: %w", err)
	}
	return out, nil
}

// dropChunks removes what is of no use, if it can; else it is found later. "" is nothing.
func (b *Bridge) dropChunks(id MessageID) {
	if id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := b.store.Update(ctx, func(tx Tx) error { return tx.RemoveChunks(id) }); err != nil {
		b.log.Warn().Err(err).Msg("pieces of a file not removed yet")
	}
}

// spool writes a file into the database piece by piece.
type spool struct {
	ctx  context.Context
	b    *Bridge
	id   MessageID
	n    int
	held []byte
	sum  stdhash.Hash
	size int64
}

func (b *Bridge) spool(ctx context.Context, id MessageID) *spool {
	return &spool{ctx: ctx, b: b, id: id, held: make([]byte, 0, ChunkSize), sum: sha256.New()}
}

// Write takes more of the file.
func (s *spool) Write(data []byte) (int, error) {
	s.sum.Write(data)
	s.size += int64(len(data))
	for rest := data; len(rest) > 0; {
		take := min(len(rest), ChunkSize-len(s.held))
		s.held, rest = append(s.held, rest[:take]...), rest[take:]
		if len(s.held) == ChunkSize {
			if err := s.flush(); err != nil {
				return 0, err
			}
		}
	}
	return len(data), nil
}

func (s *spool) flush() error {
	if len(s.held) == 0 {
		return nil
	}
	now := s.b.now()
	err := s.b.store.Update(s.ctx, func(tx Tx) error { return tx.AddChunk(s.id, s.n, s.held, now, now.Add(-chunksFor)) })
	s.n, s.held = s.n+1, s.held[:0]
	return err
}

func (s *spool) digest() string { return hex.EncodeToString(s.sum.Sum(nil)) }

// chunkReader reads a file out of the database.
type chunkReader struct {
	ctx   context.Context
	store Store
	id    MessageID
	n     int
	held  []byte
}

// Read gives more of the file.
func (r *chunkReader) Read(into []byte) (int, error) {
	if len(r.held) == 0 {
		data, err := r.store.Chunk(r.ctx, r.id, r.n)
		if errors.Is(err, ErrNotFound) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		r.held = data
		r.n++
	}
	n := copy(into, r.held)
	r.held = r.held[n:]
	return n, nil
}

// Seek goes back to the beginning; nothing else is asked for.
func (r *chunkReader) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, errors.ErrUnsupported
	}
	r.n, r.held = 0, nil
	return 0, nil
}

// Close has nothing to do.
func (r *chunkReader) Close() error { return nil }
