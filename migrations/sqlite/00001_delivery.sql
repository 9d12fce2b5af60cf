-- +goose Up
-- All times are UTC milliseconds since 1970. Empty text stands for "none yet".

-- Numbers that are issued once, ever: "conversation".
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('conversation', 0);

CREATE TABLE service_areas (
    id       TEXT PRIMARY KEY,
    space_id TEXT NOT NULL DEFAULT '',
    lobby_id TEXT NOT NULL DEFAULT ''
);

CREATE TABLE conversations (
    id              TEXT PRIMARY KEY,
    number          BIGINT NOT NULL UNIQUE,
    service_area    TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('waiting', 'active', 'closed')),
    name            TEXT NOT NULL,
    language        TEXT NOT NULL,
    page_url        TEXT NOT NULL,
    ghost           TEXT NOT NULL UNIQUE,
    room_id         TEXT NOT NULL DEFAULT '',
    notice_event_id TEXT NOT NULL DEFAULT '',
    clerk           TEXT NOT NULL DEFAULT '',
    last_seq        BIGINT NOT NULL DEFAULT 0,
    delivered_seq   BIGINT NOT NULL DEFAULT 0,
    created_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX conversations_room ON conversations (room_id) WHERE room_id <> '';
CREATE INDEX conversations_queue ON conversations (service_area, number) WHERE state = 'waiting';

-- Every room that came to exist for a conversation. One of them serves (conversations.room_id);
-- what a clerk writes in another one before we have left it counts all the same.
CREATE TABLE conversation_rooms (
    room_id         TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE
);

-- What opens a conversation, as SHA-256. Several, because an opening that is repeated after a
-- lost answer gets a token of its own.
CREATE TABLE tokens (
    hash            BLOB PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    created_at      BIGINT NOT NULL
);
CREATE INDEX tokens_conversation ON tokens (conversation_id);

CREATE TABLE idempotency_keys (
    hash            BLOB PRIMARY KEY,
    digest          BLOB NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    created_at      BIGINT NOT NULL
);

CREATE TABLE messages (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq             BIGINT NOT NULL,
    direction       TEXT NOT NULL CHECK (direction IN ('citizen', 'clerk')),
    client_id       TEXT NOT NULL DEFAULT '',
    sender          TEXT NOT NULL DEFAULT '',
    text            TEXT NOT NULL,
    html            TEXT NOT NULL DEFAULT '',
    event_id        TEXT NOT NULL DEFAULT '',
    failed          BOOLEAN NOT NULL DEFAULT FALSE,
    created_at      BIGINT NOT NULL,
    UNIQUE (conversation_id, seq)
);
CREATE UNIQUE INDEX messages_client_id ON messages (conversation_id, client_id) WHERE client_id <> '';
CREATE UNIQUE INDEX messages_event ON messages (event_id) WHERE event_id <> '';

-- What is to be done to Matrix. A row goes when it is done.
CREATE TABLE outbox (
    ord             INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT NOT NULL UNIQUE,
    stream          TEXT NOT NULL,
    kind            TEXT NOT NULL,
    conversation_id TEXT NOT NULL DEFAULT '',
    service_area    TEXT NOT NULL DEFAULT '',
    room_id         TEXT NOT NULL DEFAULT '',
    sender          TEXT NOT NULL DEFAULT '',
    payload         TEXT NOT NULL DEFAULT '',
    phase           TEXT NOT NULL CHECK (phase IN ('ready', 'trying', 'unsure', 'barred')),
    barrier         TEXT NOT NULL DEFAULT '',
    attempts        BIGINT NOT NULL DEFAULT 0,
    due_at          BIGINT NOT NULL,
    owner           TEXT NOT NULL DEFAULT '',
    claimed_until   BIGINT NOT NULL DEFAULT 0,
    claim           BIGINT NOT NULL DEFAULT 0,
    created_at      BIGINT NOT NULL
);
CREATE INDEX outbox_stream ON outbox (stream, ord);
CREATE INDEX outbox_due ON outbox (due_at);

-- Where the bot's /sync stands. One row; every commit of a response is fenced by
-- (next_batch, generation).
CREATE TABLE sync_state (
    id         BIGINT PRIMARY KEY CHECK (id = 1),
    owner      TEXT NOT NULL DEFAULT '',
    generation BIGINT NOT NULL DEFAULT 0,
    next_batch TEXT NOT NULL DEFAULT ''
);
INSERT INTO sync_state (id) VALUES (1);

-- Processes that share this database.
CREATE TABLE replicas (
    id      TEXT PRIMARY KEY,
    seen_at BIGINT NOT NULL
);

-- Every event of our rooms that was taken, so that a gap can be filled up to known ground.
CREATE TABLE seen_events (
    event_id TEXT PRIMARY KEY,
    room_id  TEXT NOT NULL
);
CREATE INDEX seen_events_room ON seen_events (room_id);

-- Events that could not be used: their ID and what was wrong, never their content.
CREATE TABLE set_aside (
    event_id TEXT PRIMARY KEY,
    room_id  TEXT NOT NULL,
    class    TEXT NOT NULL,
    at       BIGINT NOT NULL
);

CREATE TABLE user_names (
    user_id TEXT PRIMARY KEY,
    name    TEXT NOT NULL
);

-- +goose Down
DROP TABLE user_names;
DROP TABLE set_aside;
DROP TABLE seen_events;
DROP TABLE replicas;
DROP TABLE sync_state;
DROP TABLE outbox;
DROP TABLE messages;
DROP TABLE idempotency_keys;
DROP TABLE tokens;
DROP TABLE conversation_rooms;
DROP TABLE conversations;
DROP TABLE service_areas;
DROP TABLE counters;
