-- +goose Up
-- The conversation's language when a message was written, for a citizen can change it; empty for older ones.
ALTER TABLE messages ADD COLUMN language TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE messages DROP COLUMN language;
