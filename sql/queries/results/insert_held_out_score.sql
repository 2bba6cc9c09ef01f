INSERT INTO idh.held_out_score (
    run_id, sequence, fold, repetition, patient_key, mutant, probability_mutant, calibrated
)
VALUES (:run_id, :sequence, :fold, :repetition, :patient_key, :mutant, :probability_mutant, :calibrated)
