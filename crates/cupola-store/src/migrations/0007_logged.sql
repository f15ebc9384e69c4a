-- Runs that clients and imports write. They have no code, and an empty worker while they are written.
INSERT INTO code (hash, template, command, files) VALUES ('', 'logged', '[]', '[]');
ALTER TABLE run ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN deleted_at BIGINT;

-- What a client deleted can be restored. Its runs lie meanwhile in a bin: a deleted experiment that
-- belongs to the one they came from.
ALTER TABLE experiment ADD COLUMN is_restorable BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE experiment ADD COLUMN bin_of TEXT;
CREATE INDEX experiment_by_name ON experiment (name);
CREATE INDEX experiment_restorable ON experiment (id) WHERE is_restorable = TRUE;
CREATE INDEX experiment_bin ON experiment (bin_of) WHERE bin_of IS NOT NULL;

-- The data that a run used, as its client says; tags is a JSON object.
CREATE TABLE run_dataset (
    run_id      TEXT NOT NULL REFERENCES run (id),
    name        TEXT NOT NULL,
    digest      TEXT NOT NULL,
    source_type TEXT NOT NULL,
    source      TEXT NOT NULL,
    schema      TEXT,
    profile     TEXT,
    tags        TEXT NOT NULL,
    PRIMARY KEY (run_id, name, digest)
);
