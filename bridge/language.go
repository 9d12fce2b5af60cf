package bridge

import (
	"context"
	"fmt"
	"slices"
)

// SetLanguage notes that the citizen goes on in another language, and tells the clerks. What was written before
// keeps the language that it was written in. The same one again changes nothing.
// Errors: *InvalidError, ErrNotFound, ErrUnavailable.
func (b *Bridge) SetLanguage(ctx context.Context, id ConversationID, language string) error {
	if !slices.Contains(Languages, language) {
		return &InvalidError{Field: "language", Reason: ReasonNotOffered}
	}
	err := b.store.Update(ctx, func(tx Tx) error {
		c, err := tx.LockConversation(id)
		if err != nil || c.Language == language {
			return err
		}
		c.Language = language
		if err := tx.SaveConversation(c); err != nil {
			return err
		}
		if err := b.showNotices(tx, c); err != nil || c.State == Closed {
			return err
		}
		return b.tellRoom(tx, c, "room_language", map[string]string{"Language": b.texts.say("language_"+language, nil)})
	})
	if err != nil {
		return fmt.Errorf("set language: %w", err)
	}
	b.Wake()
	return nil
}
