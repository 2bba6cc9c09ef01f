-- The models of a run with what the gate asks of them, beside the champion of their sequence.
SELECT
    m.model_id, m.sequence, m.state, m.run_id, r.auc, r.calibrated_brier, r.canary_auc, r.canary_low, r.canary_high,
    c.model_id AS champion_id, c.run_id AS champion_run, cr.auc AS champion_auc,
    cr.calibrated_brier AS champion_brier
FROM idh.model AS m
JOIN idh.sequence_result AS r ON r.run_id = m.run_id AND r.sequence = m.sequence
LEFT JOIN idh.model AS c ON c.sequence = m.sequence AND c.state = 'champion'
LEFT JOIN idh.sequence_result AS cr ON cr.run_id = c.run_id AND cr.sequence = c.sequence
WHERE m.run_id = :run_id
ORDER BY m.sequence
