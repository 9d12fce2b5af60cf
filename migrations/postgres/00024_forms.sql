-- +goose Up
-- A form as it was sent to a citizen, as JSON Schema; of its answers, which stand in a message, a hash.
CREATE TABLE forms (
    message_id TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    form_key   TEXT NOT NULL,
    source     TEXT NOT NULL,
    digest     BYTEA NOT NULL
);

-- +goose Down
DROP TABLE forms;
