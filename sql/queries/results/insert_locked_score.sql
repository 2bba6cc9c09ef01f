INSERT INTO idh.locked_score (run_id, sequence, patient_key, mutant, probability_mutant, calibrated)
VALUES (:run_id, :sequence, :patient_key, :mutant, :probability_mutant, :calibrated)
