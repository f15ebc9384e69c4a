-- A way in for machines: what is exchanged for a token of one's own, by a few and not for long. The secret
-- itself is nowhere: digest is its SHA-256.
CREATE TABLE enrolment (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    owner      TEXT NOT NULL,
    team       TEXT NOT NULL,
    prefix     TEXT NOT NULL,
    digest     TEXT NOT NULL UNIQUE,
    uses_max   BIGINT NOT NULL CHECK (uses_max > 0),
    uses       BIGINT NOT NULL CHECK (uses >= 0),
    author     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    CHECK (uses <= uses_max)
);

-- Tokens that machines got by it: each is one worker's own.
CREATE TABLE enrolled_token (
    token_id     TEXT NOT NULL PRIMARY KEY REFERENCES token (id),
    enrolment_id TEXT NOT NULL REFERENCES enrolment (id)
);
CREATE INDEX worker_by_token ON worker (token_id);

-- Where a worker's agent runs, and which other one said that it was this worker while that one was alive.
CREATE TABLE worker_place (
    worker_id TEXT NOT NULL PRIMARY KEY REFERENCES worker (id),
    place     TEXT NOT NULL,
    rival     TEXT NOT NULL DEFAULT '',
    rival_at  BIGINT
);
