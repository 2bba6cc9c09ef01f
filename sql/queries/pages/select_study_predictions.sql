-- The predictions of the study by the present champions and those before them.
SELECT p.sequence, p.calibrated, p.in_training, p.model_id, m.state, p.created_at, r.auc, r.auc_low, r.auc_high, r.n, r.mutants
FROM idh.prediction AS p
JOIN idh.model AS m USING (model_id)
LEFT JOIN idh.sequence_result AS r ON r.run_id = m.run_id AND r.sequence = p.sequence
WHERE p.study_id = :study_id
ORDER BY m.state = 'champion' DESC, p.sequence, p.created_at DESC
LIMIT 100
