-- +goose Up
CREATE INDEX conversations_served ON conversations (clerk_id) WHERE state = 'active';

-- How a conversation waits, or has waited the last time: since when, at which place of its area's
-- queue it began, when it was taken, and what has been told about it. due_at 0: nothing to do.
CREATE TABLE turns (
    conversation_id TEXT PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    service_area    TEXT NOT NULL,
    since           BIGINT NOT NULL,
    place           BIGINT NOT NULL,
    taken_at        BIGINT NOT NULL DEFAULT 0,
    called          BOOLEAN NOT NULL DEFAULT FALSE,
    overflow        TEXT NOT NULL DEFAULT '',
    stage           BIGINT NOT NULL DEFAULT 0,
    due_at          BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX turns_due ON turns (due_at) WHERE due_at > 0;
CREATE INDEX turns_taken ON turns (taken_at) WHERE taken_at > 0;
INSERT INTO turns (conversation_id, service_area, since, place, called, due_at)
    SELECT id, service_area, created_at, 1, TRUE, 1 FROM conversations WHERE state = 'waiting';

-- The notices of a conversation in the lobbies, with the text they show: one in its own area's, one
-- where it was offered too.
CREATE TABLE lobby_notices (
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    service_area    TEXT NOT NULL,
    event_id        TEXT NOT NULL DEFAULT '',
    shown           TEXT NOT NULL,
    PRIMARY KEY (conversation_id, service_area)
);
CREATE UNIQUE INDEX lobby_notices_event ON lobby_notices (event_id) WHERE event_id <> '';
INSERT INTO lobby_notices (conversation_id, service_area, event_id, shown)
    SELECT id, service_area, notice_event_id, '' FROM conversations WHERE notice_event_id <> '' AND state <> 'closed';

-- What clerks wrote to each other in a conversation's room: the event, never the text.
CREATE TABLE internal_events (
    event_id        TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE
);
CREATE INDEX internal_events_conversation ON internal_events (conversation_id);

-- The pinned notice of a lobby, and what it and the lobby's topic show.
CREATE TABLE boards (
    service_area TEXT PRIMARY KEY,
    event_id     TEXT NOT NULL DEFAULT '',
    shown        TEXT NOT NULL DEFAULT '',
    shown_at     BIGINT NOT NULL DEFAULT 0,
    topic        TEXT NOT NULL DEFAULT '',
    topic_at     BIGINT NOT NULL DEFAULT 0
);

-- +goose Down
DROP TABLE boards;
DROP TABLE internal_events;
DROP TABLE lobby_notices;
DROP TABLE turns;
DROP INDEX conversations_served;
