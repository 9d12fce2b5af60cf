-- +goose Up
-- What admins have set about clerks, over the config. Each change raises the counter "hours", by
-- which every replica sees that what is in force has changed.
CREATE TABLE postings (
    service_area TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    staffed      BOOLEAN NOT NULL,
    lead         BOOLEAN NOT NULL DEFAULT FALSE,
    capacity     BIGINT NOT NULL DEFAULT 0,
    set_by       TEXT NOT NULL,
    set_at       BIGINT NOT NULL,
    PRIMARY KEY (service_area, user_id)
);

-- Clerks who have said that they are away, or were taken to be: automatic. unanswered counts the
-- offers that nobody took while this clerk was asked, since the clerk last took a chat.
CREATE TABLE pauses (
    user_id    TEXT PRIMARY KEY,
    paused     BOOLEAN NOT NULL,
    automatic  BOOLEAN NOT NULL DEFAULT FALSE,
    since      BIGINT NOT NULL,
    unanswered BIGINT NOT NULL DEFAULT 0
);

-- +goose Down
DROP TABLE pauses;
DROP TABLE postings;
