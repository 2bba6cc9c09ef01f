INSERT INTO idh.comparison_result (
    run_id, name, n, mutants, auc, auc_low, auc_high, brier, ece, calibrated_brier, log_loss, constant_log_loss,
    in_the_large, calibration_slope
)
VALUES (
    :run_id, :name, :n, :mutants, :auc, :auc_low, :auc_high, :brier, :ece, :calibrated_brier, :log_loss,
    :constant_log_loss, :in_the_large, :calibration_slope
)
ON CONFLICT (run_id, name) DO UPDATE SET
    n = EXCLUDED.n, mutants = EXCLUDED.mutants, auc = EXCLUDED.auc, auc_low = EXCLUDED.auc_low,
    auc_high = EXCLUDED.auc_high, brier = EXCLUDED.brier, ece = EXCLUDED.ece,
    calibrated_brier = EXCLUDED.calibrated_brier, log_loss = EXCLUDED.log_loss,
    constant_log_loss = EXCLUDED.constant_log_loss, in_the_large = EXCLUDED.in_the_large,
    calibration_slope = EXCLUDED.calibration_slope
