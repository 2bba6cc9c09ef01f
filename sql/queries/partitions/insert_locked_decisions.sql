INSERT INTO idh.locked_decision (patient_key, locked)
SELECT p.patient_key, p.patient_key = ANY(CAST(:locked AS text[]))
FROM unnest(CAST(:patients AS text[])) AS p (patient_key)
ON CONFLICT DO NOTHING
