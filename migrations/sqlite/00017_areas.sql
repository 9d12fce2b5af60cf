-- +goose Up
-- What admins have set about service areas, over the config: one made at run time, its names, that it
-- takes no new chats. Numbered with hours_changes; names by language, as JSON.
CREATE TABLE area_changes (
    number        BIGINT PRIMARY KEY,
    kind          TEXT NOT NULL CHECK (kind IN ('made', 'named', 'gone')),
    service_area  TEXT NOT NULL,
    names         TEXT NOT NULL DEFAULT '{}',
    hours         TEXT NOT NULL DEFAULT '',
    counter_hours TEXT NOT NULL DEFAULT '',
    state         TEXT NOT NULL CHECK (state IN ('counts', 'undone')),
    made_by       TEXT NOT NULL,
    made_at       BIGINT NOT NULL,
    decided_by    TEXT NOT NULL,
    decided_at    BIGINT NOT NULL
);

-- +goose Down
DROP TABLE area_changes;
