-- Which results of a template's code come out again, as JSON: what the newest manifest says.
CREATE TABLE code_repeats (
    code_hash TEXT NOT NULL PRIMARY KEY REFERENCES code (hash),
    body      TEXT NOT NULL
);

-- Checks of results. What they were of may be deleted; the evidence stays.
CREATE TABLE audit (
    id              TEXT NOT NULL PRIMARY KEY,
    -- The result: its run, its task and what that belongs to. Of a spot check: the newcomer's own run, and
    -- the task whose answer was known.
    run_id          TEXT NOT NULL,
    task_id         TEXT NOT NULL,
    experiment_id   TEXT NOT NULL,
    experiment_name TEXT NOT NULL,
    task_number     BIGINT NOT NULL,
    template        TEXT NOT NULL,
    code_hash       TEXT NOT NULL,
    metric          TEXT NOT NULL,
    direction       TEXT NOT NULL CHECK (direction = 'minimize' OR direction = 'maximize'),
    -- Whose it is, and what it says; no value where the objective is not finite.
    owner           TEXT NOT NULL,
    worker_id       TEXT NOT NULL,
    class           TEXT NOT NULL,
    digest          TEXT NOT NULL,
    value           DOUBLE PRECISION,
    why             TEXT NOT NULL CHECK (why = 'probation' OR why = 'drawn' OR why = 'best' OR why = 'asked' OR why = 'doubt' OR why = 'spot'),
    asked_by        TEXT NOT NULL,
    stage           TEXT NOT NULL CHECK (stage = 'open' OR stage = 'at_work' OR stage = 'settled'),
    -- Counts those who were chosen.
    round           BIGINT NOT NULL,
    -- Whether only the referee is asked from now on.
    is_for_referee  BOOLEAN NOT NULL,
    -- How often the referee's own run failed.
    failures        BIGINT NOT NULL,
    finding         TEXT,
    note            TEXT NOT NULL,
    tolerance       DOUBLE PRECISION,
    opened_at       BIGINT NOT NULL,
    settled_at      BIGINT,
    CHECK ((stage = 'settled') = (finding IS NOT NULL)),
    CHECK ((stage = 'settled') = (settled_at IS NOT NULL))
);
CREATE INDEX audit_by_run ON audit (run_id, id);
CREATE INDEX audit_by_task ON audit (task_id, id);
CREATE INDEX audit_by_owner ON audit (owner, id);
CREATE INDEX audit_by_worker ON audit (worker_id, id);
CREATE INDEX audit_by_stage ON audit (stage, id);
CREATE INDEX audit_by_finding ON audit (finding, id);
CREATE INDEX audit_open ON audit (id) WHERE stage <> 'settled';
CREATE INDEX audit_claims ON audit (experiment_id) WHERE stage <> 'settled' AND why = 'best';

-- The second runs of a check, by round.
CREATE TABLE audit_run (
    audit_id  TEXT NOT NULL REFERENCES audit (id),
    round     BIGINT NOT NULL,
    role      TEXT NOT NULL CHECK (role = 'peer' OR role = 'referee' OR role = 'spot' OR role = 'known'),
    -- The worker that was chosen, or the word for the referee, which any of the hub's own is.
    auditor   TEXT NOT NULL,
    task_id   TEXT NOT NULL,
    run_id    TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    owner     TEXT NOT NULL,
    class     TEXT NOT NULL,
    digest    TEXT NOT NULL,
    value     DOUBLE PRECISION,
    finding   TEXT,
    place     TEXT NOT NULL CHECK (place = 'awaited' OR place = 'came' OR place = 'gone'),
    at        BIGINT NOT NULL,
    PRIMARY KEY (audit_id, round)
);
CREATE INDEX audit_run_awaited ON audit_run (auditor, audit_id) WHERE place = 'awaited';
CREATE INDEX audit_run_by_task ON audit_run (task_id);
CREATE INDEX audit_run_by_run ON audit_run (run_id);
CREATE INDEX audit_run_by_owner ON audit_run (owner, audit_id) WHERE role = 'peer';
CREATE INDEX audit_run_answers ON audit_run (audit_id) WHERE role = 'referee' AND place = 'came';

-- How many checks in a row found the results of an owner's class of machines right.
CREATE TABLE owner_trust (
    owner  TEXT NOT NULL,
    class  TEXT NOT NULL,
    passed BIGINT NOT NULL CHECK (passed >= 0),
    PRIMARY KEY (owner, class)
);

-- What else is known of an owner.
CREATE TABLE owner_standing (
    owner        TEXT NOT NULL PRIMARY KEY,
    frauds       BIGINT NOT NULL CHECK (frauds >= 0),
    faults       BIGINT NOT NULL CHECK (faults >= 0),
    clean        BIGINT NOT NULL CHECK (clean >= 0),
    ban          TEXT,
    ban_note     TEXT NOT NULL,
    banned_by    TEXT NOT NULL,
    banned_at    BIGINT,
    -- When something was found wrong last: the wait of what is in escrow began anew.
    disturbed_at BIGINT,
    CHECK ((ban IS NULL) = (banned_at IS NULL))
);
CREATE INDEX owner_standing_banned ON owner_standing (owner) WHERE ban IS NOT NULL;

-- How far results of two classes lie apart when both are right, by template.
CREATE TABLE class_calibration (
    template    TEXT NOT NULL,
    low         TEXT NOT NULL,
    high        TEXT NOT NULL,
    -- Those of which there are too few yet, as a JSON array.
    differences TEXT NOT NULL,
    deviation   DOUBLE PRECISION,
    PRIMARY KEY (template, low, high)
);

-- Second runs lie in a bin of their own of what they are checks of, so that nobody is shown them.
ALTER TABLE experiment ADD COLUMN is_check BOOLEAN NOT NULL DEFAULT FALSE;
-- A second run is leased to whom its check names, and to nobody else.
ALTER TABLE task ADD COLUMN audit_id TEXT;
-- A result of somebody else's machine that nobody checked: it is not called best.
ALTER TABLE task ADD COLUMN is_unproven BOOLEAN NOT NULL DEFAULT FALSE;
DROP INDEX task_ready;
CREATE INDEX task_ready ON task (needs_id, lane, due_at, id)
    WHERE state = 'pending' AND waiting_for IS NULL AND budget_id IS NULL AND unpaid_by IS NULL AND audit_id IS NULL;
DROP INDEX task_urgent;
CREATE INDEX task_urgent ON task (needs_id, lane, urgency)
    WHERE state = 'pending' AND waiting_for IS NULL AND budget_id IS NULL AND unpaid_by IS NULL AND audit_id IS NULL;

-- The check that an earning waits for. It is not given before.
ALTER TABLE ledger_earning ADD COLUMN audit_id TEXT;
