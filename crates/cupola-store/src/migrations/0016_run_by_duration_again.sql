-- On SQLite the index had other words for its type than searches have, and was never used.
DROP INDEX run_by_duration;
CREATE INDEX run_by_duration ON run (
    (COALESCE(CAST(wall_time_millis AS DOUBLE PRECISION),
     CAST(finished_at - started_at AS DOUBLE PRECISION)) / 1000.0),
    id
);
