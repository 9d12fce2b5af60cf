-- +goose Up
-- The random keys, one a day, under which addresses are marked.
CREATE TABLE address_keys (
    id      TEXT PRIMARY KEY,
    secret  BYTEA NOT NULL,
    made_at BIGINT NOT NULL
);

-- From where a conversation was opened, as a keyed hash; gone when it can't be taken up any more.
CREATE TABLE addresses (
    conversation_id TEXT PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    address_key     TEXT NOT NULL,
    address_hash    BYTEA NOT NULL
);

-- Whoever wrote these conversations opens no other until then. The mark goes when the block has ended.
CREATE TABLE blocks (
    conversation_id TEXT PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    service_area    TEXT NOT NULL,
    address_key     TEXT NOT NULL DEFAULT '',
    address_hash    BYTEA,
    reason          TEXT NOT NULL DEFAULT '',
    made_by         TEXT NOT NULL,
    made_at         BIGINT NOT NULL,
    until           BIGINT NOT NULL,
    lifted_by       TEXT NOT NULL DEFAULT '',
    lifted_at       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX blocks_until ON blocks (until) WHERE lifted_at = 0;

-- +goose Down
DROP TABLE blocks;
DROP TABLE addresses;
DROP TABLE address_keys;
