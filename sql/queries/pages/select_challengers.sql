-- What the latest run gave for each sequence: a network with its figures and the judgement, or why there is none.
SELECT
    r.sequence, r.run_id, m.model_id, m.state, r.code, r.reason, r.n, r.mutants, r.auc, r.auc_low, r.auc_high,
    coalesce(r.calibrated_brier, r.brier) AS brier, r.ece, r.log_loss, r.constant_log_loss, r.in_the_large,
    r.calibration_slope, r.checks, j.champion_id, j.accepted, j.verdict, j.compared, j.changed, j.relabelled, j.restores_id,
    coalesce(j.switched_off, '{}') AS switched_off, j.digest, j.judged_at, j.decision, j.decided_by, j.comment, j.decided_at
FROM idh.sequence_result AS r
LEFT JOIN idh.model AS m ON m.run_id = r.run_id AND m.sequence = r.sequence
LEFT JOIN idh.judgement AS j ON j.run_id = r.run_id AND j.sequence = r.sequence
WHERE r.run_id = (
    SELECT t.run_id
    FROM idh.training_run AS t
    WHERE EXISTS (SELECT FROM idh.sequence_result AS s WHERE s.run_id = t.run_id)
    ORDER BY t.created_at DESC, t.run_id
    LIMIT 1
)
ORDER BY r.sequence
