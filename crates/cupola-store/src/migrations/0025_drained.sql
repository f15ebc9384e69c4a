-- Who lets a worker finish what it has and gives it nothing new.
ALTER TABLE worker ADD COLUMN drained_by TEXT NOT NULL DEFAULT '';

-- How urgent a brief's tasks are beside others of its owner.
ALTER TABLE brief ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
