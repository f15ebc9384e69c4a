-- Experiments that people configure by hand, and tasks that wait for others.

-- An experiment without an objective has an empty metric; its direction then says nothing.
-- Config, environment and tags are JSON objects.
ALTER TABLE experiment ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE experiment ADD COLUMN author TEXT NOT NULL DEFAULT '';
ALTER TABLE experiment ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE experiment ADD COLUMN config TEXT NOT NULL DEFAULT '{}';
ALTER TABLE experiment ADD COLUMN seed BIGINT;
ALTER TABLE experiment ADD COLUMN time_budget_millis BIGINT NOT NULL DEFAULT 0;
ALTER TABLE experiment ADD COLUMN environment TEXT NOT NULL DEFAULT '{}';
ALTER TABLE experiment ADD COLUMN working_folder TEXT;
ALTER TABLE experiment ADD COLUMN tags TEXT NOT NULL DEFAULT '{}';
ALTER TABLE experiment ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
UPDATE experiment SET updated_at = created_at;

-- What a task copied from its experiment when it was made. The metric is its own, so that editing the
-- experiment changes no task that is pending. waiting_for is the number of the first task that it needs and
-- that has not completed.
ALTER TABLE task ADD COLUMN environment TEXT NOT NULL DEFAULT '{}';
ALTER TABLE task ADD COLUMN working_folder TEXT;
ALTER TABLE task ADD COLUMN tags TEXT NOT NULL DEFAULT '{}';
ALTER TABLE task ADD COLUMN metric TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN waiting_for BIGINT;
UPDATE task SET metric = (SELECT metric FROM experiment WHERE experiment.id = task.experiment_id);
DROP INDEX task_ready;
CREATE INDEX task_ready ON task (needs_id, priority DESC, id) WHERE state = 'pending' AND waiting_for IS NULL;

-- Within one experiment.
CREATE TABLE task_dependency (
    task_id       TEXT NOT NULL REFERENCES task (id),
    needs_task_id TEXT NOT NULL REFERENCES task (id),
    PRIMARY KEY (task_id, needs_task_id)
);
CREATE INDEX task_dependents ON task_dependency (needs_task_id, task_id);

CREATE INDEX run_of_experiment ON run (experiment_id, id);
