-- Of what waits for an account, the shortest with each of its needs is found at once.
DROP INDEX task_unpaid;
CREATE INDEX task_unpaid ON task (unpaid_by, needs_id, time_budget_millis, id) WHERE unpaid_by IS NOT NULL;
