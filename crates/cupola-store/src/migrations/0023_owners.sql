-- Whose the tasks of an experiment are: the person, whichever of their tokens submitted it.
ALTER TABLE experiment ADD COLUMN owner TEXT NOT NULL DEFAULT '';
UPDATE experiment SET owner = COALESCE(
    (SELECT CASE WHEN token.owner = '' THEN token.name ELSE token.owner END FROM token
     WHERE token.name = experiment.author AND token.role <> 'worker' ORDER BY token.id DESC LIMIT 1), author);
UPDATE experiment SET lane = owner || CASE WHEN placement = 'same' THEN '
' || id ELSE '' END;
UPDATE task SET lane = (SELECT lane FROM experiment WHERE experiment.id = task.experiment_id)
    WHERE lane <> (SELECT lane FROM experiment WHERE experiment.id = task.experiment_id);

-- Of a line what is due first goes; nothing is looked for by urgency.
DROP INDEX task_urgent;

-- How many tasks of an owner are with workers, by what they need. Counted anew when a hub starts.
DROP TABLE owner_load;
CREATE TABLE owner_load (
    owner    TEXT NOT NULL,
    needs_id BIGINT NOT NULL,
    running  BIGINT NOT NULL,
    PRIMARY KEY (owner, needs_id)
);
