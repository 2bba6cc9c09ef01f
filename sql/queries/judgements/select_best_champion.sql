-- The champion by which others of its sequence are measured: that by which the present one was measured, unless the
-- present one is better beyond chance, or the former was withdrawn.
SELECT m.model_id, m.run_id
FROM idh.model AS c
LEFT JOIN idh.judgement AS j ON j.run_id = c.run_id AND j.sequence = c.sequence AND NOT j.better
LEFT JOIN idh.model AS b ON b.model_id = j.best_id AND NOT EXISTS (
    SELECT FROM idh.audit_event AS e
    WHERE e.action = 'rolled back' AND e.detail ->> 'withdraws' = b.model_id AND e.occurred_at >= b.promoted_at
) AND b.withdrawn_at IS NULL
JOIN idh.model AS m ON m.model_id = coalesce(b.model_id, c.model_id)
WHERE c.sequence = :sequence AND c.state = 'champion'
