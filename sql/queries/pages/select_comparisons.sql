-- The baselines of some runs, the latest run first, and their fusions of several sequences.
SELECT
    c.run_id, c.name, c.n, c.mutants, c.auc, c.auc_low, c.auc_high, coalesce(c.calibrated_brier, c.brier) AS brier, c.ece,
    c.log_loss, c.constant_log_loss, c.in_the_large, c.calibration_slope
FROM idh.comparison_result AS c
JOIN idh.training_run AS t USING (run_id)
WHERE c.run_id = ANY(CAST(:run_ids AS text[]))
ORDER BY t.created_at DESC, c.run_id, c.name
