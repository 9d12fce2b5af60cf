-- +goose Up
-- The room that the bot shares with one clerk, and whether the clerks' guide was sent there.
CREATE TABLE direct_rooms (
    user_id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL DEFAULT '',
    guided  BOOLEAN NOT NULL DEFAULT FALSE
);

-- +goose Down
DROP TABLE direct_rooms;
