INSERT INTO idh.fold_result (
    run_id, sequence, fold, repetition, n, mutants, accuracy, loss, sensitivity, specificity, auc, learning_curve,
    training_curve
)
VALUES (
    :run_id, :sequence, :fold, :repetition, :n, :mutants, :accuracy, :loss, :sensitivity, :specificity, :auc,
    :learning_curve, :training_curve
)
