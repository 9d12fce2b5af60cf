-- +goose Up
-- The life of a conversation: who spoke last and when somebody last showed that they are there; how
-- it was closed, and until when it can be reopened; what has been told about it (life_stage) and
-- when to look again (life_due_at, 0: never).
ALTER TABLE conversations ADD COLUMN clerk_id TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN spoken_by TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN active_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN closed_by TEXT NOT NULL DEFAULT '' CHECK (closed_by IN ('', 'citizen', 'clerk', 'idle', 'hours'));
ALTER TABLE conversations ADD COLUMN closed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN close_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN reopen_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN life_stage BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN life_due_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX conversations_life ON conversations (life_due_at) WHERE life_due_at > 0;
-- Until now only the hours closed conversations. Those can be taken up for a week.
UPDATE conversations SET closed_by = 'hours', closed_at = CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT), reopen_until = CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT) + 604800000,
    life_due_at = CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT) + 604800000 WHERE state = 'closed';
UPDATE conversations SET active_at = CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT), life_due_at = CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT) WHERE state <> 'closed';
UPDATE conversations SET spoken_by = COALESCE((SELECT direction FROM messages m
    WHERE m.conversation_id = conversations.id AND m.seq = conversations.last_seq), '');

-- What a citizen thought of a conversation, 1 to 5; once.
CREATE TABLE ratings (
    conversation_id TEXT PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    score           BIGINT NOT NULL CHECK (score BETWEEN 1 AND 5),
    comment         TEXT NOT NULL,
    created_at      BIGINT NOT NULL
);

-- +goose Down
DROP TABLE ratings;
DROP INDEX conversations_life;
ALTER TABLE conversations DROP COLUMN life_due_at;
ALTER TABLE conversations DROP COLUMN life_stage;
ALTER TABLE conversations DROP COLUMN reopen_until;
ALTER TABLE conversations DROP COLUMN close_reason;
ALTER TABLE conversations DROP COLUMN closed_at;
ALTER TABLE conversations DROP COLUMN closed_by;
ALTER TABLE conversations DROP COLUMN active_at;
ALTER TABLE conversations DROP COLUMN spoken_by;
ALTER TABLE conversations DROP COLUMN clerk_id;
