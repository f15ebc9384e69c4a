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
