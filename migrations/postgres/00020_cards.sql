-- +goose Up

-- What a message shows beside its text: a page or a form, as JSON. Empty for nearly all.
ALTER TABLE messages ADD COLUMN card TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE messages DROP COLUMN card;
