-- Series belong to a run or to a worker: owner is the id of either, which never collide, and run_id the
-- same where it is a run. The indexes of searches know runs alone.
DROP INDEX series_pending;
DROP INDEX series_by_value;
ALTER TABLE series RENAME TO series_before;
CREATE TABLE series (
    id             BIGINT NOT NULL UNIQUE,
    owner          TEXT NOT NULL,
    run_id         TEXT REFERENCES run (id),
    name           TEXT NOT NULL,
    folded         BIGINT NOT NULL DEFAULT 0,
    pending_points BIGINT NOT NULL,
    pending_blocks BIGINT NOT NULL,
    arrivals       BIGINT NOT NULL,
    superseded     BIGINT NOT NULL DEFAULT 0,
    restarts       BIGINT NOT NULL DEFAULT 0,
    revision       BIGINT NOT NULL DEFAULT 0,
    is_disordered  BOOLEAN NOT NULL,
    last_step      BIGINT,
    last_time      BIGINT,
    last_value     DOUBLE PRECISION,
    last_word      TEXT,
    min_value      DOUBLE PRECISION,
    max_value      DOUBLE PRECISION,
    PRIMARY KEY (owner, name),
    CHECK (run_id IS NULL OR run_id = owner)
);
INSERT INTO series (id, owner, run_id, name, folded, pending_points, pending_blocks, arrivals, superseded,
                    restarts, revision, is_disordered, last_step, last_time, last_value, last_word,
                    min_value, max_value)
SELECT id, run_id, run_id, name, folded, pending_points, pending_blocks, arrivals, superseded,
       restarts, revision, is_disordered, last_step, last_time, last_value, last_word,
       min_value, max_value
FROM series_before;
DROP TABLE series_before;
CREATE INDEX series_pending ON series (id) WHERE pending_blocks > 0 AND run_id IS NOT NULL;
CREATE INDEX series_by_value ON series (name, last_value, run_id, min_value, max_value)
    WHERE run_id IS NOT NULL;

-- What a worker was last heard to measure: the start of its agent, the number of its next sample, and
-- when the newest one is dated.
CREATE TABLE worker_telemetry (
    worker_id TEXT NOT NULL PRIMARY KEY REFERENCES worker (id),
    session   TEXT NOT NULL,
    next      BIGINT NOT NULL,
    newest_at BIGINT NOT NULL
);
