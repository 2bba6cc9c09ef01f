-- The baselines of a run, and its fusions of several sequences.
SELECT
    name, n, mutants, auc, auc_low, auc_high, coalesce(calibrated_brier, brier) AS brier, ece, log_loss,
    constant_log_loss, in_the_large, calibration_slope
FROM idh.comparison_result
WHERE run_id = :run_id
ORDER BY name
