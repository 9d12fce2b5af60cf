package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Scanner says whether a file is malware.
type Scanner interface {
	// Scan reads a file to its end. It returns the malware's name, "" for a file that is clean.
	// Errors: ErrScannerAway, ErrFileTooLarge for what the scanner never takes, those of the file.
	Scan(ctx context.Context, file io.Reader) (malware string, err error)
}

// Verdict is why a citizen's file is kept from everybody; "" when it may be passed on.
type Verdict string

// The verdicts on a file.
const (
	// Unscanned: the scanner has not answered yet. The file waits in the database.
	Unscanned Verdict = "unscanned"
	// Infected: it was malware. Its bytes are deleted.
	Infected Verdict = "infected"
	// Unscannable: no verdict could be had in time. Its bytes are deleted.
	Unscannable Verdict = "unscannable"
)

const (
	// scanFor bounds a scan out of the outbox: well within a claim.
	scanFor = ClaimFor / 2
	// scanAgain is how long after a scan that gave no verdict the next one follows.
	scanAgain = 5 * time.Second
	// DefaultHold is how long a file waits for the scanner when nobody says otherwise.
	DefaultHold = 10 * time.Minute
)

// scanNew scans a file that has just come, for an area of certain rules. Unscanned is a verdict only
// where files may wait for the scanner. Errors: ErrScannerAway, ErrFileTooLarge, ErrUnavailable.
func (b *Bridge) scanNew(ctx context.Context, id MessageID, rules FileRules) (Verdict, error) {
	if b.scanner == nil {
		return "", nil
	}
	v, err := b.scan(ctx, id)
	if errors.Is(err, ErrScannerAway) && rules.Hold && ctx.Err() == nil {
		return Unscanned, nil
	}
	return v, err
}

// scan asks the scanner about a file in the database.
func (b *Bridge) scan(ctx context.Context, id MessageID) (Verdict, error) {
	malware, err := b.scanner.Scan(ctx, &chunkReader{ctx: ctx, store: b.store, id: id})
	switch {
	case err != nil:
		b.log.Warn().Err(err).Str("message", string(id)).Msg("file not scanned")
		return "", fmt.Errorf("scan file: %w", err)
	case malware != "":
		b.log.Warn().Str("message", string(id)).Str("malware", malware).Msg("a citizen's file is malware")
		return Infected, nil
	}
	return "", nil
}

// laterError puts an entry off for a while; nothing has gone wrong with the homeserver.
type laterError struct{ after time.Duration }

func (laterError) Error() string               { return "the malware scanner gives no verdict" }
func (laterError) Unwrap() error               { return ErrNotYet }
func (e laterError) RetryAfter() time.Duration { return e.after }

// performScan scans a file that has waited for the scanner, before anything of it is sent. What is found
// is committed first; a clean file is sent by the next attempt.
func (b *Bridge) performScan(ctx context.Context, e Entry, m Message) (func(Tx) error, error) {
	if b.scanner == nil { // taken out of the config: the admin's decision
		return nil, b.saveVerdict(ctx, m.ID, "")
	}
	within, cancel := context.WithTimeout(ctx, scanFor)
	defer cancel()
	verdict, err := b.scan(within, m.ID)
	switch {
	case errors.Is(err, ErrFileTooLarge), errors.Is(err, ErrScannerAway) && b.now().Sub(e.CreatedAt) >= b.hold:
		verdict = Unscannable
	case err != nil:
		return nil, laterError{scanAgain}
	case verdict == "":
		return nil, b.saveVerdict(ctx, m.ID, "")
	}
	return func(tx Tx) error {
		c, err := tx.LockConversation(e.Conversation)
		if err != nil {
			return err
		}
		m, err := tx.Message(m.ID)
		if err != nil || m.File == nil { // deleted meanwhile
			return errors.Join(err, finish(tx, e))
		}
		m.File.Verdict, m.File.Pending = verdict, false
		m.Text = b.aboutFile(c, *m.File)
		if err := errors.Join(tx.SaveFile(m.ID, *m.File), tx.RemoveChunks(m.ID), tx.SetMessageFailed(m.ID)); err != nil {
			return err
		}
		if _, err := saveChanged(tx, &c, m); err != nil {
			return err
		}
		return errors.Join(tx.SaveConversation(c), b.tellOfFile(tx, c, *m.File), finish(tx, e))
	}, nil
}

// saveVerdict lets a file go on, and its citizen see that. It returns what puts the entry off to the
// next attempt.
func (b *Bridge) saveVerdict(ctx context.Context, id MessageID, v Verdict) error {
	err := b.store.Update(ctx, func(tx Tx) error {
		m, err := tx.Message(id)
		if err != nil {
			return err
		}
		c, err := tx.LockConversation(m.Conversation)
		if err != nil {
			return err
		}
		if m, err = tx.Message(id); err != nil || m.File == nil {
			return err
		}
		m.File.Verdict = v
		m.Text = b.aboutFile(c, *m.File)
		if err := tx.SaveFile(id, *m.File); err != nil {
			return err
		}
		if _, err := saveChanged(tx, &c, m); err != nil {
			return err
		}
		if err := b.answerDocument(tx, &c, m); err != nil {
			return err
		}
		return tx.SaveConversation(c)
	})
	if err != nil {
		return fmt.Errorf("record verdict: %w: %w", err, ErrNotSent)
	}
	return laterError{}
}

// aboutFile is what the chat says of a citizen's file: its name, and what keeps it.
func (b *Bridge) aboutFile(c Conversation, f File) string {
	words, known := b.citizens[c.Language]
	if f.Verdict == "" || !known {
		return f.Name
	}
	return words.say("citizen_file_"+string(f.Verdict), map[string]string{"Name": f.Name})
}

// tellOfFile tells the clerk of a file that does not come, or not yet.
func (b *Bridge) tellOfFile(tx Tx, c Conversation, f File) error {
	if f.Verdict == "" {
		return nil
	}
	return b.tellRoom(tx, c, "room_file_"+string(f.Verdict), map[string]string{"Name": f.Name})
}
