-- Runs by how long they took: the expression is that of searches.
CREATE INDEX run_by_duration ON run (
    (COALESCE(CAST(wall_time_millis AS DOUBLE PRECISION),
     CAST(finished_at - started_at AS DOUBLE PRECISION)) / 1000.0),
    id
);
