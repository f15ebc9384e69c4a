-- Reports that are kept. The document is all that one shows: it stands when what it is about is gone.
CREATE TABLE report (
    id          TEXT   NOT NULL PRIMARY KEY,
    title       TEXT   NOT NULL,
    -- Ids of experiments with commas between them.
    subjects    TEXT   NOT NULL CHECK (subjects <> ''),
    author      TEXT   NOT NULL,
    owner       TEXT   NOT NULL,
    schedule_id TEXT,
    made_at     BIGINT NOT NULL,
    bytes       BIGINT NOT NULL CHECK (bytes >= 0),
    document    TEXT   NOT NULL
);
CREATE INDEX report_by_schedule ON report (schedule_id, id);

-- When reports are made by themselves. Without a period: once, when all that it is about has ended.
CREATE TABLE report_schedule (
    id           TEXT   NOT NULL PRIMARY KEY,
    subjects     TEXT   NOT NULL CHECK (subjects <> ''),
    every_millis BIGINT CHECK (every_millis > 0),
    due_at       BIGINT NOT NULL,
    author       TEXT   NOT NULL,
    owner        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    note         TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX report_schedule_due ON report_schedule (due_at, id);
