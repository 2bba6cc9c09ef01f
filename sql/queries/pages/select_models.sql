-- The champion of each sequence with its figures, how many studies it has predicted (it stops counting where the page
-- says 'more than'), the one before it, and what was not asked of it.
SELECT
    m.sequence, m.model_id, m.run_id, m.promoted_at, m.prevalence, r.n, r.mutants, r.auc, r.auc_low, r.auc_high,
    coalesce(r.calibrated_brier, r.brier) AS brier, r.ece, r.log_loss, r.constant_log_loss, r.in_the_large,
    r.calibration_slope, f.model_id AS previous_id,
    coalesce(j.switched_off, '{}') AS switched_off,
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
WHERE m.state = 'champion'
ORDER BY m.sequence
