INSERT INTO idh.patient_query (source, patient_key, cause) VALUES (:source, :patient_key, :cause)
ON CONFLICT (source, patient_key) DO UPDATE SET cause = excluded.cause, asked_at = now()
