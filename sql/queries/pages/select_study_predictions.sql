-- The predictions of the study: those of the present champions for its present patches, then all earlier ones.
SELECT
    p.sequence, p.calibrated, p.in_training, p.patch_id, p.model_id, m.run_id, m.state, p.created_at, p.made_by, r.auc, r.auc_low, r.auc_high,
    r.n, r.mutants,
    m.state = 'champion' AND c.settings_hash = :settings_hash AND c.revision = t.revision AND c.code IS NULL AS present
FROM idh.prediction AS p
JOIN idh.model AS m USING (model_id)
JOIN idh.patch AS c ON c.patch_id = p.patch_id
JOIN idh.study AS t ON t.study_id = p.study_id
LEFT JOIN idh.sequence_result AS r ON r.run_id = m.run_id AND r.sequence = p.sequence
WHERE p.study_id = :study_id
ORDER BY present DESC, p.sequence, p.created_at DESC
LIMIT 100
