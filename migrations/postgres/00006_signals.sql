-- +goose Up
-- How far each side has read: clerk_read_seq is the seq of a message of the citizen.
ALTER TABLE conversations ADD COLUMN clerk_read_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN citizen_read_seq BIGINT NOT NULL DEFAULT 0;

-- The order in which events were taken, which is that of each room's timeline: a receipt stands at
-- an event, and what was read is what came before.
ALTER TABLE seen_events ADD COLUMN ord BIGINT GENERATED ALWAYS AS IDENTITY;

-- +goose Down
ALTER TABLE seen_events DROP COLUMN ord;
ALTER TABLE conversations DROP COLUMN citizen_read_seq;
ALTER TABLE conversations DROP COLUMN clerk_read_seq;
