SELECT
    sequence, fold, repetition, n, mutants, accuracy, loss, sensitivity, specificity, auc, learning_curve,
    training_curve
FROM idh.fold_result
WHERE run_id = :run_id
ORDER BY sequence, fold
