INSERT INTO idh.twin_pair (run_id, sequence, patient_key, other_key, similarity, apart_by)
VALUES (:run_id, :sequence, :patient_key, :other_key, :similarity, :apart_by)
