-- +goose Up
-- What was found in Matrix otherwise than the bridge keeps it, and what became of it.
CREATE TABLE drifts (
    id       TEXT PRIMARY KEY,
    owner    TEXT NOT NULL,
    room_id  TEXT NOT NULL,
    what     TEXT NOT NULL,
    outcome  TEXT NOT NULL CHECK (outcome IN ('mended', 'left', 'reported')),
    found_at BIGINT NOT NULL
);
CREATE INDEX drifts_owner ON drifts (owner, what, found_at);

-- How many aliases a room's owner has lost to rooms that keep them: with 1, #schalter_lobby_x_2 serves.
ALTER TABLE service_areas ADD COLUMN space_spare BIGINT NOT NULL DEFAULT 0;
ALTER TABLE service_areas ADD COLUMN lobby_spare BIGINT NOT NULL DEFAULT 0;
ALTER TABLE house_rooms ADD COLUMN spare BIGINT NOT NULL DEFAULT 0;

CREATE INDEX conversations_open ON conversations (id) WHERE state <> 'closed';

-- +goose Down
DROP INDEX conversations_open;
ALTER TABLE house_rooms DROP COLUMN spare;
ALTER TABLE service_areas DROP COLUMN lobby_spare;
ALTER TABLE service_areas DROP COLUMN space_spare;
DROP TABLE drifts;
