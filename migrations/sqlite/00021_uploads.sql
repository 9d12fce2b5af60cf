-- +goose Up
-- The pieces of citizens' files until the homeserver has them.
CREATE TABLE file_chunks (
    file_id TEXT NOT NULL,
    n       BIGINT NOT NULL,
    data    BLOB NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (file_id, n)
);
CREATE INDEX file_chunks_made ON file_chunks (made_at);

-- +goose Down
DROP TABLE file_chunks;
