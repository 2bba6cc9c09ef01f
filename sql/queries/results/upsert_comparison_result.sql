INSERT INTO idh.comparison_result (run_id, name, n, mutants, auc, auc_low, auc_high, brier, ece)
VALUES (:run_id, :name, :n, :mutants, :auc, :auc_low, :auc_high, :brier, :ece)
ON CONFLICT (run_id, name) DO UPDATE SET
    n = EXCLUDED.n, mutants = EXCLUDED.mutants, auc = EXCLUDED.auc, auc_low = EXCLUDED.auc_low,
    auc_high = EXCLUDED.auc_high, brier = EXCLUDED.brier, ece = EXCLUDED.ece
