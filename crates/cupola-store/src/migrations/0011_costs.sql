-- What runs cost. A row begins when a worker takes a run, with the price as it then is, and is settled when
-- the run ends. It outlives its run: what was spent stays spent.
CREATE TABLE run_cost (
    run_id           TEXT NOT NULL PRIMARY KEY,
    experiment_id    TEXT NOT NULL,
    worker_id        TEXT NOT NULL,
    -- Empty where there is none. The model is said when the run ends.
    model            TEXT NOT NULL,
    brief_id         TEXT NOT NULL,
    person           TEXT NOT NULL,
    -- The part of the machine, and what an hour of the whole machine costs.
    share            DOUBLE PRECISION NOT NULL,
    basis            TEXT NOT NULL CHECK (basis = 'book' OR basis = 'model' OR basis = 'none'),
    hourly_micros    BIGINT,
    kwh_micros       BIGINT,
    watts            DOUBLE PRECISION,
    carbon_g_per_kwh DOUBLE PRECISION,
    started_at       BIGINT NOT NULL,
    -- The same as started_at plus the time, which is never negative. NULL while the run has not ended; what it
    -- costs is then what was last counted.
    ended_at         BIGINT,
    money_micros     BIGINT CHECK (money_micros >= 0),
    energy_mwh       BIGINT CHECK (energy_mwh >= 0),
    carbon_mg        BIGINT CHECK (carbon_mg >= 0),
    is_energy_measured BOOLEAN NOT NULL DEFAULT FALSE,
    CHECK (ended_at >= started_at)
);
CREATE INDEX run_cost_open ON run_cost (run_id) WHERE ended_at IS NULL;

-- Nobody knows what the runs cost that workers have now.
INSERT INTO run_cost (run_id, experiment_id, worker_id, model, brief_id, person, share, basis, started_at)
SELECT run.id, run.experiment_id, run.worker_id, '', COALESCE(experiment.brief_id, ''), experiment.author, 1,
       'none', COALESCE(run.leased_at, run.created_at)
FROM run JOIN experiment ON experiment.id = run.experiment_id
WHERE run.worker_id IS NOT NULL AND run.worker_id <> '' AND run.outcome IS NULL;

-- The same added up by day, kept in the transactions that settle. An empty subject is `all`, or what has none.
CREATE TABLE cost_total (
    kind           TEXT NOT NULL CHECK (kind = 'all' OR kind = 'model' OR kind = 'experiment' OR kind = 'brief' OR kind = 'person'),
    subject        TEXT NOT NULL,
    -- Days by UTC since 1970.
    day            BIGINT NOT NULL,
    runs           BIGINT NOT NULL,
    millis         BIGINT NOT NULL,
    priced_millis  BIGINT NOT NULL,
    powered_millis BIGINT NOT NULL,
    money_micros   BIGINT NOT NULL,
    energy_mwh     BIGINT NOT NULL,
    carbon_mg      BIGINT NOT NULL,
    PRIMARY KEY (kind, subject, day)
);
CREATE INDEX cost_total_by_day ON cost_total (kind, day);

CREATE TABLE budget (
    id           TEXT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    scope        TEXT NOT NULL CHECK (scope = 'all' OR scope = 'model' OR scope = 'experiment' OR scope = 'brief' OR scope = 'person'),
    subject      TEXT NOT NULL,
    limit_micros BIGINT NOT NULL CHECK (limit_micros >= 0),
    period       TEXT NOT NULL CHECK (period = 'total' OR period = 'month' OR period = 'day'),
    is_hard      BOOLEAN NOT NULL,
    author       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    -- The highest level that was told, and the first day of the period in which it was.
    told_level   BIGINT NOT NULL DEFAULT 0,
    told_day     BIGINT
);

-- The budget that keeps a task from being leased, once a worker came across it: so it is passed over once,
-- and not at each question for work.
ALTER TABLE task ADD COLUMN budget_id TEXT;
DROP INDEX task_ready;
CREATE INDEX task_ready ON task (needs_id, priority DESC, id)
    WHERE state = 'pending' AND waiting_for IS NULL AND budget_id IS NULL;
CREATE INDEX task_withheld ON task (budget_id, id) WHERE budget_id IS NOT NULL;
