INSERT INTO idh.sequence_result (
    run_id, sequence, code, reason, n, mutants, auc, auc_low, auc_high, delong_low, delong_high, brier, ece,
    calibrated_brier, log_loss, constant_log_loss, in_the_large, calibration_slope, checks, worker, device, seconds,
    parameters, repetitions, auc_lowest, auc_highest
)
VALUES (
    :run_id, :sequence, :code, :reason, :n, :mutants, :auc, :auc_low, :auc_high, :delong_low, :delong_high, :brier, :ece,
    :calibrated_brier, :log_loss, :constant_log_loss, :in_the_large, :calibration_slope, CAST(:checks AS jsonb), :worker,
    :device, :seconds, :parameters, :repetitions, :auc_lowest, :auc_highest
)
