UPDATE idh.due_work
SET holder = NULL, held_at = NULL, code = :code, reason = :reason
WHERE stage = :stage AND item = :item AND noted = :noted
