-- What a second run's task needs, so that a machine is asked only for those that it can run.
ALTER TABLE audit_run ADD COLUMN needs_id BIGINT NOT NULL DEFAULT 0;
UPDATE audit_run SET needs_id = COALESCE((SELECT task.needs_id FROM task WHERE task.id = audit_run.task_id), 0);
DROP INDEX audit_run_awaited;
CREATE INDEX audit_run_awaited ON audit_run (auditor, needs_id, audit_id) WHERE place = 'awaited';

-- The best of what was checked, and of what nobody checked, without walking over the others.
CREATE INDEX task_proven ON task (experiment_id, is_unproven, value) WHERE state = 'completed';

-- How far a ban went through what its owner has: the last run that was looked at, and the last check that the
-- owner took part in; none where nothing remains.
ALTER TABLE owner_standing ADD COLUMN sweep_after TEXT;
ALTER TABLE owner_standing ADD COLUMN doubt_before TEXT;
CREATE INDEX ledger_earning_by_earner ON ledger_earning (earner, run_id);
