INSERT INTO idh.fold_result (
    run_id, sequence, fold, n, mutants, accuracy, loss, sensitivity, specificity, auc, learning_curve
)
VALUES (
    :run_id, :sequence, :fold, :n, :mutants, :accuracy, :loss, :sensitivity, :specificity, :auc, :learning_curve
)
