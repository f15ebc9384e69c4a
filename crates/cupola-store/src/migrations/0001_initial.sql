-- What happened, in the order of commits: seq has no gaps, at is the wall clock and orders nothing.
-- A reader that was away resumes after the last seq it saw.
CREATE TABLE event (
    seq     BIGINT NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    parent  TEXT
);

-- Checks with more than two words are written with OR: for IN, SQLite builds a table of the words each
-- time a row is written.

-- Who may do what. The secret itself is nowhere: digest is its SHA-256.
CREATE TABLE token (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role = 'worker' OR role = 'viewer' OR role = 'researcher' OR role = 'operator' OR role = 'admin'),
    prefix     TEXT NOT NULL,
    digest     TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);

-- A browser that logged in with a token.
CREATE TABLE session (
    digest     TEXT NOT NULL PRIMARY KEY,
    token_id   TEXT NOT NULL REFERENCES token (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE worker (
    id            TEXT NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL,
    token_id      TEXT NOT NULL REFERENCES token (id),
    session       TEXT NOT NULL,
    capabilities  TEXT NOT NULL,
    slots         BIGINT NOT NULL CHECK (slots >= 0),
    version       TEXT NOT NULL,
    registered_at BIGINT NOT NULL,
    last_seen_at  BIGINT NOT NULL,
    left_at       BIGINT,
    removed_at    BIGINT
);

-- A template's command and files as they were when an experiment was made.
CREATE TABLE code (
    hash     TEXT NOT NULL PRIMARY KEY,
    template TEXT NOT NULL,
    command  TEXT NOT NULL,
    files    TEXT NOT NULL
);

-- The few different needs that tasks have. Tasks are leased per need, so that a worker's
-- question never walks over tasks that do not fit it.
CREATE TABLE needs (
    id   BIGINT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL UNIQUE
);

CREATE TABLE brief (
    id                 TEXT NOT NULL PRIMARY KEY,
    title              TEXT NOT NULL,
    goal               TEXT NOT NULL,
    constraints        TEXT NOT NULL,
    template           TEXT NOT NULL,
    budget_micros      BIGINT,
    hardware           TEXT NOT NULL,
    num_tasks          BIGINT NOT NULL,
    time_budget_millis BIGINT NOT NULL,
    sampler            TEXT NOT NULL,
    study_seed         BIGINT NOT NULL,
    space              TEXT NOT NULL,
    author             TEXT NOT NULL,
    created_at         BIGINT NOT NULL,
    deleted_at         BIGINT
);

-- The five counts are kept beside the tasks they count, in the same transactions.
CREATE TABLE experiment (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    origin     TEXT NOT NULL CHECK (origin = 'manual' OR origin = 'brief' OR origin = 'file' OR origin = 'workspace' OR origin = 'mlflow'),
    brief_id   TEXT UNIQUE REFERENCES brief (id),
    template   TEXT NOT NULL,
    code_hash  TEXT NOT NULL REFERENCES code (hash),
    metric     TEXT NOT NULL,
    direction  TEXT NOT NULL CHECK (direction IN ('minimize', 'maximize')),
    unit       TEXT NOT NULL,
    baseline   DOUBLE PRECISION,
    needs_id   BIGINT NOT NULL REFERENCES needs (id),
    pending    BIGINT NOT NULL DEFAULT 0 CHECK (pending >= 0),
    running    BIGINT NOT NULL DEFAULT 0 CHECK (running >= 0),
    completed  BIGINT NOT NULL DEFAULT 0 CHECK (completed >= 0),
    failed     BIGINT NOT NULL DEFAULT 0 CHECK (failed >= 0),
    cancelled  BIGINT NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
    created_at BIGINT NOT NULL,
    -- When somebody cancelled what was left: no further tasks are planned.
    stopped_at BIGINT,
    deleted_at BIGINT
);

CREATE TABLE task (
    id                 TEXT NOT NULL PRIMARY KEY,
    experiment_id      TEXT NOT NULL REFERENCES experiment (id),
    number             BIGINT NOT NULL,
    state              TEXT NOT NULL CHECK (state = 'pending' OR state = 'running' OR state = 'completed' OR state = 'failed' OR state = 'cancelled'),
    failure            TEXT,
    failure_detail     TEXT,
    config             TEXT NOT NULL,
    seed               BIGINT NOT NULL,
    time_budget_millis BIGINT NOT NULL,
    needs_id           BIGINT NOT NULL REFERENCES needs (id),
    priority           BIGINT NOT NULL,
    failures           BIGINT NOT NULL,
    losses             BIGINT NOT NULL,
    failures_max       BIGINT NOT NULL,
    losses_max         BIGINT NOT NULL,
    epoch              BIGINT NOT NULL,
    run_id             TEXT NOT NULL,
    worker_id          TEXT,
    -- Finite objectives stand in value; NaN and infinities as a word, so that they never sort.
    value              DOUBLE PRECISION,
    value_word         TEXT,
    created_at         BIGINT NOT NULL,
    finished_at        BIGINT,
    CHECK ((state = 'failed') = (failure IS NOT NULL))
);
CREATE INDEX task_ready ON task (needs_id, priority DESC, id) WHERE state = 'pending';
CREATE UNIQUE INDEX task_in_experiment ON task (experiment_id, number);
CREATE INDEX task_value_in_experiment ON task (experiment_id, value) WHERE state = 'completed';
CREATE INDEX task_by_state ON task (state, id);
CREATE INDEX task_by_priority ON task (priority, id);
CREATE INDEX task_by_value ON task (value, id);
CREATE INDEX task_by_finished ON task (finished_at, id);

CREATE TABLE run (
    id               TEXT NOT NULL PRIMARY KEY,
    task_id          TEXT NOT NULL REFERENCES task (id),
    experiment_id    TEXT NOT NULL,
    attempt          BIGINT NOT NULL CHECK (attempt >= 1),
    phase            TEXT NOT NULL CHECK (phase = 'pending' OR phase = 'leased' OR phase = 'running' OR phase = 'cancelling' OR phase = 'lost' OR phase = 'finished'),
    outcome          TEXT CHECK (outcome = 'completed' OR outcome = 'failed' OR outcome = 'cancelled'),
    failure          TEXT,
    failure_detail   TEXT,
    worker_id        TEXT,
    epoch            BIGINT NOT NULL,
    phase_at         BIGINT NOT NULL,
    code_hash        TEXT NOT NULL,
    environment      TEXT,
    progress         DOUBLE PRECISION,
    progress_message TEXT,
    provenance       TEXT NOT NULL,
    wall_time_millis BIGINT,
    -- The number of the next report: each is taken once, however often it comes.
    report_next      BIGINT NOT NULL DEFAULT 0,
    log_bytes        BIGINT NOT NULL DEFAULT 0,
    log_lines        BIGINT NOT NULL DEFAULT 0,
    log_omitted      BIGINT NOT NULL DEFAULT 0,
    log_chunks       BIGINT NOT NULL DEFAULT 0,
    created_at       BIGINT NOT NULL,
    leased_at        BIGINT,
    started_at       BIGINT,
    finished_at      BIGINT,
    CHECK ((phase = 'finished') = (outcome IS NOT NULL)),
    CHECK (phase IN ('pending', 'finished') OR worker_id IS NOT NULL)
);
CREATE UNIQUE INDEX run_of_task ON run (task_id, attempt);
CREATE INDEX run_with_worker ON run (worker_id, id) WHERE worker_id IS NOT NULL AND outcome IS NULL;
CREATE INDEX run_of_worker ON run (worker_id, id);

CREATE TABLE result (
    run_id TEXT NOT NULL REFERENCES run (id),
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (run_id, name)
);

-- One row per series and report: 24 bytes a point, little-endian step, time and value.
CREATE TABLE metric_block (
    run_id TEXT NOT NULL REFERENCES run (id),
    name   TEXT NOT NULL,
    seq    BIGINT NOT NULL,
    points BYTEA NOT NULL,
    PRIMARY KEY (run_id, name, seq)
);

-- Exactly the program's bytes. first_line counts from 1.
CREATE TABLE log_chunk (
    run_id     TEXT NOT NULL REFERENCES run (id),
    number     BIGINT NOT NULL,
    stream     TEXT NOT NULL,
    at         BIGINT NOT NULL,
    first_line BIGINT NOT NULL,
    omitted    BIGINT NOT NULL,
    body       BYTEA NOT NULL,
    PRIMARY KEY (run_id, number)
);
