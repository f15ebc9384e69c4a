-- Whom a token belongs to, and their team. Empty: the person is called as the token is.
ALTER TABLE token ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN team TEXT NOT NULL DEFAULT '';
UPDATE token SET owner = 'administrator'
WHERE name = 'local worker' OR name = 'command line on the hub''s machine';
CREATE INDEX token_by_name ON token (name, id);
CREATE INDEX token_by_owner ON token (owner, id) WHERE owner <> '';

-- What every account has: the same as the sum of its transfers, written in the transactions that write these.
CREATE TABLE ledger_account (
    name            TEXT NOT NULL PRIMARY KEY,
    posted_micros   BIGINT NOT NULL,
    held_micros     BIGINT NOT NULL CHECK (held_micros >= 0),
    -- Of a brief: who gave it its budget, and how much of it was given back and may be taken again.
    holder          TEXT NOT NULL DEFAULT '',
    refunded_micros BIGINT NOT NULL DEFAULT 0 CHECK (refunded_micros >= 0),
    CHECK (posted_micros >= held_micros OR name = 'issued' OR name LIKE 'person:%')
);
CREATE INDEX ledger_account_left ON ledger_account (name) WHERE posted_micros > 0 AND held_micros = 0;

-- Every transfer, in order and without gaps. Each hash is over the one before it and the row's line.
CREATE TABLE ledger_transfer (
    number        BIGINT NOT NULL PRIMARY KEY,
    kind          TEXT NOT NULL CHECK (kind = 'grant' OR kind = 'fund' OR kind = 'reserve' OR kind = 'post' OR kind = 'void' OR kind = 'release' OR kind = 'clawback' OR kind = 'refund' OR kind = 'correction'),
    ref           TEXT NOT NULL,
    debit         TEXT NOT NULL,
    credit        TEXT NOT NULL,
    amount_micros BIGINT NOT NULL CHECK (amount_micros > 0),
    at            BIGINT NOT NULL,
    author        TEXT NOT NULL,
    note          TEXT NOT NULL,
    hash          TEXT NOT NULL,
    UNIQUE (kind, ref),
    CHECK (debit <> credit)
);
CREATE INDEX ledger_transfer_by_debit ON ledger_transfer (debit, number);
CREATE INDEX ledger_transfer_by_credit ON ledger_transfer (credit, number);

-- What a run earns, from its lease to the person. It outlives its run.
CREATE TABLE ledger_earning (
    run_id        TEXT NOT NULL PRIMARY KEY,
    worker_id     TEXT NOT NULL,
    payer         TEXT NOT NULL,
    earner        TEXT NOT NULL,
    amount_micros BIGINT NOT NULL CHECK (amount_micros > 0),
    stage         TEXT NOT NULL CHECK (stage = 'reserved' OR stage = 'posted' OR stage = 'voided' OR stage = 'released' OR stage = 'clawed_back'),
    stage_at      BIGINT NOT NULL
);
CREATE INDEX ledger_earning_reserved ON ledger_earning (run_id) WHERE stage = 'reserved';
CREATE INDEX ledger_earning_posted ON ledger_earning (earner, stage_at, run_id) WHERE stage = 'posted';

-- What was earned, added up by day in the transactions that post it.
CREATE TABLE ledger_earned (
    worker_id     TEXT NOT NULL,
    earner        TEXT NOT NULL,
    -- By UTC since 1970.
    day           BIGINT NOT NULL,
    runs          BIGINT NOT NULL,
    amount_micros BIGINT NOT NULL,
    PRIMARY KEY (worker_id, earner, day)
);
CREATE INDEX ledger_earned_by_day ON ledger_earned (day);

-- The account that cannot pay a task, once a worker came across it.
ALTER TABLE task ADD COLUMN unpaid_by TEXT;
DROP INDEX task_ready;
CREATE INDEX task_ready ON task (needs_id, priority DESC, id)
    WHERE state = 'pending' AND waiting_for IS NULL AND budget_id IS NULL AND unpaid_by IS NULL;
CREATE INDEX task_unpaid ON task (unpaid_by, time_budget_millis, id) WHERE unpaid_by IS NOT NULL;

-- What was written stays as it was written.
--! sqlite
CREATE TRIGGER ledger_transfer_stays BEFORE UPDATE ON ledger_transfer
BEGIN SELECT RAISE(ABORT, 'a transfer is never changed'); END;
CREATE TRIGGER ledger_transfer_remains BEFORE DELETE ON ledger_transfer
BEGIN SELECT RAISE(ABORT, 'a transfer is never deleted'); END;
--! postgres
CREATE FUNCTION ledger_transfer_stays() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN RAISE EXCEPTION ''a transfer is never changed or deleted''; END';
CREATE TRIGGER ledger_transfer_stays BEFORE UPDATE OR DELETE ON ledger_transfer
    FOR EACH ROW EXECUTE FUNCTION ledger_transfer_stays();
CREATE TRIGGER ledger_transfer_remains BEFORE TRUNCATE ON ledger_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_transfer_stays();
