-- +goose Up
-- How many aliases a clerk's room with the bot has lost for good.
ALTER TABLE direct_rooms ADD COLUMN spare BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE direct_rooms DROP COLUMN spare;
