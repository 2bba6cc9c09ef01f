INSERT INTO idh.sequence_result (
    run_id, sequence, code, reason, n, mutants, auc, auc_low, auc_high, delong_low, delong_high, brier, ece,
    calibrated_brier, canary_auc, canary_low, canary_high, worker, device, seconds
)
VALUES (
    :run_id, :sequence, :code, :reason, :n, :mutants, :auc, :auc_low, :auc_high, :delong_low, :delong_high, :brier, :ece,
    :calibrated_brier, :canary_auc, :canary_low, :canary_high, :worker, :device, :seconds
)
