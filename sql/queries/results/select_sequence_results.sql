SELECT
    sequence, code, reason, n, mutants, auc, auc_low, auc_high, delong_low, delong_high, brier, ece, calibrated_brier,
    log_loss, constant_log_loss, in_the_large, calibration_slope, checks, worker, device, seconds, parameters,
    repetitions, auc_lowest, auc_highest
FROM idh.sequence_result
WHERE run_id = :run_id
