SELECT
    name, n, mutants, auc, auc_low, auc_high, brier, ece, calibrated_brier, log_loss, constant_log_loss, in_the_large,
    calibration_slope
FROM idh.comparison_result
WHERE run_id = :run_id
ORDER BY name
