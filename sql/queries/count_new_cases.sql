SELECT count(DISTINCT given.patient_key) AS cases
FROM unnest(CAST(:patients AS text[])) AS given (patient_key)
WHERE NOT EXISTS (
    SELECT 1 FROM idh.dataset_member AS m
    WHERE m.dataset_id = :dataset_id AND m.patient_key = given.patient_key
)
