-- Rules that say what alerts are about; a condition is one line of text.
CREATE TABLE alert_rule (
    id            TEXT NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    condition     TEXT NOT NULL,
    repeat_millis BIGINT NOT NULL CHECK (repeat_millis >= 0),
    muted_until   BIGINT,
    told_at       BIGINT,
    author        TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);

-- Where alerts are told. What is secret about a target stands apart: a copy without secrets
-- does not have it.
CREATE TABLE alert_target (
    id            TEXT NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    kind          TEXT NOT NULL CHECK (kind = 'webhook' OR kind = 'slack' OR kind = 'discord'
                                       OR kind = 'mail'),
    shown         TEXT NOT NULL,
    is_configured BOOLEAN NOT NULL,
    author        TEXT NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE alert_secret (
    target_id TEXT NOT NULL PRIMARY KEY REFERENCES alert_target (id),
    address   TEXT NOT NULL,
    key       TEXT
);

CREATE TABLE alert_rule_target (
    rule_id   TEXT NOT NULL REFERENCES alert_rule (id),
    target_id TEXT NOT NULL REFERENCES alert_target (id),
    PRIMARY KEY (rule_id, target_id)
);
CREATE INDEX alert_rule_of_target ON alert_rule_target (target_id);

-- One for each rule and subject. What there is to say of a state stands in reason: who acknowledged
-- it, or why it is over.
CREATE TABLE alert (
    id        TEXT NOT NULL PRIMARY KEY,
    rule_id   TEXT NOT NULL REFERENCES alert_rule (id),
    subject   TEXT NOT NULL,
    label     TEXT NOT NULL,
    text      TEXT NOT NULL,
    state     TEXT NOT NULL CHECK (state = 'open' OR state = 'acknowledged' OR state = 'resolved'),
    state_at  BIGINT NOT NULL,
    reason    TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    reopened  BIGINT NOT NULL,
    is_news   BOOLEAN NOT NULL,
    UNIQUE (rule_id, subject)
);
CREATE INDEX alert_unresolved ON alert (opened_at, id) WHERE state <> 'resolved';
CREATE INDEX alert_news ON alert (rule_id, opened_at) WHERE is_news;
CREATE INDEX alert_by_opened ON alert (opened_at, id);

-- What became of alerts, in the order in which it did.
CREATE TABLE alert_change (
    number   BIGINT NOT NULL PRIMARY KEY,
    alert_id TEXT NOT NULL REFERENCES alert (id),
    at       BIGINT NOT NULL,
    word     TEXT NOT NULL,
    text     TEXT NOT NULL
);
CREATE INDEX alert_change_of_alert ON alert_change (alert_id, number);

-- What is told: the news of one rule together, which stay when the rule goes.
CREATE TABLE alert_message (
    id         TEXT NOT NULL PRIMARY KEY,
    rule_id    TEXT,
    rule_name  TEXT NOT NULL,
    condition  TEXT NOT NULL,
    at         BIGINT NOT NULL,
    -- A JSON array.
    items      TEXT NOT NULL,
    more       BIGINT NOT NULL,
    unresolved BIGINT NOT NULL
);

-- One message to one target. state_at says when it is tried next, or when it ended.
CREATE TABLE alert_delivery (
    id         TEXT NOT NULL PRIMARY KEY,
    message_id TEXT NOT NULL REFERENCES alert_message (id),
    target_id  TEXT NOT NULL REFERENCES alert_target (id),
    attempts   BIGINT NOT NULL,
    state      TEXT NOT NULL CHECK (state = 'pending' OR state = 'sent' OR state = 'given up'),
    state_at   BIGINT NOT NULL,
    problem    TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX alert_delivery_due ON alert_delivery (state_at, id) WHERE state = 'pending';
CREATE INDEX alert_delivery_of_target ON alert_delivery (target_id, id);
CREATE INDEX alert_delivery_of_message ON alert_delivery (message_id);

-- Up to which change the rules have looked. Changes are numbered by this store, so that it is in no
-- copy of it.
CREATE TABLE alert_reading (
    name TEXT NOT NULL PRIMARY KEY,
    seq  BIGINT NOT NULL
);
