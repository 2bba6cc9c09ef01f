-- The item is not at fault, so this attempt does not count.
UPDATE idh.due_work SET holder = NULL, held_at = NULL, attempts = attempts - 1
WHERE stage = :stage AND item = :item AND noted = :noted
