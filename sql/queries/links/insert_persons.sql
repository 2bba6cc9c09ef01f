INSERT INTO idh.person (patient_key, person_key)
SELECT patient_key, person_key
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (patient_key text, person_key text)
ON CONFLICT (patient_key) DO NOTHING
