-- Lines of a log by their level. `from_warn` counts those that are warnings or louder, and so on: what
-- a filter asks for is one column.
ALTER TABLE log_chunk ADD COLUMN lines BIGINT NOT NULL DEFAULT 0;
ALTER TABLE log_chunk ADD COLUMN from_info BIGINT NOT NULL DEFAULT 0;
ALTER TABLE log_chunk ADD COLUMN from_warn BIGINT NOT NULL DEFAULT 0;
ALTER TABLE log_chunk ADD COLUMN from_error BIGINT NOT NULL DEFAULT 0;

ALTER TABLE run ADD COLUMN log_from_info BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN log_from_warn BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN log_from_error BIGINT NOT NULL DEFAULT 0;
-- The streams whose last line has not ended yet, each with the line's number: `12 stdout`, one a row.
ALTER TABLE run ADD COLUMN log_open TEXT NOT NULL DEFAULT '';

-- Chunks of before have no counts per level: their lines are what their streams are.
UPDATE log_chunk SET lines = COALESCE(
    (SELECT next.first_line FROM log_chunk AS next
     WHERE next.run_id = log_chunk.run_id AND next.number = log_chunk.number + 1),
    (SELECT run.log_lines + 1 FROM run WHERE run.id = log_chunk.run_id)) - first_line;
UPDATE log_chunk SET from_info = lines, from_warn = CASE WHEN stream IN ('stderr', 'event') THEN lines ELSE 0 END;
UPDATE run SET log_from_info = log_lines, log_from_warn = COALESCE(
    (SELECT CAST(SUM(log_chunk.from_warn) AS BIGINT) FROM log_chunk WHERE log_chunk.run_id = run.id), 0);

-- A chunk without a line of its own goes on with one that an earlier chunk began.
CREATE INDEX log_chunk_of_line ON log_chunk (run_id, first_line) WHERE lines > 0;
CREATE INDEX log_chunk_going_on ON log_chunk (run_id, first_line, number) WHERE lines = 0;
CREATE INDEX log_chunk_warn ON log_chunk (run_id, number) WHERE from_warn > 0;
CREATE INDEX log_chunk_error ON log_chunk (run_id, number) WHERE from_error > 0;
