INSERT INTO phi.patient_identity (patient_key, issuer, identifier, name, birth_date, shift_days)
VALUES (:patient_key, :issuer, :identifier, :name, :birth_date, :shift_days)
ON CONFLICT (patient_key) DO UPDATE SET
    name = coalesce(patient_identity.name, EXCLUDED.name),
    birth_date = coalesce(patient_identity.birth_date, EXCLUDED.birth_date),
    shift_days = EXCLUDED.shift_days
