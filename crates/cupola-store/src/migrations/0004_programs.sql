-- What programs can say: progress by level, artifacts, how they were stopped.

-- One share and one message become levels, each with how many of how many, and since when that is
-- measured: JSON text.
ALTER TABLE run DROP COLUMN progress;
ALTER TABLE run DROP COLUMN progress_message;
ALTER TABLE run ADD COLUMN progress TEXT;

ALTER TABLE run ADD COLUMN stop_step TEXT CHECK (stop_step = 'asked' OR stop_step = 'terminated' OR stop_step = 'killed');
ALTER TABLE run ADD COLUMN stop_next_at BIGINT;

-- The bytes lie in files that are called by their hashes.
CREATE TABLE artifact (
    run_id TEXT NOT NULL REFERENCES run (id),
    name   TEXT NOT NULL,
    hash   TEXT NOT NULL,
    size   BIGINT NOT NULL CHECK (size >= 0),
    at     BIGINT NOT NULL,
    PRIMARY KEY (run_id, name)
);
CREATE INDEX artifact_of_hash ON artifact (hash);

-- What a result is stands beside it, so that a list reads no values. A row from before has no kind.
ALTER TABLE result ADD COLUMN kind TEXT;
ALTER TABLE result ADD COLUMN size BIGINT NOT NULL DEFAULT 0;
ALTER TABLE result ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE result ADD COLUMN preview TEXT NOT NULL DEFAULT '';

-- A large value stands apart, where only those read it who want it; its value in result is empty.
CREATE TABLE large_result (
    run_id TEXT NOT NULL REFERENCES run (id),
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
);
