SELECT sequence, patient_key, mutant, probability_mutant, calibrated
FROM idh.locked_score
WHERE run_id = :run_id
ORDER BY sequence, patient_key
