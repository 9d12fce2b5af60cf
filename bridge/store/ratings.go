package store

import "schalter/bridge"

const (
	insertRating = `INSERT INTO ratings (conversation_id, score, comment, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT DO NOTHING`
	selectRating = `SELECT score, comment, created_at FROM ratings WHERE conversation_id = ?`
)

func (t *transaction) AddRating(id bridge.ConversationID, r bridge.Rating) (bool, error) {
	return t.changed(insertRating, string(id), r.Score, r.Comment, millis(r.At))
}

func (t *transaction) Rating(id bridge.ConversationID) (bridge.Rating, error) {
	var r struct {
		Score     int    `db:"score"`
		Comment   string `db:"comment"`
		CreatedAt int64  `db:"created_at"`
	}
	err := t.get(&r, selectRating, string(id))
	return bridge.Rating{Score: r.Score, Comment: r.Comment, At: fromMillis(r.CreatedAt)}, err
}
