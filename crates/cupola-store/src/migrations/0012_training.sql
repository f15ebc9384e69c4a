-- What is to be trained, as the configuration says. `model_id` is what it is in the registry; it falls to
-- null with that.
CREATE TABLE training_model (
    key           TEXT NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL,
    description   TEXT NOT NULL,
    planned_hours DOUBLE PRECISION CHECK (planned_hours >= 0),
    hourly_micros BIGINT CHECK (hourly_micros >= 0),
    position      BIGINT NOT NULL,
    model_id      TEXT
);
CREATE INDEX training_model_of_model ON training_model (model_id);

-- What was said of it, never measured. `model_key` may be one that nobody configured.
CREATE TABLE training_claim (
    model_key   TEXT NOT NULL,
    provenance  TEXT NOT NULL CHECK (provenance = 'manual' OR provenance = 'configuration'),
    status      TEXT CHECK (status = 'pending' OR status = 'running' OR status = 'completed'
                            OR status = 'failed' OR status = 'cancelled'),
    progress    DOUBLE PRECISION CHECK (progress >= 0 AND progress <= 100),
    cost_micros BIGINT CHECK (cost_micros >= 0),
    author      TEXT NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (model_key, provenance)
);

-- What lies in the configured folders, as the scan found it; a folder that could not be read, too.
CREATE TABLE training_file (
    path           TEXT NOT NULL PRIMARY KEY,
    name           TEXT NOT NULL,
    model_key      TEXT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind = 'dataset' OR kind = 'evaluation' OR kind = 'folder'),
    bytes          BIGINT NOT NULL,
    modified_nanos BIGINT NOT NULL,
    samples        BIGINT,
    broken_lines   BIGINT,
    broken_first   BIGINT,
    version        TEXT,
    score          DOUBLE PRECISION CHECK (score >= 0 AND score <= 1),
    scored_at      BIGINT,
    problem        TEXT,
    -- Whether it is read again only when it changes.
    is_settled     BOOLEAN NOT NULL,
    scanned_at     BIGINT NOT NULL
);
CREATE INDEX training_file_of_model ON training_file (model_key);

-- How a model did, each time.
CREATE TABLE model_evaluation (
    id       TEXT NOT NULL PRIMARY KEY,
    model_id TEXT NOT NULL REFERENCES model (id),
    number   BIGINT,
    metric   TEXT NOT NULL,
    score    DOUBLE PRECISION NOT NULL,
    origin   TEXT NOT NULL CHECK (origin = 'file' OR origin = 'manual' OR origin = 'run'),
    source   TEXT NOT NULL,
    run_id   TEXT,
    note     TEXT NOT NULL,
    author   TEXT NOT NULL,
    at       BIGINT NOT NULL
);
CREATE INDEX model_evaluation_of_model ON model_evaluation (model_id, at, id);

-- Where a model is deployed, each time that somebody said so.
CREATE TABLE model_deployment (
    id       TEXT NOT NULL PRIMARY KEY,
    model_id TEXT NOT NULL REFERENCES model (id),
    number   BIGINT,
    status   TEXT NOT NULL CHECK (status = 'pending' OR status = 'ready' OR status = 'active'
                                  OR status = 'failed' OR status = 'retired'),
    place    TEXT NOT NULL,
    note     TEXT NOT NULL,
    author   TEXT NOT NULL,
    at       BIGINT NOT NULL
);
CREATE INDEX model_deployment_of_model ON model_deployment (model_id, at, id);

-- What a version was made with; it stays when the run goes.
CREATE TABLE model_lineage (
    model_id      TEXT NOT NULL,
    number        BIGINT NOT NULL,
    run_id        TEXT NOT NULL,
    experiment_id TEXT NOT NULL,
    code_hash     TEXT NOT NULL,
    -- JSON objects, and a JSON array.
    config        TEXT NOT NULL,
    metrics       TEXT NOT NULL,
    data          TEXT NOT NULL,
    PRIMARY KEY (model_id, number),
    FOREIGN KEY (model_id, number) REFERENCES model_version (model_id, number)
);
