-- +goose Up
-- What an admin has written about a service area, by language, as JSON.
ALTER TABLE area_changes ADD COLUMN descriptions TEXT NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE area_changes DROP COLUMN descriptions;
