-- +goose Up
-- How far each side has read: clerk_read_seq is the seq of a message of the citizen.
ALTER TABLE conversations ADD COLUMN clerk_read_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN citizen_read_seq BIGINT NOT NULL DEFAULT 0;

-- The order in which events were taken, which is that of each room's timeline: a receipt stands at
-- an event, and what was read is what came before.
CREATE TABLE seen_events_in_order (
    ord      INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    room_id  TEXT NOT NULL
);
INSERT INTO seen_events_in_order (event_id, room_id) SELECT event_id, room_id FROM seen_events ORDER BY rowid;
DROP TABLE seen_events;
ALTER TABLE seen_events_in_order RENAME TO seen_events;
CREATE INDEX seen_events_room ON seen_events (room_id);

-- +goose Down
CREATE TABLE seen_events_in_no_order (
    event_id TEXT PRIMARY KEY,
    room_id  TEXT NOT NULL
);
INSERT INTO seen_events_in_no_order (event_id, room_id) SELECT event_id, room_id FROM seen_events ORDER BY ord;
DROP TABLE seen_events;
ALTER TABLE seen_events_in_no_order RENAME TO seen_events;
CREATE INDEX seen_events_room ON seen_events (room_id);
ALTER TABLE conversations DROP COLUMN citizen_read_seq;
ALTER TABLE conversations DROP COLUMN clerk_read_seq;
