SELECT m.model_id, m.sequence, m.state, r.auc, champion.auc AS champion_auc
FROM idh.model AS m
JOIN idh.sequence_result AS r ON r.run_id = m.run_id AND r.sequence = m.sequence
LEFT JOIN (
    SELECT c.sequence, cr.auc
    FROM idh.model AS c
    JOIN idh.sequence_result AS cr ON cr.run_id = c.run_id AND cr.sequence = c.sequence
    WHERE c.state = 'champion'
) AS champion ON champion.sequence = m.sequence
WHERE m.run_id = :run_id
ORDER BY m.sequence
