UPDATE idh.due_work
SET holder = NULL, held_at = NULL, not_before = now() + make_interval(secs => :pause_s), reason = :reason
WHERE stage = :stage AND item = :item AND noted = :noted
