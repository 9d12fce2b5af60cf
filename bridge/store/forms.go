package store

import (
	"context"

	"schalter/bridge"
)

type formRow struct {
	Message string `db:"message_id"`
	Key     string `db:"form_key"`
	Source  string `db:"source"`
	Digest  []byte `db:"digest"`
}

const (
	insertForm = `INSERT INTO forms (message_id, form_key, source, digest) VALUES (?, ?, ?, ?)`
	updateForm = `UPDATE forms SET digest = ? WHERE message_id = ?`
	selectForm = `SELECT message_id, form_key, source, digest FROM forms WHERE message_id = ?`
)

func (r formRow) form() bridge.SentForm {
	return bridge.SentForm{Message: bridge.MessageID(r.Message), Key: r.Key, Source: []byte(r.Source), Digest: r.Digest}
}

func (t *transaction) AddForm(f bridge.SentForm) error {
	return t.exec(insertForm, string(f.Message), f.Key, string(f.Source), []byte{})
}

func (t *transaction) SaveDigest(form bridge.MessageID, digest []byte) error {
	return t.exec(updateForm, digest, string(form))
}

func (t *transaction) SentForm(message bridge.MessageID) (bridge.SentForm, error) {
	var r formRow
	err := t.get(&r, selectForm, string(message))
	return r.form(), err
}

// SentForm is the form that a message asks to be filled in.
func (db *DB) SentForm(ctx context.Context, message bridge.MessageID) (bridge.SentForm, error) {
	var r formRow
	err := db.get(ctx, &r, selectForm, string(message))
	return r.form(), err
}
