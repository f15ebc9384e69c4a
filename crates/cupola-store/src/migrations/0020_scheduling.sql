-- Whether an experiment's tasks keep to one device class, and the class of the machine that took the first.
ALTER TABLE experiment ADD COLUMN placement TEXT NOT NULL DEFAULT 'any'
    CHECK (placement = 'any' OR placement = 'same');
ALTER TABLE experiment ADD COLUMN device_class TEXT;
ALTER TABLE brief ADD COLUMN placement TEXT NOT NULL DEFAULT 'any'
    CHECK (placement = 'any' OR placement = 'same');

-- The line that a task waits in: its owner, or its owner and its experiment. In a family a priority only
-- numbers the tasks, so how urgent a task is beside those of others stands apart from it. When it is due
-- follows from that and from when it was made.
ALTER TABLE experiment ADD COLUMN lane TEXT NOT NULL DEFAULT '';
UPDATE experiment SET lane = author;
ALTER TABLE task ADD COLUMN lane TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN urgency BIGINT NOT NULL DEFAULT 0;
ALTER TABLE task ADD COLUMN due_at BIGINT NOT NULL DEFAULT 0;
UPDATE task SET lane = (SELECT author FROM experiment WHERE experiment.id = task.experiment_id),
                urgency = (SELECT CASE WHEN experiment.origin = 'brief' THEN 0 ELSE task.priority END
                           FROM experiment WHERE experiment.id = task.experiment_id),
                due_at = created_at - 600000
                         * (SELECT CASE WHEN experiment.origin = 'brief' THEN 0 ELSE task.priority END
                            FROM experiment WHERE experiment.id = task.experiment_id);
DROP INDEX task_ready;
CREATE INDEX task_ready ON task (needs_id, lane, due_at, id)
    WHERE state = 'pending' AND waiting_for IS NULL AND budget_id IS NULL AND unpaid_by IS NULL;
CREATE INDEX task_urgent ON task (needs_id, lane, urgency)
    WHERE state = 'pending' AND waiting_for IS NULL AND budget_id IS NULL AND unpaid_by IS NULL;

-- How many tasks of an owner are with workers. Counted anew when a hub starts.
CREATE TABLE owner_load (
    owner   TEXT NOT NULL PRIMARY KEY,
    running BIGINT NOT NULL
);

-- Why a run was lost, and since when a worker is given nothing new.
ALTER TABLE run ADD COLUMN loss TEXT;
ALTER TABLE worker ADD COLUMN drained_at BIGINT;
