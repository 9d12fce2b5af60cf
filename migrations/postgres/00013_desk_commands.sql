-- +goose Up
-- The language in which a clerk has chosen to be answered.
CREATE TABLE clerk_languages (
    user_id  TEXT PRIMARY KEY,
    language TEXT NOT NULL
);

-- Texts that clerks send by name, as clerks have made them, over the config. Empty text: taken away.
CREATE TABLE canned_texts (
    service_area TEXT NOT NULL,
    name         TEXT NOT NULL,
    language     TEXT NOT NULL,
    text         TEXT NOT NULL,
    set_by       TEXT NOT NULL,
    set_at       BIGINT NOT NULL,
    PRIMARY KEY (service_area, name, language)
);

-- Who commanded without a say, in which room, and on which day (since 1970) that was last reported.
CREATE TABLE stranger_reports (
    user_id TEXT NOT NULL,
    room_id TEXT NOT NULL,
    day     BIGINT NOT NULL,
    PRIMARY KEY (user_id, room_id)
);
CREATE INDEX stranger_reports_day ON stranger_reports (day);

-- Clerks of other areas who were brought into one conversation.
CREATE TABLE guests (
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         TEXT NOT NULL,
    added_by        TEXT NOT NULL,
    added_at        BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX guests_user ON guests (user_id);

-- +goose Down
DROP TABLE guests;
DROP TABLE stranger_reports;
DROP TABLE canned_texts;
DROP TABLE clerk_languages;
