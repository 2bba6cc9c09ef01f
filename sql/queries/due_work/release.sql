-- All that a task holds: an earlier attempt of it was killed, or it ends before the work is done.
UPDATE idh.due_work SET holder = NULL, held_at = NULL WHERE stage = :stage AND holder = :holder
