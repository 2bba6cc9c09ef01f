INSERT INTO idh.twin_pair (run_id, sequence, patient_key, other_key, similarity)
VALUES (:run_id, :sequence, :patient_key, :other_key, :similarity)
