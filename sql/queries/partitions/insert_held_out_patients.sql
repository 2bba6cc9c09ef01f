INSERT INTO idh.held_out_patient (run_id, fold, repetition, patient_key)
SELECT :run_id, :fold, :repetition, unnest(CAST(:patients AS text[]))
ON CONFLICT DO NOTHING
