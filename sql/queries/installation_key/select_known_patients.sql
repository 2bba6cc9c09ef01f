SELECT patient_key, issuer, identifier FROM phi.patient_identity ORDER BY patient_key LIMIT 50
