-- The same decision again changes nothing.
UPDATE idh.judgement
SET decision = :decision, decided_by = :actor, comment = :comment, decided_at = now()
WHERE run_id = :run_id AND sequence = :sequence
    AND (decision, decided_by, comment) IS DISTINCT FROM (:decision, :actor, :comment)
