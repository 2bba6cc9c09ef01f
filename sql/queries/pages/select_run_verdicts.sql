-- The judgement about each network of a run, what was decided, and the checks for leaks of its sequence.
SELECT
    r.sequence, r.run_id, r.checks, j.accepted, j.verdict, j.compared, j.changed, j.relabelled,
    coalesce(j.switched_off, '{}') AS switched_off, j.judged_at, j.decision, j.decided_by, j.comment, j.decided_at
FROM idh.sequence_result AS r
LEFT JOIN idh.judgement AS j ON j.run_id = r.run_id AND j.sequence = r.sequence
WHERE r.run_id = :run_id AND r.code IS NULL
ORDER BY r.sequence
