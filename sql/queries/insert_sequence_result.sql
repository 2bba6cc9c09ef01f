INSERT INTO idh.sequence_result (
    run_id, sequence, code, reason, n, mutants, auc, auc_low, auc_high, brier, worker, device, seconds
)
VALUES (
    :run_id, :sequence, :code, :reason, :n, :mutants, :auc, :auc_low, :auc_high, :brier, :worker, :device, :seconds
)
