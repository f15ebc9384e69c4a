-- Series: points as compressed blocks with summaries of spans. What reports bring stands in series_arrival
-- until there is enough of it to be folded into blocks.
CREATE TABLE series (
    id             BIGINT NOT NULL UNIQUE,
    run_id         TEXT NOT NULL REFERENCES run (id),
    name           TEXT NOT NULL,
    -- Points of the curve that stand in blocks, and what waits in series_arrival.
    folded         BIGINT NOT NULL DEFAULT 0,
    pending_points BIGINT NOT NULL,
    pending_blocks BIGINT NOT NULL,
    -- The number of the last row in series_arrival.
    arrivals       BIGINT NOT NULL,
    -- Points that a program replaced by going back, how often it did, and how often the curve changed
    -- other than at its end.
    superseded     BIGINT NOT NULL DEFAULT 0,
    restarts       BIGINT NOT NULL DEFAULT 0,
    revision       BIGINT NOT NULL DEFAULT 0,
    is_disordered  BOOLEAN NOT NULL,
    -- Of the curve. Values that are not finite stand as a word.
    last_step      BIGINT,
    last_time      BIGINT,
    last_value     DOUBLE PRECISION,
    last_word      TEXT,
    min_value      DOUBLE PRECISION,
    max_value      DOUBLE PRECISION,
    PRIMARY KEY (run_id, name)
);
CREATE INDEX series_pending ON series (id) WHERE pending_blocks > 0;

-- Blocks of 4096 points in the order of the curve; the last may have fewer.
CREATE TABLE series_block (
    series_id BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    points    BYTEA NOT NULL,
    PRIMARY KEY (series_id, number)
);

-- 64 summaries a row, each of as many points as span says.
CREATE TABLE series_span (
    series_id BIGINT NOT NULL,
    span      BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    summaries BYTEA NOT NULL,
    PRIMARY KEY (series_id, span, number)
);

-- Points that left the curve, in the order in which they did.
CREATE TABLE series_superseded (
    series_id BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    points    BYTEA NOT NULL,
    PRIMARY KEY (series_id, number)
);

-- Points as they came: 24 bytes each, little-endian step, time and value.
CREATE TABLE series_arrival (
    series_id BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    points    BYTEA NOT NULL,
    PRIMARY KEY (series_id, number)
);

-- Where the program went back to, in order.
CREATE TABLE series_restart (
    series_id BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    step      BIGINT NOT NULL,
    time      BIGINT NOT NULL,
    PRIMARY KEY (series_id, number)
);

-- How many names a run has, and how many points were refused because it had as many as it may.
CREATE TABLE series_of_run (
    run_id         TEXT NOT NULL PRIMARY KEY REFERENCES run (id),
    names          BIGINT NOT NULL,
    refused_points BIGINT NOT NULL DEFAULT 0
);

-- What was kept before waits to be folded.
INSERT INTO series (id, run_id, name, pending_points, pending_blocks, arrivals, is_disordered)
SELECT ROW_NUMBER() OVER (ORDER BY run_id, name), run_id, name,
       CAST(SUM(LENGTH(points)) / 24 AS BIGINT), COUNT(*), MAX(seq) + 1, TRUE
FROM metric_block GROUP BY run_id, name;
INSERT INTO series_arrival (series_id, number, points)
SELECT series.id, metric_block.seq, metric_block.points
FROM metric_block JOIN series ON series.run_id = metric_block.run_id AND series.name = metric_block.name;
DROP TABLE metric_block;
INSERT INTO series_of_run (run_id, names) SELECT run_id, COUNT(*) FROM series GROUP BY run_id;
