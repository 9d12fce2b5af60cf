-- +goose Up
-- What was done to messages after they were written. A conversation's revision rises with each such
-- change; awaited counts the relations whose message has not come.
ALTER TABLE conversations ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN awaited BIGINT NOT NULL DEFAULT 0;

ALTER TABLE messages ADD COLUMN sender_id TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN emote BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE messages ADD COLUMN reply_to TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN edited_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN deleted_at BIGINT NOT NULL DEFAULT 0;
-- JSON: what stands in relations, added up.
ALTER TABLE messages ADD COLUMN reactions TEXT NOT NULL DEFAULT '';
-- The conversation's revision when the message was last changed; 0: never.
ALTER TABLE messages ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
CREATE INDEX messages_changed ON messages (conversation_id, seq) WHERE revision > 0;
CREATE INDEX messages_reply_to ON messages (reply_to) WHERE reply_to <> '';

-- Edits, reactions and what else relates to a message. message_id is empty while the message has
-- not come; then target says which event it is. The ID is the event's for what came from Matrix,
-- and the outbox entry's for what a citizen did.
CREATE TABLE relations (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    kind            TEXT NOT NULL CHECK (kind IN ('original', 'edit', 'reaction', 'reply', 'redaction')),
    message_id      TEXT NOT NULL DEFAULT '',
    target          TEXT NOT NULL DEFAULT '',
    event_id        TEXT NOT NULL DEFAULT '',
    sender_id       TEXT NOT NULL DEFAULT '',
    client_id       TEXT NOT NULL DEFAULT '',
    reaction        TEXT NOT NULL DEFAULT '',
    text            TEXT NOT NULL DEFAULT '',
    html            TEXT NOT NULL DEFAULT '',
    emote           BOOLEAN NOT NULL DEFAULT FALSE,
    undone          BOOLEAN NOT NULL DEFAULT FALSE,
    place           BIGINT NOT NULL DEFAULT 0,
    at              BIGINT NOT NULL
);
CREATE INDEX relations_message ON relations (message_id) WHERE message_id <> '';
CREATE INDEX relations_awaiting ON relations (target) WHERE message_id = '';
CREATE UNIQUE INDEX relations_event ON relations (event_id) WHERE event_id <> '';
CREATE UNIQUE INDEX relations_client_id ON relations (conversation_id, client_id) WHERE client_id <> '';

-- +goose Down
DROP TABLE relations;
DROP INDEX messages_reply_to;
DROP INDEX messages_changed;
ALTER TABLE messages DROP COLUMN revision;
ALTER TABLE messages DROP COLUMN reactions;
ALTER TABLE messages DROP COLUMN deleted_at;
ALTER TABLE messages DROP COLUMN edited_at;
ALTER TABLE messages DROP COLUMN reply_to;
ALTER TABLE messages DROP COLUMN emote;
ALTER TABLE messages DROP COLUMN sender_id;
ALTER TABLE conversations DROP COLUMN awaited;
ALTER TABLE conversations DROP COLUMN revision;
