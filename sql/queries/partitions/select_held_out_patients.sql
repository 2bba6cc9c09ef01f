SELECT fold, repetition, array_agg(patient_key) AS patients
FROM idh.held_out_patient
WHERE run_id = :run_id
GROUP BY fold, repetition
ORDER BY fold
