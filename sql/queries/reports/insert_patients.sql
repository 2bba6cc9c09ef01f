INSERT INTO idh.patient (patient_key)
SELECT DISTINCT patient_key
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (patient_key text)
ON CONFLICT (patient_key) DO NOTHING
