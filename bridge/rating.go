package bridge

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Rating is what a citizen thought of a conversation.
type Rating struct {
	// Score is 1 to 5, 5 being the best.
	Score int
	// Comment may be empty; at most MaxComment characters.
	Comment string
	At      time.Time
}

// MaxComment is the longest comment of a rating, in characters.
const MaxComment = 1000

// RatingStore is what Tx keeps about ratings.
type RatingStore interface {
	// AddRating stores a rating; false when there is one already.
	AddRating(ConversationID, Rating) (bool, error)
	// Rating returns ErrNotFound when there is none.
	Rating(ConversationID) (Rating, error)
}

// Rate takes a citizen's rating of a closed conversation, and shows it to the clerks. The same one
// again changes nothing.
// Errors: *InvalidError, ErrNotClosed, ErrRated, ErrNotFound, ErrUnavailable.
func (b *Bridge) Rate(ctx context.Context, id ConversationID, r Rating) error {
	if r.Score < 1 || r.Score > 5 {
		return &InvalidError{Field: "score", Reason: ReasonNotOffered}
	}
	if err := checkText("comment", r.Comment, MaxComment, true); err != nil {
		return err
	}
	r.At = b.now()
	err := b.store.Update(ctx, func(tx Tx) error {
		c, err := tx.LockConversation(id)
		if err != nil {
			return err
		}
		if c.State != Closed {
			return ErrNotClosed
		}
		added, err := tx.AddRating(id, r)
		if err != nil {
			return err
		}
		if !added {
			before, err := tx.Rating(id)
			if err == nil && (before.Score != r.Score || before.Comment != r.Comment) {
				err = ErrRated
			}
			return err
		}
		return b.tellRoom(tx, c, "room_rated", map[string]string{"Score": strconv.Itoa(r.Score), "Comment": r.Comment})
	})
	if err != nil {
		return fmt.Errorf("rate conversation: %w", err)
	}
	b.Wake()
	return nil
}
