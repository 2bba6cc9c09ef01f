SELECT sequence, code, reason, n, mutants, auc, auc_low, auc_high, brier, worker, device, seconds
FROM idh.sequence_result
WHERE run_id = :run_id
