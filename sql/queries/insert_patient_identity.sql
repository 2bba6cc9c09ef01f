INSERT INTO phi.patient_identity (patient_key, issuer, identifier, name, birth_date)
VALUES (:patient_key, :issuer, :identifier, :name, :birth_date)
ON CONFLICT DO NOTHING
