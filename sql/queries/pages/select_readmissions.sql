-- One page of what was tried again, the latest first, and what became of it.
SELECT occurred_at, actor, subject, codes, scope, study_id, state, code, held_again
FROM phi.readmissions(:size, :start)
