SELECT sequence, fold, repetition, patient_key, mutant, probability_mutant, calibrated
FROM idh.held_out_score
WHERE run_id = :run_id
ORDER BY sequence, fold, patient_key
