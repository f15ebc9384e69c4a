-- Models that clients logged.
CREATE TABLE logged_model (
    id            TEXT NOT NULL PRIMARY KEY,
    experiment_id TEXT NOT NULL REFERENCES experiment (id),
    name          TEXT NOT NULL,
    kind          TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status = 'pending' OR status = 'ready' OR status = 'failed'),
    run_id        TEXT,
    -- JSON objects of texts.
    params        TEXT NOT NULL,
    tags          TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);
CREATE INDEX logged_model_of_experiment ON logged_model (experiment_id, created_at);
CREATE INDEX logged_model_of_run ON logged_model (run_id);

-- What runs measured of logged models; values that are not finite stand as a word.
CREATE TABLE logged_model_metric (
    model_id       TEXT NOT NULL REFERENCES logged_model (id),
    key            TEXT NOT NULL,
    value          DOUBLE PRECISION,
    word           TEXT,
    at             BIGINT NOT NULL,
    step           BIGINT NOT NULL,
    run_id         TEXT NOT NULL,
    dataset_name   TEXT NOT NULL,
    dataset_digest TEXT NOT NULL,
    PRIMARY KEY (model_id, key, run_id, dataset_name, dataset_digest)
);

-- Which models a run took in or gave.
CREATE TABLE run_model (
    run_id   TEXT NOT NULL REFERENCES run (id),
    model_id TEXT NOT NULL,
    role     TEXT NOT NULL CHECK (role = 'input' OR role = 'output'),
    step     BIGINT NOT NULL,
    PRIMARY KEY (run_id, role, model_id)
);

-- The registry. The newest version's number never falls, so that no number comes twice.
CREATE TABLE model (
    id          TEXT NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    author      TEXT NOT NULL,
    newest      BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);

CREATE TABLE model_tag (
    model_id TEXT NOT NULL REFERENCES model (id),
    key      TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (model_id, key)
);

CREATE TABLE model_version (
    model_id        TEXT NOT NULL REFERENCES model (id),
    number          BIGINT NOT NULL CHECK (number > 0),
    stage           TEXT NOT NULL CHECK (stage = 'none' OR stage = 'staging' OR stage = 'production'
                                         OR stage = 'archived'),
    status          TEXT NOT NULL CHECK (status = 'pending' OR status = 'ready' OR status = 'failed'),
    description     TEXT NOT NULL,
    source          TEXT NOT NULL,
    run_id          TEXT,
    run_link        TEXT NOT NULL,
    logged_model_id TEXT,
    author          TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (model_id, number)
);
CREATE INDEX model_version_of_run ON model_version (run_id);
CREATE INDEX model_version_of_logged ON model_version (logged_model_id);

CREATE TABLE model_version_tag (
    model_id TEXT NOT NULL,
    number   BIGINT NOT NULL,
    key      TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (model_id, number, key),
    FOREIGN KEY (model_id, number) REFERENCES model_version (model_id, number)
);

CREATE TABLE model_alias (
    model_id TEXT NOT NULL,
    alias    TEXT NOT NULL,
    number   BIGINT NOT NULL,
    PRIMARY KEY (model_id, alias),
    FOREIGN KEY (model_id, number) REFERENCES model_version (model_id, number)
);

-- Files of models; whose is `logged:ID` or `version:ID:NUMBER`.
CREATE TABLE model_file (
    keeper TEXT NOT NULL,
    name   TEXT NOT NULL,
    hash   TEXT NOT NULL,
    size   BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (keeper, name)
);
CREATE INDEX model_file_of_hash ON model_file (hash);
