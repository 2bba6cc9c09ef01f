-- The champion of each sequence and the networks of the latest run, with their figures.
WITH latest AS (SELECT run_id FROM idh.training_run ORDER BY created_at DESC LIMIT 1)

SELECT
    m.sequence, m.model_id, m.run_id, m.state, m.promoted_at, r.n, r.mutants, r.auc, r.auc_low, r.auc_high,
    r.calibrated_brier, r.ece,
    EXISTS (
        SELECT FROM idh.model AS f
        WHERE f.sequence = m.sequence AND f.state = 'retired' AND f.promoted_at IS NOT NULL
    ) AS has_previous
FROM idh.model AS m
JOIN idh.sequence_result AS r ON r.run_id = m.run_id AND r.sequence = m.sequence
WHERE m.state = 'champion' OR m.run_id IN (SELECT run_id FROM latest)
ORDER BY m.sequence, m.state, m.model_id
