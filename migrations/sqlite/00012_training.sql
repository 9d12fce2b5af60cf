-- +goose Up
-- The clerk for whom a conversation is training; empty for every citizen's.
ALTER TABLE conversations ADD COLUMN trainee TEXT NOT NULL DEFAULT '';

-- How a training conversation goes: the scenario and how far it has come, when the clerk first
-- answered, when the simulated citizen writes next (0: waits for the clerk) and whether they are shown
-- as writing, when it ends at the latest, and when to look again.
CREATE TABLE trainings (
    conversation_id TEXT PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    clerk           TEXT NOT NULL,
    scenario        TEXT NOT NULL,
    progress        TEXT NOT NULL,
    started_at      BIGINT NOT NULL,
    answered_at     BIGINT NOT NULL DEFAULT 0,
    says_at         BIGINT NOT NULL DEFAULT 0,
    typing          BOOLEAN NOT NULL DEFAULT FALSE,
    ends_at         BIGINT NOT NULL,
    due_at          BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX trainings_clerk ON trainings (clerk);
CREATE INDEX trainings_due ON trainings (due_at) WHERE due_at > 0;

-- +goose Down
DROP TABLE trainings;
ALTER TABLE conversations DROP COLUMN trainee;
