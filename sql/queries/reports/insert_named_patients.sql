-- Patients whom a report or a merge names. Birth date and sex are not recorded here: those in the images count.
INSERT INTO phi.patient_identity (patient_key, issuer, identifier, shift_days)
SELECT DISTINCT ON (patient_key) patient_key, issuer, identifier, shift_days
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (
    patient_key text, issuer text, identifier text, shift_days integer
)
ORDER BY patient_key, identifier
ON CONFLICT (patient_key) DO UPDATE SET shift_days = EXCLUDED.shift_days
WHERE patient_identity.shift_days IS NULL
