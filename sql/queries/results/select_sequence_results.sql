SELECT
    sequence, code, reason, n, mutants, auc, auc_low, auc_high, delong_low, delong_high, brier, ece, calibrated_brier,
    canary_auc, canary_low, canary_high, worker, device, seconds
FROM idh.sequence_result
WHERE run_id = :run_id
