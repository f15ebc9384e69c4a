-- What runs are searched by. A parameter's number is what its value says, where it says a finite one.
CREATE TABLE run_param (
    run_id TEXT NOT NULL REFERENCES run (id),
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,
    number DOUBLE PRECISION,
    PRIMARY KEY (run_id, key)
);

CREATE TABLE run_tag (
    run_id TEXT NOT NULL REFERENCES run (id),
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (run_id, key)
);

-- Runs of before, whose parameters and tags are still to be written.
CREATE TABLE run_unlabelled (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES run (id)
);
INSERT INTO run_unlabelled (run_id) SELECT id FROM run;

-- The beginning of a text stands in an index; the whole of it could be too long for one.
CREATE INDEX run_param_by_value ON run_param (key, number, SUBSTR(value, 1, 64), run_id);
CREATE INDEX run_tag_by_value ON run_tag (key, SUBSTR(value, 1, 64), run_id);
-- Least and largest values are there to be sorted by without a look at each series.
CREATE INDEX series_by_value ON series (name, last_value, run_id, min_value, max_value);
CREATE INDEX run_by_state ON run (outcome, phase, id);
CREATE INDEX run_by_started ON run (started_at, id);
