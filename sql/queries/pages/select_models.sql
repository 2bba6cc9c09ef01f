-- The champion of each sequence with its figures, how many studies it has predicted (it stops counting where the page
-- says 'more than'), the verdict about it, and the one before it, with who rolled that back and why, if somebody did.
SELECT
    m.sequence, m.model_id, m.run_id, m.promoted_at, m.prevalence, r.n, r.mutants, r.auc, r.auc_low, r.auc_high,
    coalesce(r.calibrated_brier, r.brier) AS brier, r.ece, r.log_loss, r.constant_log_loss, r.in_the_large,
    r.calibration_slope, r.checks, j.accepted, j.verdict, j.compared, j.changed, j.relabelled, j.judged_at, j.decision,
    j.decided_by, j.comment, j.decided_at, coalesce(j.switched_off, '{}') AS switched_off, f.model_id AS previous_id,
    e.occurred_at AS rolled_back_at, e.actor AS rolled_back_by, e.detail ->> 'comment' AS rolled_back_reason,
    (
        SELECT count(*)
        FROM (
            SELECT DISTINCT p.study_id FROM idh.prediction AS p
            WHERE p.model_id = m.model_id ORDER BY p.study_id LIMIT :most
        ) AS d
    ) AS predicted
FROM idh.model AS m
JOIN idh.sequence_result AS r ON r.run_id = m.run_id AND r.sequence = m.sequence
LEFT JOIN idh.judgement AS j ON j.run_id = m.run_id AND j.sequence = m.sequence
LEFT JOIN LATERAL (
    SELECT o.model_id
    FROM idh.model AS o
    WHERE o.sequence = m.sequence AND o.state = 'retired' AND o.promoted_at IS NOT NULL AND o.withdrawn_at IS NULL
    ORDER BY o.promoted_at DESC
    LIMIT 1
) AS f ON true
LEFT JOIN LATERAL (
    SELECT b.occurred_at, b.actor, b.detail
    FROM idh.audit_event AS b
    WHERE b.action = 'rolled back' AND b.detail ->> 'withdraws' = f.model_id
    ORDER BY b.event_id DESC
    LIMIT 1
) AS e ON true
WHERE m.state = 'champion'
ORDER BY m.sequence
