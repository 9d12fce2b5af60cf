-- +goose Up
-- "change" numbers what admins change about the hours; "hours" rises with each change that counts.
INSERT INTO counters (name, value) VALUES ('change', 0), ('hours', 0);

-- What admins have set about the hours, over the config: the hours of an area, or an exception.
CREATE TABLE hours_changes (
    number       BIGINT PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('hours', 'counter_hours', 'exception')),
    service_area TEXT NOT NULL,
    spec         TEXT NOT NULL DEFAULT '',
    from_date    TEXT NOT NULL DEFAULT '',
    to_date      TEXT NOT NULL DEFAULT '',
    times        TEXT NOT NULL DEFAULT '',
    comment      TEXT NOT NULL DEFAULT '',
    state        TEXT NOT NULL CHECK (state IN ('proposed', 'counts', 'undone')),
    made_by      TEXT NOT NULL,
    made_at      BIGINT NOT NULL,
    decided_by   TEXT NOT NULL DEFAULT '',
    decided_at   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX hours_changes_counting ON hours_changes (number) WHERE state = 'counts';

-- How far a conversation has been told that its counter closes. due_at 0: nothing to do any more.
CREATE TABLE closings (
    conversation_id TEXT PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    started_at      BIGINT NOT NULL,
    closes_at       BIGINT NOT NULL DEFAULT 0,
    stage           BIGINT NOT NULL DEFAULT 0,
    due_at          BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX closings_due ON closings (due_at) WHERE due_at > 0;
INSERT INTO closings (conversation_id, started_at, due_at)
    SELECT id, created_at, 1 FROM conversations WHERE state <> 'closed';

-- What citizens leave when nobody can be reached. Its numbers are those of conversations.
CREATE TABLE requests (
    id              TEXT PRIMARY KEY,
    number          BIGINT NOT NULL UNIQUE,
    service_area    TEXT NOT NULL,
    language        TEXT NOT NULL,
    name            TEXT NOT NULL,
    email           TEXT NOT NULL,
    phone           TEXT NOT NULL,
    text            TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('open', 'answered', 'done')),
    notice_event_id TEXT NOT NULL DEFAULT '',
    clerk           TEXT NOT NULL DEFAULT '',
    answer          TEXT NOT NULL DEFAULT '',
    answered_at     BIGINT NOT NULL DEFAULT 0,
    conversation_id TEXT NOT NULL DEFAULT '',
    created_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX requests_notice ON requests (notice_event_id) WHERE notice_event_id <> '';

-- What picks a request up, as SHA-256: the browser that left it has one, each answer by e-mail
-- carries one.
CREATE TABLE request_tokens (
    hash       BLOB PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);

CREATE TABLE request_keys (
    hash       BLOB PRIMARY KEY,
    digest     BLOB NOT NULL,
    request_id TEXT NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);

-- Rooms that belong to no service area: "admin".
CREATE TABLE house_rooms (
    part    TEXT PRIMARY KEY,
    room_id TEXT NOT NULL DEFAULT ''
);
INSERT INTO house_rooms (part) VALUES ('admin');

-- +goose Down
DROP TABLE house_rooms;
DROP TABLE request_keys;
DROP TABLE request_tokens;
DROP TABLE requests;
DROP TABLE closings;
DROP TABLE hours_changes;
DELETE FROM counters WHERE name IN ('change', 'hours');
