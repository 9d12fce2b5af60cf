-- +goose Up
-- What a message brings along, as JSON: name, type, size, where the homeserver keeps it. Empty for none.
ALTER TABLE messages ADD COLUMN file TEXT NOT NULL DEFAULT '';

-- What opens the file of one message for a minute; the hash of a random value.
CREATE TABLE file_tickets (
    hash       BYTEA PRIMARY KEY,
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    until      BIGINT NOT NULL
);
CREATE INDEX file_tickets_until ON file_tickets (until);

-- +goose Down
DROP TABLE file_tickets;
ALTER TABLE messages DROP COLUMN file;
