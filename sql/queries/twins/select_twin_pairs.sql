SELECT sequence, patient_key, other_key, similarity, apart_by
FROM idh.twin_pair
WHERE run_id = :run_id
ORDER BY sequence, similarity DESC, patient_key, other_key
